#include <cmath>

#include "ops/residual_rms_norm/residual_rms_norm.h"

namespace chorus {

void ResidualRmsNormRef(double* y, double* x, const double* delta, const double* weight, int64_t N, int64_t C, double eps,
                        double offset) {
  for (int64_t n = 0; n < N; ++n) {
    double squares = 0;
    for (int64_t c = 0; c < C; ++c) {
      if (delta) x[n * C + c] += delta[n * C + c];
      squares += x[n * C + c] * x[n * C + c];
    }
    const double factor = 1 / std::sqrt(squares / static_cast<double>(C) + eps);
    for (int64_t c = 0; c < C; ++c) y[n * C + c] = x[n * C + c] * factor * (weight[c] + offset);
  }
}

}  // namespace chorus
