#include "ops/rotary/rotary.h"
#include "simd/vec.h"

namespace chorus {
namespace CHORUS_ISA {

namespace {

template <typename T>
void Rotate(T* x, const float* cos, const float* sin, int64_t heads, int64_t d, int64_t half) {
  for (int64_t h = 0; h < heads; ++h, x += d) {
    int64_t i = 0;
    for (; i + kF32 <= half; i += kF32) {
      const F32 first = Load(x + i), second = Load(x + half + i), c = Load(cos + i), s = Load(sin + i);
      Store(x + i, first * c - second * s);
      Store(x + half + i, second * c + first * s);
    }
    if (i < half) {
      const int64_t count = half - i;
      const F32 first = LoadFirst(x + i, count, T{0}), second = LoadFirst(x + half + i, count, T{0});
      const F32 c = LoadFirst(cos + i, count, 0.0f), s = LoadFirst(sin + i, count, 0.0f);
      StoreFirst(x + i, count, first * c - second * s);
      StoreFirst(x + half + i, count, second * c + first * s);
    }
  }
}

}  // namespace

extern const RotaryLoops kRotaryLoops = {Rotate<float>, Rotate<uint16_t>};

}  // namespace CHORUS_ISA
}  // namespace chorus
