// Exponentials and logarithms of vectors. Only *_simd.cc files include this.
#ifndef CHORUS_SIMD_MATH_H
#define CHORUS_SIMD_MATH_H

#include "simd/vec.h"

namespace chorus {
namespace CHORUS_ISA {

/** Below this, Exp(F32) is 0: e^x would be under 2^-126. */
constexpr float kExpFloor = -87.3f;

/**
 * e^x for x in [kExpFloor, 88]. Relative error below 1.2e-7 + 7e-8 |x|, which is what rounding
 * x log2 e to float costs: in a softmax, terms with a large |x| are small by themselves. NaN gives rubbish.
 *
 * 2^k 2^f with k = round(x log2 e) and a polynomial of degree 6 for 2^f, |f| <= 1/2 (Chebyshev nodes, 2^0 = 1 held; 5e-9).
 * k comes out of the low bits of a number so large that adding it rounds.
 */
CHORUS_INLINE F32 ExpFromFloor(F32 x) {
  constexpr float kLog2E = 1.44269504088896340736f;
  constexpr float kRound = 12582912.0f;  // 1.5 * 2^23
  const F32 shifted = x * kLog2E + kRound;
  const F32 f = x * kLog2E - (shifted - kRound);
  F32 p = f * 1.54531629e-4f + 1.33908634e-3f;
  p = p * f + 9.61808256e-3f;
  p = p * f + 5.55035711e-2f;
  p = p * f + 2.40226508e-1f;
  p = p * f + 6.93147188e-1f;
  p = p * f + 1.0f;
  return BitCast<F32>(BitCast<U32>(p) + (BitCast<U32>(shifted) << 23));
}

/** e^x for x <= 88; 0 below kExpFloor and for NaN. */
CHORUS_INLINE F32 Exp(F32 x) {
  const F32 e = ExpFromFloor(Max(Splat<F32>(kExpFloor), x));
  return x > kExpFloor ? e : F32{};
}

/**
 * tanh x, relative error below 4e-7; +-1 beyond +-44, rubbish for NaN.
 *
 * (1 - e) / (1 + e) with e = e^-2|x|, which cancels near 0; there the continued fraction x / (1 + x^2 / (3 + x^2 / (5 + ...)))
 * up to 11 takes over, whose first term left out is 3e-13 at 1/2.
 */
CHORUS_INLINE F32 Tanh(F32 x) {
  const F32 a = Max(x, -x);
  const F32 e = Exp(a * -2.0f);
  const F32 t = x * x;
  const F32 near_above = x * ((t * 21.0f + 1260.0f) * t + 10395.0f);
  const F32 near_below = ((t + 210.0f) * t + 4725.0f) * t + 10395.0f;
  const I32 near = a < 0.5f;
  const F32 above = near ? near_above : (x < 0.0f ? e - 1.0f : 1.0f - e);
  return above / (near ? near_below : 1.0f + e);
}

/** Below this, Exp(F64) is 0: e^x would be under 2^-1022. */
constexpr double kExpFloorF64 = -708.0;

/**
 * e^x for x <= 709, relative error below 1e-15; 0 below kExpFloorF64; NaN for NaN.
 *
 * As in f32, with ln 2 in two parts, of which k times the first is exact, and the Taylor polynomial of e^r, |r| <= ln(2) / 2,
 * whose first term left out is r^14 / 14! < 5e-18.
 */
CHORUS_INLINE F64 Exp(F64 x) {
  constexpr double kRound = 6755399441055744.0;  // 1.5 * 2^52
  const F64 clamped = Max(Splat<F64>(kExpFloorF64), x);
  const F64 shifted = clamped * 1.4426950408889634074 + kRound;
  const F64 k = shifted - kRound;
  const F64 r = (clamped - k * 6.93147180369123816490e-01) - k * 1.90821492927058770002e-10;
  F64 p = r * 1.6059043836821614599e-10 + 2.0876756987868098979e-09;
  p = p * r + 2.5052108385441718775e-08;
  p = p * r + 2.7557319223985890653e-07;
  p = p * r + 2.7557319223985890653e-06;
  p = p * r + 2.4801587301587301587e-05;
  p = p * r + 1.9841269841269841270e-04;
  p = p * r + 1.3888888888888888889e-03;
  p = p * r + 8.3333333333333333333e-03;
  p = p * r + 4.1666666666666666667e-02;
  p = p * r + 1.6666666666666666667e-01;
  p = p * r + 0.5;
  p = p * r + 1.0;
  p = p * r + 1.0;
  const F64 result = BitCast<F64>(BitCast<U64>(p) + (BitCast<U64>(shifted) << 52));
  // The comparison is false for NaN, which must go on.
  return x < kExpFloorF64 ? F64{} : result;
}

/**
 * ln x for normal finite x > 0, relative error below 4e-16 away from 1 and absolute near it; -infinity for 0 and below,
 * NaN for NaN.
 *
 * x = 2^k m with m in [sqrt(1/2), sqrt(2)), ln m = 2 artanh(s) with s = (m - 1) / (m + 1), |s| < 0.172, by its series; the
 * first term left out is 2 s^21 / 21 < 1e-17.
 */
CHORUS_INLINE F64 Log(F64 x) {
  constexpr uint64_t kSqrtHalf = 0x3fe6a09e667f3bcd;
  const U64 bits = BitCast<U64>(x);
  // The exponent, counted from sqrt(1/2): shifting by its bits makes the mantissa's upper half belong to the next one.
  const U64 offset = bits - kSqrtHalf;
  const I64 k = BitCast<I64>(offset) >> 52;
  const F64 m = BitCast<F64>(bits - (BitCast<U64>(k) << 52));
  const F64 f = m - 1.0;
  const F64 s = f / (m + 1.0);
  const F64 t = s * s;
  F64 p = t * (2.0 / 19) + 2.0 / 17;
  p = p * t + 2.0 / 15;
  p = p * t + 2.0 / 13;
  p = p * t + 2.0 / 11;
  p = p * t + 2.0 / 9;
  p = p * t + 2.0 / 7;
  p = p * t + 2.0 / 5;
  p = p * t + 2.0 / 3;
  // 2 s = f - s f: f is exact, and the correction small.
  const F64 ln_m = f - s * (f - t * p);
  const F64 exponent = __builtin_convertvector(k, F64);
  const F64 result = exponent * 6.93147180369123816490e-01 + (ln_m + exponent * 1.90821492927058770002e-10);
  const F64 of_zero = Splat<F64>(-__builtin_inf());
  return x <= 0.0 ? of_zero : (x != x ? x : result);
}

/** ln(1 + x) for x >= 0, relative error below 1e-15: what rounding 1 + x loses is added back. */
CHORUS_INLINE F64 Log1p(F64 x) {
  const F64 u = x + 1.0;
  return Log(u) + (x - (u - 1.0)) / u;
}

}  // namespace CHORUS_ISA
}  // namespace chorus

#endif
