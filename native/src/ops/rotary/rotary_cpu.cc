#include "common/parallel.h"
#include "common/status.h"
#include "ops/rotary/rotary.h"

namespace chorus {

namespace {

void Rotate(const RotaryLoops& loops, float* x, const float* cos, const float* sin, int64_t heads, int64_t d, int64_t half) {
  loops.f32(x, cos, sin, heads, d, half);
}
void Rotate(const RotaryLoops& loops, uint16_t* x, const float* cos, const float* sin, int64_t heads, int64_t d,
            int64_t half) {
  loops.bf16(x, cos, sin, heads, d, half);
}

}  // namespace

template <typename T>
chorus_status RotaryCpu(const char* op, const Rotary<T>& a) {
  for (int64_t n = 0; n < a.N; ++n) {
    if (a.positions[n] < 0 || a.positions[n] >= a.rows) {
      return Fail(CHORUS_INVALID_VALUE, "%s: token %lld: position %lld is outside the tables' [0, %lld)", op,
                  static_cast<long long>(n), static_cast<long long>(a.positions[n]), static_cast<long long>(a.rows));
    }
  }
  const RotaryLoops& loops = CHORUS_PICK(kRotaryLoops);
  const int64_t half = a.r / 2;
  ParallelRows(a.N, a.heads * a.r, [&](int64_t n) {
    const int64_t angles = a.positions[n] * half;
    Rotate(loops, a.x + n * a.stride, a.cos + angles, a.sin + angles, a.heads, a.d, half);
  });
  return CHORUS_OK;
}

template chorus_status RotaryCpu(const char*, const Rotary<float>&);
template chorus_status RotaryCpu(const char*, const Rotary<uint16_t>&);

}  // namespace chorus
