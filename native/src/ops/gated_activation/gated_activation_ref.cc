#include <cmath>

#include "ops/gated_activation/gated_activation.h"

namespace chorus {

namespace {

double Activation(int activation, double x) {
  switch (activation) {
    case CHORUS_ACTIVATION_SILU:
      return x / (1 + std::exp(-x));
    case CHORUS_ACTIVATION_GELU_TANH:
      // x sigma(2 u) = x (1 + tanh u) / 2 with nothing to cancel.
      return x / (1 + std::exp(-2 * std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x)));
    default:
      return x * std::erfc(-x / std::sqrt(2.0)) / 2;
  }
}

}  // namespace

void GatedActivationRef(const GatedActivation<double>& a) {
  for (int64_t n = 0; n < a.N; ++n) {
    for (int64_t f = 0; f < a.F; ++f) {
      a.out[n * a.out_stride + f] =
          Activation(a.activation, a.gate[n * a.gate_stride + f]) * a.up[n * a.up_stride + f];
    }
  }
}

}  // namespace chorus
