#include "ops/residual_rms_norm/residual_rms_norm.h"
#include "simd/vec.h"

namespace chorus {
namespace CHORUS_ISA {

namespace {

/** Vectors between two collections of the squares in double: f32 sums of so few terms lose nothing that shows. */
constexpr int64_t kChunk = 256 * kF32;

/** In is void where there is no delta. */
template <typename In>
struct Delta {
  static CHORUS_INLINE F32 Add(float* x, const void* delta, int64_t c) {
    const F32 sum = Load(x + c) + Load(static_cast<const In*>(delta) + c);
    Store(x + c, sum);
    return sum;
  }
  static CHORUS_INLINE F32 AddFirst(float* x, const void* delta, int64_t c, int64_t count) {
    const F32 sum = LoadFirst(x + c, count, 0.0f) + LoadFirst(static_cast<const In*>(delta) + c, count, In{0});
    StoreFirst(x + c, count, sum);
    return sum;
  }
};
template <>
struct Delta<void> {
  static CHORUS_INLINE F32 Add(float* x, const void*, int64_t c) { return Load(x + c); }
  static CHORUS_INLINE F32 AddFirst(float* x, const void*, int64_t c, int64_t count) {
    return LoadFirst(x + c, count, 0.0f);
  }
};

template <typename In>
double Add(float* x, const void* delta, int64_t C) {
  double sum = 0;
  for (int64_t first = 0; first < C; first += kChunk) {
    const int64_t end = C - first < kChunk ? C : first + kChunk;
    F32 s0 = {}, s1 = {}, s2 = {}, s3 = {};
    int64_t c = first;
    for (; c + 4 * kF32 <= end; c += 4 * kF32) {
      const F32 x0 = Delta<In>::Add(x, delta, c), x1 = Delta<In>::Add(x, delta, c + kF32);
      const F32 x2 = Delta<In>::Add(x, delta, c + 2 * kF32), x3 = Delta<In>::Add(x, delta, c + 3 * kF32);
      s0 += x0 * x0;
      s1 += x1 * x1;
      s2 += x2 * x2;
      s3 += x3 * x3;
    }
    for (; c + kF32 <= end; c += kF32) {
      const F32 x0 = Delta<In>::Add(x, delta, c);
      s0 += x0 * x0;
    }
    if (c < end) {
      const F32 x0 = Delta<In>::AddFirst(x, delta, c, end - c);
      s1 += x0 * x0;
    }
    sum += Sum((s0 + s1) + (s2 + s3));
  }
  return sum;
}

double Squares(const float* x, int64_t C) { return Add<void>(const_cast<float*>(x), nullptr, C); }

template <typename Out, typename Weight>
void Scale(void* y, const float* x, const void* weight, int64_t C, float factor, float offset) {
  Out* out = static_cast<Out*>(y);
  const Weight* w = static_cast<const Weight*>(weight);
  int64_t c = 0;
  for (; c + kF32 <= C; c += kF32) Store(out + c, Load(x + c) * factor * (Load(w + c) + offset));
  if (c < C) {
    const int64_t count = C - c;
    StoreFirst(out + c, count, LoadFirst(x + c, count, 0.0f) * factor * (LoadFirst(w + c, count, Weight{0}) + offset));
  }
}

}  // namespace

extern const ResidualRmsNormLoops kResidualRmsNormLoops = {
    {Add<float>, Add<uint16_t>},
    Squares,
    {{Scale<float, float>, Scale<float, uint16_t>}, {Scale<uint16_t, float>, Scale<uint16_t, uint16_t>}}};

}  // namespace CHORUS_ISA
}  // namespace chorus
