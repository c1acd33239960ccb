#include "ops/gated_activation/gated_activation.h"
#include "simd/math.h"
#include "simd/vec.h"

namespace chorus {
namespace CHORUS_ISA {

namespace {

/** x sigma(y). Beyond e^88 the quotient is 0 beside any x of use; NaN of x stays. */
CHORUS_INLINE F32 TimesSigmoid(F32 x, F32 y) {
  const F32 bounded = -Max(y, Splat<F32>(-88.0f));
  return x / (1.0f + Exp(bounded));
}

struct Silu {
  static CHORUS_INLINE F32 Of(F32 x) { return TimesSigmoid(x, x); }
};

/** x (1 + tanh u) / 2 = x sigma(2 u), which does not cancel. */
struct GeluTanh {
  static CHORUS_INLINE F32 Of(F32 x) {
    constexpr float kTwice = 1.59576912160573071f;  // 2 sqrt(2 / pi)
    return TimesSigmoid(x, x * (x * x * (kTwice * 0.044715f) + kTwice));
  }
};

/**
 * x Phi(x). The tail 1 - Phi(a), a = |x|, is e^(-a^2 / 2) t p(t) with t = 1 / (1 + 0.35 a); p of degree 8 goes through Chebyshev
 * nodes on a from 0 to 13.3, where e^(-a^2 / 2) leaves f32 (relative error 4e-8 beside f32's rounding).
 */
struct GeluErf {
  static CHORUS_INLINE F32 Of(F32 x) {
    const F32 a = Max(x, -x);
    const F32 t = 1.0f / (a * 0.35f + 1.0f);
    F32 p = t * -0.0295765433f + 0.146069033f;
    p = p * t + -0.2600329f;
    p = p * t + 0.164063495f;
    p = p * t + -0.026422695f;
    p = p * t + 0.106876462f;
    p = p * t + 0.119498141f;
    p = p * t + 0.139905974f;
    p = p * t + 0.139619016f;
    const F32 tail = Exp(a * a * -0.5f) * t * p;
    return x * (x < 0.0f ? tail : 1.0f - tail);
  }
};

template <typename Activation, typename T>
void Row(T* out, const T* gate, const T* up, int64_t F) {
  int64_t f = 0;
  for (; f + 2 * kF32 <= F; f += 2 * kF32) {
    const Pair g = LoadPair(gate + f), u = LoadPair(up + f);
    StorePair(out + f, {Activation::Of(g.a) * u.a, Activation::Of(g.b) * u.b});
  }
  for (; f + kF32 <= F; f += kF32) Store(out + f, Activation::Of(Load(gate + f)) * Load(up + f));
  if (f < F) {
    const int64_t count = F - f;
    StoreFirst(out + f, count, Activation::Of(LoadFirst(gate + f, count, T{0})) * LoadFirst(up + f, count, T{0}));
  }
}

}  // namespace

extern const GatedActivationLoops kGatedActivationLoops = {
    {Row<Silu, float>, Row<GeluTanh, float>, Row<GeluErf, float>},
    {Row<Silu, uint16_t>, Row<GeluTanh, uint16_t>, Row<GeluErf, uint16_t>}};

}  // namespace CHORUS_ISA
}  // namespace chorus
