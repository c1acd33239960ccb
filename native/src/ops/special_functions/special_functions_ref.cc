#include <cmath>

#include "ops/special_functions/special_functions.h"

namespace chorus {

namespace {

using Wide = long double;

/** From here on the ten terms below leave out less than 1e-22. */
constexpr Wide kSeries = 30;

/** The Bernoulli numbers B_2, B_4, .. B_20. */
constexpr Wide kBernoulli[] = {Wide(1) / 6,     -Wide(1) / 30,      Wide(1) / 42,     -Wide(1) / 30,
                               Wide(5) / 66,    -Wide(691) / 2730,  Wide(7) / 6,      -Wide(3617) / 510,
                               Wide(43867) / 798, -Wide(174611) / 330};

}  // namespace

double LnGammaRef(double x) {
  Wide z = x, steps = 0;
  for (; z < kSeries; z += 1) steps += std::log(z);
  Wide result = (z - 0.5L) * std::log(z) - z + 0.918938533204672741780329736405617640L;
  Wide power = 1 / z;
  for (int k = 1; k <= 10; ++k, power /= z * z) result += kBernoulli[k - 1] / (2 * k * (2 * k - 1)) * power;
  return static_cast<double>(result - steps);
}

double DigammaRef(double x) {
  Wide z = x, steps = 0;
  for (; z < kSeries; z += 1) steps += 1 / z;
  Wide result = std::log(z) - 0.5L / z;
  Wide power = 1 / (z * z);
  for (int k = 1; k <= 10; ++k, power /= z * z) result -= kBernoulli[k - 1] / (2 * k) * power;
  return static_cast<double>(result - steps);
}

double TrigammaRef(double x) {
  Wide z = x, steps = 0;
  for (; z < kSeries; z += 1) steps += 1 / (z * z);
  Wide result = 1 / z + 0.5L / (z * z);
  Wide power = 1 / (z * z * z);
  for (int k = 1; k <= 10; ++k, power /= z * z) result += kBernoulli[k - 1] * power;
  return static_cast<double>(result + steps);
}

}  // namespace chorus
