#include <cfloat>

#include "ops/preference/preference.h"
#include "simd/math.h"
#include "simd/vec.h"

namespace chorus {
namespace CHORUS_ISA {

namespace {

/** kF64 bf16, widened. */
CHORUS_INLINE F64 LoadF64(const uint16_t* p) {
  typedef uint16_t QuarterU16 __attribute__((vector_size(CHORUS_VEC_BYTES / 4)));
  typedef uint32_t HalfU32 __attribute__((vector_size(CHORUS_VEC_BYTES / 2)));
  QuarterU16 v;
  std::memcpy(&v, p, sizeof v);
  return __builtin_convertvector(BitCast<HalfF32>(__builtin_convertvector(v, HalfU32) << 16), F64);
}
CHORUS_INLINE F64 LoadF64(const float* p) { return CHORUS_ISA::LoadF64(p); }
CHORUS_INLINE F64 LoadF64(const double* p) { return Load(p); }
CHORUS_INLINE F64 LoadF64(const int64_t* p) {
  I64 v;
  std::memcpy(&v, p, sizeof v);
  return __builtin_convertvector(v, F64);
}

CHORUS_INLINE void StoreOut(float* p, F64 v) { StoreF32(p, v); }
CHORUS_INLINE void StoreOut(double* p, F64 v) { Store(p, v); }

/** A flip that every kind can compute with, for pairs that are not looked at. */
constexpr double kSafeFlip = 0.25;

/** Arrays as T: F64, or two of them. */
template <typename T>
struct Memory;
template <>
struct Memory<F64> {
  static constexpr int64_t kLanes = kF64;
  template <typename In>
  static CHORUS_INLINE F64 Read(const In* p) {
    return LoadF64(p);
  }
  template <typename Out>
  static CHORUS_INLINE void Write(Out* p, F64 v) {
    StoreOut(p, v);
  }
};
template <typename V>
struct Memory<Twice<V>> {
  static constexpr int64_t kLanes = 2 * Memory<V>::kLanes;
  template <typename In>
  static CHORUS_INLINE Twice<V> Read(const In* p) {
    return {Memory<V>::Read(p), Memory<V>::Read(p + Memory<V>::kLanes)};
  }
  template <typename Out>
  static CHORUS_INLINE void Write(Out* p, Twice<V> v) {
    Memory<V>::Write(p, v.a);
    Memory<V>::Write(p + Memory<V>::kLanes, v.b);
  }
};

/** All vectors of T added, or their masks joined, lane by lane. */
CHORUS_INLINE F64 Fold(F64 v) { return v; }
template <typename V>
CHORUS_INLINE F64 Fold(Twice<V> v) {
  return Fold(v.a + v.b);
}
CHORUS_INLINE I64 AnyOf(I64 mask) { return mask; }
template <typename M>
CHORUS_INLINE I64 AnyOf(Twice<M> mask) {
  return AnyOf(mask.a | mask.b);
}

struct Sums {
  F64 loss;
  F64 margin;
  F64 right;
  F64 pairs;
};

/** Pairs n to n + lanes of T - 1. */
template <typename T, typename In>
CHORUS_INLINE void Step(const PreferenceBatch<In>& b, int64_t n, Sums& sums, I64& bad) {
  typedef Memory<T> At;
  const T zero = Splat<T>(0), one = Splat<T>(1);
  PreferencePair<T> pair = {At::Read(b.policy_chosen + n), At::Read(b.policy_rejected + n), one, one,
                            Splat<T>(b.spec.epsilon)};
  if (b.ref_chosen != nullptr) {
    pair.chosen = pair.chosen - At::Read(b.ref_chosen + n);
    pair.rejected = pair.rejected - At::Read(b.ref_rejected + n);
  }
  if (b.flip != nullptr) pair.flip = At::Read(b.flip + n);
  if (b.chosen_lengths != nullptr) {
    pair.chosen_length = At::Read(b.chosen_lengths + n);
    pair.rejected_length = At::Read(b.rejected_lengths + n);
  }
  T weight = one;
  if (b.weights != nullptr) {
    weight = At::Read(b.weights + n);
    const auto skipped = weight == 0.0;
    bad |= AnyOf(weight < 0.0);
    pair.chosen = Select(skipped, zero, pair.chosen);
    pair.rejected = Select(skipped, zero, pair.rejected);
    if (b.flip != nullptr) pair.flip = Select(skipped, Splat<T>(kSafeFlip), pair.flip);
    if (b.chosen_lengths != nullptr) {
      pair.chosen_length = Select(skipped, one, pair.chosen_length);
      pair.rejected_length = Select(skipped, one, pair.rejected_length);
    }
    sums.pairs += Fold(Select(skipped, zero, one));
  }
  if (b.flip != nullptr) bad |= AnyOf(~((pair.flip >= b.flips.low) & (pair.flip <= b.flips.high)));
  if (b.chosen_lengths != nullptr) bad |= AnyOf((pair.chosen_length < 1.0) | (pair.rejected_length < 1.0));

  const PreferenceTerms<T> terms = PreferenceTermsOf(b.spec, pair);
  const T chosen_reward = b.spec.beta * pair.chosen;
  const T rejected_reward = b.spec.beta * pair.rejected;
  const T loss = weight * terms.loss;
  At::Write(b.loss + n, loss);
  // Whatever is not finite, or will not be in f32, shows in this sum; NaN and infinite inputs always reach a reward.
  T size = Abs(loss) + (Abs(chosen_reward) + Abs(rejected_reward));
  if (b.dchosen != nullptr) {
    T factor = b.upstream * weight;
    // The dloss of a skipped pair may be NaN.
    if (b.dloss != nullptr) factor = Select(weight == 0.0, zero, factor * At::Read(b.dloss + n));
    const T dchosen = factor * terms.dchosen;
    const T drejected = factor * terms.drejected;
    At::Write(b.dchosen + n, dchosen);
    At::Write(b.drejected + n, drejected);
    size = size + (Abs(dchosen) + Abs(drejected));
  }
  bad |= AnyOf(~(size <= FLT_MAX));
  if (b.chosen_rewards != nullptr) {
    At::Write(b.chosen_rewards + n, chosen_reward);
    At::Write(b.rejected_rewards + n, rejected_reward);
  }
  sums.loss += Fold(loss);
  sums.margin += Fold(chosen_reward - rejected_reward);
  sums.right += Fold(Select(pair.chosen > pair.rejected, one, zero));
}

/** An array's last elements with `fill` behind them; null stays null. */
template <typename T>
struct Padded {
  T values[kF64];

  CHORUS_INLINE const T* From(const T* source, int64_t count, T fill) {
    if (source == nullptr) return nullptr;
    for (int64_t i = 0; i < kF64; ++i) values[i] = i < count ? source[i] : fill;
    return values;
  }
};

template <typename T>
CHORUS_INLINE void CopyBack(T* target, const T* values, int64_t count) {
  for (int64_t i = 0; target != nullptr && i < count; ++i) target[i] = values[i];
}

/** Fewer than kF64 pairs, computed as kF64 of which the last have weight 0. */
template <typename In>
__attribute__((noinline)) void StepTail(const PreferenceBatch<In>& b, int64_t n, Sums& sums, I64& bad) {
  typedef typename PreferenceBatch<In>::Out Out;
  const int64_t count = b.P - n;
  Padded<In> policy_chosen, policy_rejected, ref_chosen, ref_rejected;
  Padded<int64_t> chosen_lengths, rejected_lengths;
  Padded<float> weights, flip, dloss;
  Out out[5][kF64];
  PreferenceBatch<In> tail = b;
  tail.loss = out[0];
  tail.dchosen = b.dchosen != nullptr ? out[1] : nullptr;
  tail.drejected = b.dchosen != nullptr ? out[2] : nullptr;
  tail.chosen_rewards = b.chosen_rewards != nullptr ? out[3] : nullptr;
  tail.rejected_rewards = b.chosen_rewards != nullptr ? out[4] : nullptr;
  tail.policy_chosen = policy_chosen.From(b.policy_chosen + n, count, In(0));
  tail.policy_rejected = policy_rejected.From(b.policy_rejected + n, count, In(0));
  if (b.ref_chosen != nullptr) {
    tail.ref_chosen = ref_chosen.From(b.ref_chosen + n, count, In(0));
    tail.ref_rejected = ref_rejected.From(b.ref_rejected + n, count, In(0));
  }
  if (b.chosen_lengths != nullptr) {
    tail.chosen_lengths = chosen_lengths.From(b.chosen_lengths + n, count, 1);
    tail.rejected_lengths = rejected_lengths.From(b.rejected_lengths + n, count, 1);
  }
  if (b.flip != nullptr) tail.flip = flip.From(b.flip + n, count, 0.0f);
  if (b.dloss != nullptr) tail.dloss = dloss.From(b.dloss + n, count, 0.0f);
  for (int64_t i = 0; i < kF64; ++i) weights.values[i] = i >= count ? 0.0f : b.weights != nullptr ? b.weights[n + i] : 1.0f;
  tail.weights = weights.values;
  Step<F64>(tail, 0, sums, bad);
  CopyBack(b.loss + n, out[0], count);
  if (b.dchosen != nullptr) {
    CopyBack(b.dchosen + n, out[1], count);
    CopyBack(b.drejected + n, out[2], count);
  }
  if (b.chosen_rewards != nullptr) {
    CopyBack(b.chosen_rewards + n, out[3], count);
    CopyBack(b.rejected_rewards + n, out[4], count);
  }
}

/** Vectors computed side by side. */
typedef Twice<F64> Together;

template <typename In>
bool Pairs(const PreferenceBatch<In>& batch) {
  // A copy that nothing else can point to: the stores below would make the compiler read the batch's fields anew.
  const PreferenceBatch<In> b = batch;
  Sums sums = {};
  I64 bad = {};
  int64_t n = 0;
  for (; n + Memory<Together>::kLanes <= b.P; n += Memory<Together>::kLanes) Step<Together>(b, n, sums, bad);
  for (; n + kF64 <= b.P; n += kF64) Step<F64>(b, n, sums, bad);
  double pairs = b.weights != nullptr ? 0 : static_cast<double>(n);
  if (n < b.P) StepTail(batch, n, sums, bad);
  pairs += Sum(sums.pairs);
  if (b.totals != nullptr) {
    b.totals[CHORUS_PREFERENCE_LOSS_SUM] = Sum(sums.loss);
    b.totals[CHORUS_PREFERENCE_MARGIN_SUM] = Sum(sums.margin);
    b.totals[CHORUS_PREFERENCE_RIGHT] = Sum(sums.right);
    b.totals[CHORUS_PREFERENCE_PAIRS] = pairs;
  }
  return !Any(bad);
}

CHORUS_INLINE void AddTokens(F64 logp, F64 weight, F64& sum, F64& count, I64& bad) {
  const F64 zero = {};
  // NaN is not equal to 0 and goes on.
  const I64 skipped = weight == 0.0;
  bad |= weight < 0.0;
  sum += skipped ? zero : weight * logp;
  count += skipped ? zero : Splat<F64>(1);
}

template <typename In>
TokenSum SumTokens(const In* logps, const float* weights, int64_t count) {
  F64 sum = {}, active = {};
  I64 bad = {};
  int64_t t = 0;
  for (; t + kF64 <= count; t += kF64) {
    AddTokens(LoadF64(logps + t), weights != nullptr ? LoadF64(weights + t) : Splat<F64>(1), sum, active, bad);
  }
  if (t < count) {
    Padded<In> last;
    float last_weights[kF64];
    for (int64_t i = 0; i < kF64; ++i) {
      last_weights[i] = t + i >= count ? 0.0f : weights != nullptr ? weights[t + i] : 1.0f;
    }
    AddTokens(LoadF64(last.From(logps + t, count - t, In(0))), LoadF64(last_weights), sum, active, bad);
  }
  return {Any(bad) ? __builtin_nan("") : Sum(sum), static_cast<int64_t>(Sum(active))};
}

void Spread(float* d, const float* weights, int64_t count, double slope) {
  const float all = static_cast<float>(slope);
  for (int64_t t = 0; t < count; ++t) {
    d[t] = weights == nullptr ? all : static_cast<float>(static_cast<double>(weights[t]) * slope);
  }
}

}  // namespace

extern const PreferenceLoops kPreferenceLoops = {Pairs<float>,     Pairs<uint16_t>,     Pairs<double>,
                                                 SumTokens<float>, SumTokens<uint16_t>, Spread};

}  // namespace CHORUS_ISA
}  // namespace chorus
