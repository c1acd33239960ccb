// f32 for the formulas of common/ and of the ops, which are templates over T and are written with constants in double.
//
// A Single meets such a constant as the f32 next to it, which the compiler computes: no instruction in double is left.
// Divisions are by the approximate reciprocal.
#ifndef CHORUS_CUDA_SINGLE_H
#define CHORUS_CUDA_SINGLE_H

#include <cmath>

#include "common/dirichlet.h"
#include "common/hd.h"
#include "cuda/language.h"

namespace chorus {
namespace cuda {

struct Single {
  float v;
};

/** 1 / x with a relative error of 2^-23. */
CHORUS_HD_INLINE float InverseOf(float x) {
#if defined(__CUDA_ARCH__)
  return Reciprocal(x);
#else
  return 1 / x;
#endif
}

/** a / b to the last digit or two for b in [2^-126, 2^126], 0 for a larger b. A division in double would call a function. */
CHORUS_HD_INLINE double Quotient(double a, double b) {
  const double inverse = InverseOf(static_cast<float>(b));
  double quotient = a * inverse;
  quotient += inverse * std::fma(-quotient, b, a);
  return quotient + inverse * std::fma(-quotient, b, a);
}

CHORUS_HD_INLINE float ValueOf(Single x) { return x.v; }
CHORUS_HD_INLINE float ValueOf(double x) { return static_cast<float>(x); }

#define CHORUS_SINGLE_OPERATOR(op, Result)                                                                      \
  CHORUS_HD_INLINE Result operator op(Single a, Single b) { return {a.v op b.v}; }                              \
  CHORUS_HD_INLINE Result operator op(Single a, double b) { return {a.v op ValueOf(b)}; }                       \
  CHORUS_HD_INLINE Result operator op(double a, Single b) { return {ValueOf(a) op b.v}; }
CHORUS_SINGLE_OPERATOR(+, Single)
CHORUS_SINGLE_OPERATOR(-, Single)
CHORUS_SINGLE_OPERATOR(*, Single)
CHORUS_SINGLE_OPERATOR(>, bool)
CHORUS_SINGLE_OPERATOR(<, bool)
#undef CHORUS_SINGLE_OPERATOR

CHORUS_HD_INLINE Single operator-(Single a) { return {-a.v}; }
CHORUS_HD_INLINE Single operator/(Single a, Single b) { return {a.v * InverseOf(b.v)}; }
/** `a` is 1 in all formulas, and costs nothing. */
CHORUS_HD_INLINE Single operator/(double a, Single b) { return {ValueOf(a) * InverseOf(b.v)}; }

/** The functions that formulas take as Math, with errors of 2 units in the last place. */
struct SingleMath {
  static CHORUS_HD_INLINE Single Exp(Single x) { return {std::exp(x.v)}; }
  static CHORUS_HD_INLINE Single Log(Single x) { return {std::log(x.v)}; }
  /** For x in [0, 1]: 2 artanh(s), s = x / (2 + x), whose series in s^2 is cut by Chebyshev interpolation at 1.5e-8. */
  static CHORUS_HD_INLINE Single Log1p(Single x) {
    const Single s = x / (x + 2.0);
    const Single t = s * s;
    Single p = t * 0.2685149802 + 0.2823661981;
    p = p * t + 0.4000756064;
    p = p * t + 0.6666664034;
    return s * (p * t + 2.0);
  }
};

}  // namespace cuda

// The curves of common/dirichlet.h with as many coefficients as f32 has use for (interpolated at Chebyshev points, below
// 1.2e-8): half the work. What is computed is good to 2.7 2^-24 of each.

namespace dirichlet {

template <>
CHORUS_ELEMENT cuda::Single KlCurve(cuda::Single w) {
  const cuda::Single w2 = w * w;
  cuda::Single even = w2 * -3.128503098e-06 - 7.215701702e-05;
  even = even * w2 - 0.001648917778;
  even = even * w2 - 0.03913997573;
  even = even * w2 - 0.5436050871;
  cuda::Single odd = w2 * 1.503924961e-05 + 0.0003444714926;
  odd = odd * w2 + 0.008346352096;
  odd = odd * w2 + 0.1568248677;
  return odd * w + even;
}

template <>
CHORUS_ELEMENT cuda::Single KlSlopeCurve(cuda::Single w) {
  const cuda::Single w2 = w * w;
  cuda::Single even = w2 * -6.272619658e-05 - 0.001056498103;
  even = even * w2 - 0.01761517011;
  even = even * w2 - 0.1878754939;
  even = even * w2 - 0.7933901044;
  cuda::Single odd = w2 * 1.461897491e-05 + 0.0002547308401;
  odd = odd * w2 + 0.004270449355;
  odd = odd * w2 + 0.06438518826;
  odd = odd * w2 + 0.4310750113;
  return odd * w + even;
}

template <>
CHORUS_ELEMENT cuda::Single DigammaCurve(cuda::Single w) {
  const cuda::Single w2 = w * w;
  cuda::Single even = w2 * -3.20980183e-06 - 7.396160351e-05;
  even = even * w2 - 0.001714945853;
  even = even * w2 - 0.04171735728;
  even = even * w2 - 0.6394022737;
  cuda::Single odd = w2 * 1.54154859e-05 + 0.0003564885118;
  odd = odd * w2 + 0.008722335193;
  odd = odd * w2 + 0.1738175066;
  return odd * w + even;
}

template <>
CHORUS_ELEMENT cuda::Single TrigammaCurve(cuda::Single w) {
  const cuda::Single w2 = w * w;
  cuda::Single even = w2 * 6.709202272e-05 + 0.001138426196;
  even = even * w2 + 0.0192927869;
  even = even * w2 + 0.2421289629;
  even = even * w2 + 1.471073275;
  cuda::Single odd = w2 * -1.552857506e-05 - 0.0002642735677;
  odd = odd * w2 - 0.004702373921;
  odd = odd * w2 - 0.07395517483;
  odd = odd * w2 - 0.6547631978;
  return odd * w + even;
}

}  // namespace dirichlet

}  // namespace chorus

#endif
