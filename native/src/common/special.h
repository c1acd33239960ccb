// lnGamma, digamma, trigamma, and the combinations of them that Dirichlet distributions are made of, for x > 0.
//
// Each moves arguments below 8 up by 8 with the recurrence Gamma(x + 1) = x Gamma(x) and sums the asymptotic (Stirling)
// series there (Abramowitz and Stegun 1964, 6.1.41, 6.3.18, 6.4.12); the first term left out is below 1e-15 of the result.
// The eight steps of the recurrence are one fraction, so they cost one division. Around their zeros, where the difference
// of the two would have no digits left, lnGamma and digamma are the distance to the zero times a polynomial: the relative
// error is below 2e-13 for every x.
//
// T is double, or a vector of doubles, which special_vec.h adds. Both sides of a `mask ? a : b` are computed, so the side
// that is not wanted may be anything; where no lane wants it, it is skipped.
#ifndef CHORUS_COMMON_SPECIAL_H
#define CHORUS_COMMON_SPECIAL_H

#include <cmath>

#include "common/hd.h"

namespace chorus {

/** What the formulas below need of a type beside its operators. */
template <typename T>
struct Elementary;

template <>
struct Elementary<double> {
  static CHORUS_HD_INLINE double Log(double x) { return std::log(x); }
  static CHORUS_HD_INLINE bool Any(bool mask) { return mask; }
};

namespace special {

constexpr double kSeriesFrom = 8;
constexpr double kHalfLogTwoPi = 0.91893853320467274178;
constexpr double kLargest = 1.7976931348623157e308;

/** lnGamma(x) - [(x - 1/2) ln x - x + ln(2 pi) / 2] for x >= 8: sum B_2k / (2k (2k-1) x^(2k-1)). */
template <typename T>
CHORUS_HD_INLINE T LnGammaTail(T x) {
  const T r = 1.0 / x;
  const T t = r * r;
  T p = t * (1.0 / 156) - 691.0 / 360360;
  p = p * t + 1.0 / 1188;
  p = p * t - 1.0 / 1680;
  p = p * t + 1.0 / 1260;
  p = p * t - 1.0 / 360;
  p = p * t + 1.0 / 12;
  return r * p;
}

/** ln x - 1/(2x) - psi(x) for x >= 8: sum B_2k / (2k x^2k). */
template <typename T>
CHORUS_HD_INLINE T DigammaTail(T x) {
  const T r = 1.0 / x;
  const T t = r * r;
  T p = 1.0 / 12 - t * (3617.0 / 8160);
  p = p * t - 691.0 / 32760;
  p = p * t + 1.0 / 132;
  p = p * t - 1.0 / 240;
  p = p * t + 1.0 / 252;
  p = p * t - 1.0 / 120;
  p = p * t + 1.0 / 12;
  return t * p;
}

/** psi1(x) - 1/x - 1/(2x^2) for x >= 8: sum B_2k / x^(2k+1). */
template <typename T>
CHORUS_HD_INLINE T TrigammaTail(T x) {
  const T r = 1.0 / x;
  const T t = r * r;
  T p = 7.0 / 6 - t * (3617.0 / 510);
  p = p * t - 691.0 / 2730;
  p = p * t + 5.0 / 66;
  p = p * t - 1.0 / 30;
  p = p * t + 1.0 / 42;
  p = p * t - 1.0 / 30;
  p = p * t + 1.0 / 6;
  return r * t * p;
}

/** product = (x+1) .. (x+7), and sum_i 1/(x+i) = numerator / product. */
template <typename T>
struct Steps {
  T numerator, product;
};

template <typename T>
CHORUS_HD_INLINE Steps<T> StepsAfterFirst(T x) {
  T numerator = (x + 1.0) + (x + 2.0);
  T product = (x + 1.0) * (x + 2.0);
  for (int i = 3; i < static_cast<int>(kSeriesFrom); ++i) {
    const T y = x + static_cast<double>(i);
    numerator = numerator * y + product;
    product = product * y;
  }
  return {numerator, product};
}

/** The same from x on: all steps to x + 8. */
template <typename T>
CHORUS_HD_INLINE Steps<T> StepsToSeries(T x) {
  const Steps<T> rest = StepsAfterFirst(x);
  return {rest.numerator * x + rest.product, rest.product * x};
}

/** Stirling's series, given ln x; x >= 8. Written so that infinity gives infinity. */
template <typename T>
CHORUS_HD_INLINE T LnGammaSeries(T x, T log_x) {
  return (x - 0.5) * (log_x - 1.0) + (LnGammaTail(x) + (kHalfLogTwoPi - 0.5));
}

template <typename T>
CHORUS_HD_INLINE T DigammaSeries(T x, T log_x) {
  return log_x - (0.5 * (1.0 / x) + DigammaTail(x));
}

/** lnGamma(x) for |x - 1.5| <= 0.625: (x - 1) (x - 2) times a polynomial in x - 1.5 through the Chebyshev nodes, 1.5e-15. */
template <typename T>
CHORUS_HD_INLINE T LnGammaNearZeros(T x) {
  const T u = x - 1.5;
  T p = u * 1.6546676482652953e-05 - 2.590150608911787e-05;
  p = p * u + 6.690058797126179e-06;
  p = p * u - 1.073080269785552e-05;
  p = p * u + 4.71024047422514e-05;
  p = p * u - 7.462441216462499e-05;
  p = p * u + 0.00010394443184058715;
  p = p * u - 0.00016627409362109368;
  p = p * u + 0.0002716062014156919;
  p = p * u - 0.00043850860826743197;
  p = p * u + 0.0007114822063541202;
  p = p * u - 0.0011643519861382933;
  p = p * u + 0.0019229190523073593;
  p = p * u - 0.0032120786202890854;
  p = p * u + 0.0054464577286898195;
  p = p * u - 0.009425622267717693;
  p = p * u + 0.01679709863329324;
  p = p * u - 0.031308487504297045;
  p = p * u + 0.06291140107455369;
  p = p * u - 0.14595989591428854;
  p = p * u + 0.4831289505409809;
  return (x - 1.0) * (x - 2.0) * p;
}

/** The positive zero of digamma, in two parts. */
constexpr double kDigammaZero = 1.4616321449683622;
constexpr double kDigammaZeroRest = 9.549995429965697e-17;

/** psi(x) within 1/8 of its zero: the distance times a polynomial of it, found as above; 1e-16. */
template <typename T>
CHORUS_HD_INLINE T DigammaNearZero(T x) {
  const T d = (x - kDigammaZero) - kDigammaZeroRest;
  T p = 0.01077293542952588 - d * 0.007364683599909037;
  p = p * d - 0.015421938265068002;
  p = p * d + 0.0225935141260111;
  p = p * d - 0.03316114943161975;
  p = p * d + 0.04880432172771698;
  p = p * d - 0.07219956117229305;
  p = p * d + 0.1078240505682152;
  p = p * d - 0.1639427054425193;
  p = p * d + 0.2584997609558159;
  p = p * d - 0.4427631689835921;
  p = p * d + 0.9676722454476211;
  return d * p;
}

}  // namespace special

/** ln Gamma(x); infinity for infinity, NaN for NaN. */
template <typename T>
CHORUS_HD_INLINE T LnGamma(T x) {
  using E = Elementary<T>;
  const auto small = x < special::kSeriesFrom;
  const T z = small ? x + special::kSeriesFrom : x;
  T result = special::LnGammaSeries(z, E::Log(z));
  if (E::Any(small)) {
    const T product = special::StepsToSeries(x).product;
    result = small ? result - E::Log(product) : result;
    const auto near = (x >= 0.875) & (x <= 2.125);
    if (E::Any(near)) result = near ? special::LnGammaNearZeros(x) : result;
    // Here lnGamma(x) = -ln x to the last digit; below 2^-1022 the product would have lost some.
    const auto tiny = x < 0x1p-1000;
    if (E::Any(tiny)) result = tiny ? 69.314718055994530942 - E::Log(x * 0x1p100) : result;
  }
  return result;
}

/** psi(x) = d lnGamma(x) / dx; infinity for infinity, NaN for NaN, -infinity where -1/x overflows. */
template <typename T>
CHORUS_HD_INLINE T Digamma(T x) {
  using E = Elementary<T>;
  const auto small = x < special::kSeriesFrom;
  const T z = small ? x + special::kSeriesFrom : x;
  T result = special::DigammaSeries(z, E::Log(z));
  if (E::Any(small)) {
    const special::Steps<T> steps = special::StepsToSeries(x);
    result = small ? result - steps.numerator / steps.product : result;
    const auto near = (x >= special::kDigammaZero - 0.125) & (x <= special::kDigammaZero + 0.125);
    if (E::Any(near)) result = near ? special::DigammaNearZero(x) : result;
  }
  return x > special::kLargest ? x : result;
}

/** psi1(x) = d psi(x) / dx; 0 for infinity, NaN for NaN, infinity where 1/x^2 overflows. */
template <typename T>
CHORUS_HD_INLINE T Trigamma(T x) {
  using E = Elementary<T>;
  const auto small = x < special::kSeriesFrom;
  const T z = small ? x + special::kSeriesFrom : x;
  const T r = 1.0 / z;
  T result = r + (0.5 * r * r + special::TrigammaTail(z));
  if (E::Any(small)) {
    // As in StepsToSeries, with squares.
    T product = x * x;
    T numerator = product + (x + 1.0) * (x + 1.0);
    product = product * ((x + 1.0) * (x + 1.0));
    for (int i = 2; i < static_cast<int>(special::kSeriesFrom); ++i) {
      const T y = x + static_cast<double>(i);
      const T square = y * y;
      numerator = numerator * square + product;
      product = product * square;
    }
    result = small ? result + numerator / product : result;
  }
  return result;
}

/**
 * h_n(a) = (a - n) psi(a) - lnGamma(a) - a, so that with S = sum_k a_k
 *
 *   KL(Dir(a) || Dir(1)) = sum_k h_1(a_k) - h_K(S) - lnGamma(K)
 *
 * and the differential entropy of Dir(a) is h_K(S) - sum_k h_1(a_k). The textbook sum subtracts terms of size S ln S: at
 * S = 2e17 nothing is left of a result of about 100. Here the leading terms (a ln a, a) are cancelled by hand, which leaves
 * h_n(a) = (1/2 - n) ln a - (1 + ln 2 pi) / 2 + O(n / a).
 *
 * g(a) = psi(a + 1) - ln a, so that the mutual information of label and class probabilities is
 *
 *   sum_k p_k g(a_k) - g(S)
 *
 * g is of order 1 / (2a), while the entropies whose difference it replaces may be of order 1. log_a is ln a, of which g
 * takes the absolute error where a < 8; h does not need it.
 */
template <typename T>
struct DirichletTerms {
  T h, g;
};

template <typename T>
CHORUS_HD_INLINE DirichletTerms<T> DirichletTermsOf(T a, double n, T log_a) {
  using E = Elementary<T>;
  const auto small = a < special::kSeriesFrom;
  const T z = small ? a + special::kSeriesFrom : a;
  const T log_z = E::Log(z);
  const T digamma_tail = special::DigammaTail(z);
  const T ln_gamma_tail = special::LnGammaTail(z);
  const T half_r = 0.5 * (1.0 / z);
  T h = (0.5 - n) * log_z + ((n * half_r - (0.5 + special::kHalfLogTwoPi)) - (a - n) * digamma_tail - ln_gamma_tail);
  T g = half_r - digamma_tail;
  if (E::Any(small)) {
    // From a + 1, the first step apart: one division gives its 1 / a and the sum of the others.
    const special::Steps<T> steps = special::StepsAfterFirst(a);
    const T product = a * steps.product;
    const T inverse = 1.0 / product;
    const T next = log_z - (half_r + digamma_tail) - steps.numerator * (a * inverse);
    const T digamma = next - steps.product * inverse;
    const T ln_gamma = special::LnGammaSeries(z, log_z) - E::Log(product);
    h = small ? (a - n) * digamma - ln_gamma - a : h;
    g = small ? next - log_a : g;
  }
  return {h, g};
}

/** h_n(a) alone. */
template <typename T>
CHORUS_HD_INLINE T DirichletKlTerm(T a, double n) {
  return DirichletTermsOf(a, n, a).h;
}

/**
 * u_n(a) = (a - n) psi1(a) - 1, so that dKL/da_j = u_1(a_j) - u_K(S). It is of order n / a, while
 * each of the products that it replaces is near 1: at a = 2e17 their difference, times a, would be
 * rounding noise of size 20.
 */
template <typename T>
CHORUS_HD_INLINE T DirichletKlSlope(T a, double n) {
  using E = Elementary<T>;
  const auto small = a < special::kSeriesFrom;
  const T r = 1.0 / a;
  T result = (0.5 - n) * r + ((a - n) * special::TrigammaTail(a) - (0.5 * n) * r * r);
  if (E::Any(small)) result = small ? (a - n) * Trigamma(a) - 1.0 : result;
  return result;
}

}  // namespace chorus

#endif
