#include "ops/thin_linear/thin_linear.h"

namespace chorus {

void ThinLinearRef(const ThinLinear<double>& a) {
  for (int64_t n = 0; n < a.N; ++n) {
    for (int64_t o = 0; o < a.O; ++o) {
      double sum = a.bias == nullptr ? 0 : a.bias[o];
      for (int64_t i = 0; i < a.I; ++i) sum += a.x[n * a.x_stride + i] * a.weight[o * a.I + i];
      a.y[n * a.y_stride + o] = sum;
    }
  }
}

}  // namespace chorus
