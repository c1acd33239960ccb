// Element-wise functions in the forms that neither overflow nor cancel.
#ifndef CHORUS_COMMON_ELEMENTWISE_H
#define CHORUS_COMMON_ELEMENTWISE_H

#include <cmath>

#include "common/hd.h"

namespace chorus {

/** ln(1 + e^x). */
template <typename T>
CHORUS_HD inline T Softplus(T x) {
  return (x > T(0) ? x : T(0)) + std::log1p(std::exp(x > T(0) ? -x : x));
}

/** ln sigma(x). */
template <typename T>
CHORUS_HD inline T LogSigmoid(T x) {
  return -Softplus(-x);
}

/** 1 / (1 + e^-x). Small results keep their relative accuracy, so 1 - sigma(x) is written
 * Sigmoid(-x). */
template <typename T>
CHORUS_HD inline T Sigmoid(T x) {
  const T e = std::exp(x > T(0) ? -x : x);
  return x > T(0) ? T(1) / (T(1) + e) : e / (T(1) + e);
}

/** ln(1 - e^x) for x < 0. Each form cancels where the other is used; they meet at -ln 2 (Maechler
 * 2012). */
template <typename T>
CHORUS_HD inline T Log1mExp(T x) {
  return x > T(-0.69314718055994530942) ? std::log(-std::expm1(x)) : std::log1p(-std::exp(x));
}

/** ln(e^a + e^b); either may be -infinity. */
template <typename T>
CHORUS_HD inline T LogAddExp(T a, T b) {
  const T high = a > b ? a : b;
  const T low = a > b ? b : a;
  // -inf - -inf would be NaN.
  return low == -T(INFINITY) ? high : high + std::log1p(std::exp(low - high));
}

}  // namespace chorus

#endif
