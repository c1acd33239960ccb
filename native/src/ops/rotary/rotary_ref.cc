#include "ops/rotary/rotary.h"

namespace chorus {

void RotaryRef(const Rotary<double>& a) {
  const int64_t half = a.r / 2;
  for (int64_t n = 0; n < a.N; ++n) {
    for (int64_t h = 0; h < a.heads; ++h) {
      double* x = a.x + n * a.stride + h * a.d;
      for (int64_t i = 0; i < half; ++i) {
        const double cos = a.cos[a.positions[n] * half + i], sin = a.sin[a.positions[n] * half + i];
        const double first = x[i], second = x[i + half];
        x[i] = first * cos - second * sin;
        x[i + half] = second * cos + first * sin;
      }
    }
  }
}

}  // namespace chorus
