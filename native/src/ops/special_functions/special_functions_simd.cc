#include "common/special_vec.h"
#include "ops/special_functions/special_functions.h"

namespace chorus {
namespace CHORUS_ISA {

namespace {

struct LnGammaOf {
  template <typename Vec>
  static CHORUS_INLINE Vec Of(Vec x) {
    return LnGamma(x);
  }
};
struct DigammaOf {
  template <typename Vec>
  static CHORUS_INLINE Vec Of(Vec x) {
    return Digamma(x);
  }
};
struct TrigammaOf {
  template <typename Vec>
  static CHORUS_INLINE Vec Of(Vec x) {
    return Trigamma(x);
  }
};

template <typename F>
bool MapF64(double* y, const double* x, int64_t count) {
  I64 good = ~I64{};
  int64_t i = 0;
  for (; i + kF64 <= count; i += kF64) {
    const F64 v = Load(x + i);
    good &= v > 0.0;
    Store(y + i, F::Of(v));
  }
  if (i < count) {
    // What fills the other lanes is large, where there is least to do.
    double lanes[kF64];
    for (int j = 0; j < kF64; ++j) lanes[j] = i + j < count ? x[i + j] : 16.0;
    const F64 v = Load(lanes);
    good &= v > 0.0;
    Store(lanes, F::Of(v));
    for (int j = 0; i + j < count; ++j) y[i + j] = lanes[j];
  }
  return !Any(~good);
}

template <typename F>
bool MapF32(float* y, const float* x, int64_t count) {
  I32 good = ~I32{};
  int64_t i = 0;
  for (; i + kF32 <= count; i += kF32) {
    const F32 v = Load(x + i);
    good &= v > 0.0f;
    Store(y + i, F::Of(v));
  }
  if (i < count) {
    const F32 v = LoadFirst(x + i, count - i, 16.0f);
    good &= v > 0.0f;
    StoreFirst(y + i, count - i, F::Of(v));
  }
  return !Any(~good);
}

}  // namespace

extern const SpecialLoops kSpecialLoops = {{MapF64<LnGammaOf>, MapF64<DigammaOf>, MapF64<TrigammaOf>},
                                           {MapF32<LnGammaOf>, MapF32<DigammaOf>, MapF32<TrigammaOf>}};

}  // namespace CHORUS_ISA
}  // namespace chorus
