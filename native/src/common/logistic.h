// The logistic function and the two softplus of one argument, from one exponential and one division.
#ifndef CHORUS_COMMON_LOGISTIC_H
#define CHORUS_COMMON_LOGISTIC_H

#include "common/formula.h"

CHORUS_FORMULAS_BEGIN

template <typename T>
struct Logistic {
  T sigmoid;         // 1 / (1 + e^-x)
  T sigmoid_minus;   // 1 / (1 + e^x)
  T softplus;        // ln(1 + e^x) = -ln sigmoid_minus
  T softplus_minus;  // ln(1 + e^-x) = -ln sigmoid
};

/**
 * All four with a relative error below 1e-14 for any finite x, results below e^-104 being 0; NaN for NaN.
 *
 * With e = e^-|x| in (0, 1]: ln(1 + e) = 2 artanh(s), s = e / (2 + e) in (0, 1/3], which is small where e is and so keeps
 * its relative accuracy. 2 artanh(s) / s is a polynomial of degree 9 in s^2 (Chebyshev nodes on [0, 1/9], 2 held at 0; 9e-17).
 * One division makes 1 / (1 + e) and 1 / (2 + e). The polynomial is gathered in pairs and fours, which shortens the chain.
 */
template <typename T>
CHORUS_FORMULA Logistic<T> LogisticOf(T x) {
  const T e = ExpOfNegative(-Abs(x));
  const T one = 1.0 + e;
  const T two = 2.0 + e;
  const T inverse = 1.0 / (one * two);
  const T large = two * inverse;
  const T small = e * large;
  const T s = e * (one * inverse);
  const T t = s * s;
  const T t2 = t * t;
  const T t4 = t2 * t2;
  const T low = (t * 0.2857142911165716 + 0.399999999952876) * t2 + (t * 0.6666666666668257 + 2.0);
  const T middle = (t * 0.13591305485579894 + 0.15363676248891633) * t2 + (t * 0.1818285980047391 + 0.22222190861346283);
  const T high = t * 0.17780763826113302 + 0.09880789048764786;
  const T p = (high * t4 + middle) * t4 + low;
  const T log1p = s * p;
  const T zero = Splat<T>(0);
  return {Select(x > 0.0, large, small), Select(x > 0.0, small, large), Max(zero, x) + log1p, Max(zero, -x) + log1p};
}

CHORUS_FORMULAS_END

#endif
