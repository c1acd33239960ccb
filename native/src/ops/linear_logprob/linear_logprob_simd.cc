#include "ops/linear_logprob/linear_logprob.h"

#include "simd/math.h"
#include "simd/vec.h"

namespace chorus {
namespace CHORUS_ISA {

namespace {

/** tanh x = 1 - 2 / (e^2x + 1): in double its cancellation near 0 is far below f32. */
CHORUS_INLINE F64 Tanh(F64 x) { return 1.0 - 2.0 / (Exp(2.0 * Min(Splat<F64>(20), x)) + 1.0); }

CHORUS_INLINE F32 JoinHalves(F64 low, F64 high) {
  float lanes[kF32];
  StoreF32(lanes, low);
  StoreF32(lanes + kF64, high);
  return Load(lanes);
}

/** cap tanh(u / cap); masked logits stay masked, and NaN and +infinity must still be seen. */
CHORUS_INLINE F64 Cap(F64 u, double cap) { return u - u == 0.0 ? cap * Tanh(u / cap) : u; }

CHORUS_INLINE F32 TransformOf(F32 z, F32 bias, double scale, double cap) {
  const F32 u = (z + bias) * static_cast<float>(scale);
  return cap > 0 ? JoinHalves(Cap(WidenLow(u), cap), Cap(WidenHigh(u), cap)) : u;
}

template <typename In>
void Transform(In* z, const float* bias, int64_t V, double scale, double cap) {
  int64_t v = 0;
  for (; v + kF32 <= V; v += kF32) Store(z + v, TransformOf(Load(z + v), bias ? Load(bias + v) : F32{}, scale, cap));
  if (v < V) {
    const F32 b = bias ? LoadFirst(bias + v, V - v, 0.0f) : F32{};
    StoreFirst(z + v, V - v, TransformOf(LoadFirst(z + v, V - v, In{}), b, scale, cap));
  }
}

CHORUS_INLINE void AddDense(F64 t, F64 z, bool with_log, F64& mass, F64& dot, F64& log, F64& least) {
  mass += t;
  least = Min(least, t);
  // Not 0 * -infinity.
  dot += t == 0.0 ? F64{} : t * z;
  if (with_log) log += t > 0.0 ? t * Log(t > 0.0 ? t : Splat<F64>(1)) : F64{};
}

template <typename In>
DenseSums Dense(const float* t, const In* z, int64_t V, bool with_log) {
  F64 mass = {}, dot = {}, log = {}, least = {};
  for (int64_t v = 0; v < V; v += kF32) {
    const bool whole = v + kF32 <= V;
    const F32 a = whole ? Load(t + v) : LoadFirst(t + v, V - v, 0.0f);
    const F32 b = whole ? Load(z + v) : LoadFirst(z + v, V - v, In{});
    AddDense(WidenLow(a), WidenLow(b), with_log, mass, dot, log, least);
    AddDense(WidenHigh(a), WidenHigh(b), with_log, mass, dot, log, least);
  }
  return {Sum(mass), Sum(dot), Sum(log), Any(least < 0.0)};
}

template <bool kDense>
CHORUS_INLINE F32 GradientOf(F32 z, F32 t, F32 shift, float a, float b, float cap) {
  F32 d = b * Exp(z - shift);
  if (kDense) d += a * t;
  if (cap > 0) {
    const F32 ratio = z * (1 / cap);
    // A masked logit would give 0 * infinity.
    // bf16 may round a logit to just above the cap.
    d *= z > -__builtin_inff() ? Max(F32{}, 1.0f - ratio * ratio) : F32{};
  }
  return d;
}

template <typename In, bool kDense>
CHORUS_INLINE void GradientRow(In* z, const float* t, int64_t V, float shift, float a, float b, float cap) {
  const F32 s = Splat<F32>(shift);
  int64_t v = 0;
  for (; v + kF32 <= V; v += kF32) {
    Store(z + v, GradientOf<kDense>(Load(z + v), kDense ? Load(t + v) : F32{}, s, a, b, cap));
  }
  if (v < V) {
    const F32 tail = kDense ? LoadFirst(t + v, V - v, 0.0f) : F32{};
    StoreFirst(z + v, V - v, GradientOf<kDense>(LoadFirst(z + v, V - v, In{}), tail, s, a, b, cap));
  }
}

template <typename In>
void Gradient(In* z, const float* t, int64_t V, float shift, float a, float b, float cap) {
  if (t) {
    GradientRow<In, true>(z, t, V, shift, a, b, cap);
  } else {
    GradientRow<In, false>(z, t, V, shift, a, b, cap);
  }
}

}  // namespace

extern const HeadRows kHeadRows = {Transform<float>, Transform<uint16_t>, Dense<float>,
                                   Dense<uint16_t>,  Gradient<float>,     Gradient<uint16_t>};

}  // namespace CHORUS_ISA
}  // namespace chorus
