// For headers of formulas that are written once, as templates over T, and compiled three times: with T = double for the
// host, with T = F64 for the vector loops, and with T = double for a device.
//
// Such a header puts its templates between CHORUS_FORMULAS_BEGIN and CHORUS_FORMULAS_END and marks them CHORUS_FORMULA. They
// use + - * / and comparisons, and the functions below, which all are in the same namespace: that of the instruction set in a
// *_simd.cc file, chorus::scalar elsewhere. A number may stand beside a T; both sides of a Select are of type T.
//
// One formula is a long chain, each step of which waits for the one before; a processor looks about a hundred instructions
// ahead, which is less than one chain. T = Twice<F64> computes two vectors step by step, so that two chains run at once.
#ifndef CHORUS_COMMON_FORMULA_H
#define CHORUS_COMMON_FORMULA_H

#if defined(CHORUS_ISA)

#include "simd/math.h"

#define CHORUS_FORMULA CHORUS_INLINE
#define CHORUS_FORMULAS_BEGIN \
  namespace chorus {          \
  namespace CHORUS_ISA {
#define CHORUS_FORMULAS_END \
  }                         \
  }

CHORUS_FORMULAS_BEGIN

CHORUS_INLINE F64 Abs(F64 x) { return BitCast<F64>(BitCast<U64>(x) & 0x7fffffffffffffff); }
CHORUS_INLINE F64 Select(I64 mask, F64 a, F64 b) { return mask ? a : b; }

/**
 * e^x for x <= 0, relative error below 1e-14; 0 below -104, where f32 ends; NaN for NaN. Smaller results would make
 * denormal powers of themselves in what follows, on which processors are slow.
 *
 * Exp with the Taylor polynomial to r^11 (r^12 / 12! < 7e-15), its terms gathered in pairs, fours and eights: twice as fast as
 * one after the other where nothing else is there to be computed.
 */
CHORUS_INLINE F64 ExpOfNegative(F64 x) {
  constexpr double kFloor = -104;
  constexpr double kRound = 6755399441055744.0;  // 1.5 * 2^52
  const F64 clamped = Max(Splat<F64>(kFloor), x);
  const F64 shifted = clamped * 1.4426950408889634074 + kRound;
  const F64 k = shifted - kRound;
  const F64 r = (clamped - k * 6.93147180369123816490e-01) - k * 1.90821492927058770002e-10;
  const F64 r2 = r * r;
  const F64 r4 = r2 * r2;
  const F64 low = (r * 1.6666666666666666667e-01 + 0.5) * r2 + (r + 1.0);
  const F64 middle = (r * 1.9841269841269841270e-04 + 1.3888888888888888889e-03) * r2 +
                     (r * 8.3333333333333333333e-03 + 4.1666666666666666667e-02);
  const F64 high = (r * 2.5052108385441718775e-08 + 2.7557319223985890653e-07) * r2 +
                   (r * 2.7557319223985890653e-06 + 2.4801587301587301587e-05);
  const F64 p = (high * r4 + middle) * r4 + low;
  const F64 result = BitCast<F64>(BitCast<U64>(p) + (BitCast<U64>(shifted) << 52));
  return x < kFloor ? F64{} : result;
}

/** Two of V, side by side. */
template <typename V>
struct Twice {
  V a, b;
};

template <typename V>
struct LaneOf<Twice<V>> {
  typedef double Type;
};
/** All lanes x. */
template <>
CHORUS_INLINE Twice<F64> Splat<Twice<F64>>(double x) {
  return {Splat<F64>(x), Splat<F64>(x)};
}

#define CHORUS_TWICE_OPERATOR(op)                                                         \
  template <typename V>                                                                   \
  CHORUS_INLINE auto operator op(Twice<V> x, Twice<V> y)->Twice<decltype(x.a op y.a)> {   \
    return {x.a op y.a, x.b op y.b};                                                      \
  }                                                                                       \
  template <typename V>                                                                   \
  CHORUS_INLINE auto operator op(Twice<V> x, double y)->Twice<decltype(x.a op y)> {       \
    return {x.a op y, x.b op y};                                                          \
  }                                                                                       \
  template <typename V>                                                                   \
  CHORUS_INLINE auto operator op(double x, Twice<V> y)->Twice<decltype(x op y.a)> {       \
    return {x op y.a, x op y.b};                                                          \
  }
CHORUS_TWICE_OPERATOR(+)
CHORUS_TWICE_OPERATOR(-)
CHORUS_TWICE_OPERATOR(*)
CHORUS_TWICE_OPERATOR(/)
CHORUS_TWICE_OPERATOR(<)
CHORUS_TWICE_OPERATOR(<=)
CHORUS_TWICE_OPERATOR(>)
CHORUS_TWICE_OPERATOR(>=)
CHORUS_TWICE_OPERATOR(==)
CHORUS_TWICE_OPERATOR(&)
CHORUS_TWICE_OPERATOR(|)
#undef CHORUS_TWICE_OPERATOR

template <typename V>
CHORUS_INLINE Twice<V> operator-(Twice<V> x) {
  return {-x.a, -x.b};
}
template <typename V>
CHORUS_INLINE Twice<V> operator~(Twice<V> x) {
  return {~x.a, ~x.b};
}
template <typename M, typename V>
CHORUS_INLINE Twice<V> Select(Twice<M> mask, Twice<V> x, Twice<V> y) {
  return {Select(mask.a, x.a, y.a), Select(mask.b, x.b, y.b)};
}
template <typename V>
CHORUS_INLINE Twice<V> Max(Twice<V> x, Twice<V> y) {
  return {Max(x.a, y.a), Max(x.b, y.b)};
}
template <typename V>
CHORUS_INLINE Twice<V> Min(Twice<V> x, Twice<V> y) {
  return {Min(x.a, y.a), Min(x.b, y.b)};
}
template <typename V>
CHORUS_INLINE Twice<V> Abs(Twice<V> x) {
  return {Abs(x.a), Abs(x.b)};
}
template <typename V>
CHORUS_INLINE Twice<V> Exp(Twice<V> x) {
  return {Exp(x.a), Exp(x.b)};
}
template <typename V>
CHORUS_INLINE Twice<V> ExpOfNegative(Twice<V> x) {
  return {ExpOfNegative(x.a), ExpOfNegative(x.b)};
}
template <typename V>
CHORUS_INLINE Twice<V> Log(Twice<V> x) {
  return {Log(x.a), Log(x.b)};
}
template <typename V>
CHORUS_INLINE Twice<V> Log1p(Twice<V> x) {
  return {Log1p(x.a), Log1p(x.b)};
}

CHORUS_FORMULAS_END

#else

#include <cmath>

#include "common/hd.h"

#define CHORUS_FORMULA CHORUS_HD inline
#define CHORUS_FORMULAS_BEGIN \
  namespace chorus {          \
  namespace scalar {
#define CHORUS_FORMULAS_END \
  }                         \
  }

CHORUS_FORMULAS_BEGIN

template <typename T>
CHORUS_FORMULA T Splat(double x) {
  return x;
}
CHORUS_FORMULA double Select(bool condition, double a, double b) { return condition ? a : b; }
CHORUS_FORMULA double Abs(double x) { return std::fabs(x); }
/** The larger and the smaller; b where either is NaN. */
CHORUS_FORMULA double Max(double a, double b) { return a > b ? a : b; }
CHORUS_FORMULA double Min(double a, double b) { return a < b ? a : b; }
CHORUS_FORMULA double Exp(double x) { return std::exp(x); }
CHORUS_FORMULA double ExpOfNegative(double x) { return std::exp(x); }
CHORUS_FORMULA double Log(double x) { return std::log(x); }
CHORUS_FORMULA double Log1p(double x) { return std::log1p(x); }

CHORUS_FORMULAS_END

#endif

#endif
