// lnGamma, digamma, trigamma, and the two combinations of them that a Dirichlet KL divergence is
// made of.
//
// Each shifts its argument by recurrence to x >= 10 and sums the asymptotic (Stirling) series
// there; the first term left out is below 1e-16 of the result. All take x > 0.
#ifndef CHORUS_COMMON_SPECIAL_H
#define CHORUS_COMMON_SPECIAL_H

#include <cmath>

#include "common/hd.h"

namespace chorus {

namespace special {

template <typename T>
constexpr T kSeriesFrom = T(10);
template <typename T>
constexpr T kHalfLogTwoPi = T(0.91893853320467274178);

/** lnGamma(x) - [(x - 1/2) ln x - x + ln(2 pi) / 2] for x >= 10: sum B_2k / (2k (2k-1) x^(2k-1)).
 */
template <typename T>
CHORUS_HD inline T LnGammaTail(T x) {
  const T r = T(1) / x;
  const T t = r * r;
  return r *
         (T(1) / 12 -
          t * (T(1) / 360 -
               t * (T(1) / 1260 - t * (T(1) / 1680 - t * (T(1) / 1188 - t * (T(691) / 360360 -
                                                                             t * (T(1) / 156)))))));
}

/** ln x - 1/(2x) - psi(x) for x >= 10: sum B_2k / (2k x^2k). */
template <typename T>
CHORUS_HD inline T DigammaTail(T x) {
  const T r = T(1) / x;
  const T t = r * r;
  return t *
         (T(1) / 12 -
          t * (T(1) / 120 -
               t * (T(1) / 252 -
                    t * (T(1) / 240 - t * (T(1) / 132 - t * (T(691) / 32760 - t * (T(1) / 12)))))));
}

/** psi1(x) - 1/x - 1/(2x^2) for x >= 10: sum B_2k / x^(2k+1). */
template <typename T>
CHORUS_HD inline T TrigammaTail(T x) {
  const T r = T(1) / x;
  const T t = r * r;
  return r * t *
         (T(1) / 6 -
          t * (T(1) / 30 -
               t * (T(1) / 42 -
                    t * (T(1) / 30 - t * (T(5) / 66 - t * (T(691) / 2730 - t * (T(7) / 6)))))));
}

}  // namespace special

/** ln Gamma(x). The error is absolute near the zeros at 1 and 2, relative elsewhere. */
template <typename T>
CHORUS_HD inline T LnGamma(T x) {
  T product = T(1);
  for (; x < special::kSeriesFrom<T>; x += T(1)) product *= x;
  return (x - T(0.5)) * std::log(x) - x + special::kHalfLogTwoPi<T> + special::LnGammaTail(x) -
         std::log(product);
}

/** psi(x) = d lnGamma(x) / dx. */
template <typename T>
CHORUS_HD inline T Digamma(T x) {
  T shift = T(0);
  for (; x < special::kSeriesFrom<T>; x += T(1)) shift += T(1) / x;
  return std::log(x) - T(0.5) / x - special::DigammaTail(x) - shift;
}

/** psi1(x) = d psi(x) / dx. */
template <typename T>
CHORUS_HD inline T Trigamma(T x) {
  T shift = T(0);
  for (; x < special::kSeriesFrom<T>; x += T(1)) shift += T(1) / (x * x);
  return T(1) / x + T(0.5) / (x * x) + special::TrigammaTail(x) + shift;
}

/**
 * h_n(a) = (a - n) psi(a) - lnGamma(a) - a, so that with S = sum_k a_k
 *
 *   KL(Dir(a) || Dir(1)) = sum_k h_1(a_k) - h_K(S) - lnGamma(K)
 *
 * The textbook sum subtracts terms of size S ln S: at S = 2e17 nothing is left of a result of about
 * 100. Here the leading terms (a ln a, a) are cancelled by hand, which leaves h_n(a) = (1/2 - n) ln
 * a - (1 + ln 2 pi) / 2 + O(n / a).
 */
template <typename T>
CHORUS_HD inline T DirichletKlTerm(T a, T n) {
  if (a < special::kSeriesFrom<T>) return (a - n) * Digamma(a) - LnGamma(a) - a;
  return (T(0.5) - n) * std::log(a) - T(0.5) - special::kHalfLogTwoPi<T> + T(0.5) * n / a -
         (a - n) * special::DigammaTail(a) - special::LnGammaTail(a);
}

/**
 * u_n(a) = (a - n) psi1(a) - 1, so that dKL/da_j = u_1(a_j) - u_K(S). It is of order n / a, while
 * each of the products that it replaces is near 1: at a = 2e17 their difference, times a, would be
 * rounding noise of size 20.
 */
template <typename T>
CHORUS_HD inline T DirichletKlSlope(T a, T n) {
  if (a < special::kSeriesFrom<T>) return (a - n) * Trigamma(a) - T(1);
  return (T(0.5) - n) / a - T(0.5) * n / (a * a) + (a - n) * special::TrigammaTail(a);
}

}  // namespace chorus

#endif
