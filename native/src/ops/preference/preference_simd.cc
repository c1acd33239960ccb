#include <cfloat>

#include "ops/preference/preference.h"
#include "simd/math.h"
#include "simd/vec.h"

namespace chorus {
namespace CHORUS_ISA {

namespace {

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

/** Vectors computed side by side. */
typedef Twice<F64> Together;
constexpr int64_t kTogether = Memory<Together>::kLanes;

/** All pairs; their number is a multiple of kTogether. */
template <typename In>
CHORUS_INLINE void Steps(const PreferenceBatch<In>& b, Sums& total, I64& total_bad) {
  Sums sums = total;
  I64 bad = total_bad;
  for (int64_t n = 0; n < b.P; n += kTogether) Step<Together>(b, n, sums, bad);
  total = sums;
  total_bad = bad;
}

/** Any kind. Not inlined: it holds every kind, once for each type of input. */
template <typename In>
__attribute__((noinline)) void StepsOfAnyKind(const PreferenceBatch<In>& batch, Sums& total, I64& bad) {
  // A copy that nothing else can point to: the stores would make the compiler read the fields anew.
  const PreferenceBatch<In> b = batch;
  Steps(b, total, bad);
}

/** DPO with flips, which most calls are: alone in its loop, it keeps its numbers in registers. */
template <typename In>
__attribute__((noinline)) void StepsOfSigmoid(const PreferenceBatch<In>& batch, Sums& total, I64& bad) {
  PreferenceBatch<In> b = batch;
  b.spec.kind = CHORUS_PREFERENCE_SIGMOID;
  b.spec.divergence = CHORUS_DIVERGENCE_REVERSE_KL;
  b.chosen_lengths = b.rejected_lengths = nullptr;
  Steps(b, total, bad);
}

template <typename In>
void WholeSteps(const PreferenceBatch<In>& b, Sums& total, I64& bad) {
  const bool is_sigmoid = b.spec.kind == CHORUS_PREFERENCE_SIGMOID &&
                          b.spec.divergence == CHORUS_DIVERGENCE_REVERSE_KL && b.chosen_lengths == nullptr;
  if (is_sigmoid) {
    StepsOfSigmoid(b, total, bad);
  } else {
    StepsOfAnyKind(b, total, bad);
  }
}

/** An array's last elements with `fill` behind them; null stays null. */
template <typename T>
struct Padded {
  T values[kTogether];

  CHORUS_INLINE const T* From(const T* source, int64_t n, int64_t count, T fill) {
    if (source == nullptr) return nullptr;
    for (int64_t i = 0; i < kTogether; ++i) values[i] = i < count ? source[n + i] : fill;
    return values;
  }
};

/** The last pairs, computed with pairs of weight 0 behind them. */
template <typename In>
void LastStep(const PreferenceBatch<In>& b, int64_t n, Sums& sums, I64& bad) {
  typedef typename PreferenceBatch<In>::Out Out;
  const int64_t count = b.P - n;
  Padded<In> inputs[4];
  Padded<int64_t> lengths[2];
  Padded<float> weights, flip, dloss;
  Out out[5][kTogether];
  Out* const targets[5] = {b.loss, b.dchosen, b.drejected, b.chosen_rewards, b.rejected_rewards};
  PreferenceBatch<In> last = b;
  last.P = kTogether;
  last.loss = out[0];
  last.dchosen = b.dchosen != nullptr ? out[1] : nullptr;
  last.drejected = b.drejected != nullptr ? out[2] : nullptr;
  last.chosen_rewards = b.chosen_rewards != nullptr ? out[3] : nullptr;
  last.rejected_rewards = b.rejected_rewards != nullptr ? out[4] : nullptr;
  last.policy_chosen = inputs[0].From(b.policy_chosen, n, count, In(0));
  last.policy_rejected = inputs[1].From(b.policy_rejected, n, count, In(0));
  last.ref_chosen = inputs[2].From(b.ref_chosen, n, count, In(0));
  last.ref_rejected = inputs[3].From(b.ref_rejected, n, count, In(0));
  last.chosen_lengths = lengths[0].From(b.chosen_lengths, n, count, 1);
  last.rejected_lengths = lengths[1].From(b.rejected_lengths, n, count, 1);
  last.flip = flip.From(b.flip, n, count, 0.0f);
  last.dloss = dloss.From(b.dloss, n, count, 0.0f);
  for (int64_t i = 0; i < kTogether; ++i) {
    weights.values[i] = i >= count ? 0.0f : b.weights != nullptr ? b.weights[n + i] : 1.0f;
  }
  last.weights = weights.values;
  WholeSteps(last, sums, bad);
  for (int k = 0; k < 5; ++k) {
    for (int64_t i = 0; targets[k] != nullptr && i < count; ++i) targets[k][n + i] = out[k][i];
  }
}

template <typename In>
bool Pairs(const PreferenceBatch<In>& batch) {
  Sums sums = {};
  I64 bad = {};
  PreferenceBatch<In> whole = batch;
  whole.P = batch.P - batch.P % kTogether;
  WholeSteps(whole, sums, bad);
  // Without weights only those of the last step are counted there.
  const double pairs = batch.weights != nullptr ? 0 : static_cast<double>(whole.P);
  if (whole.P < batch.P) LastStep(batch, whole.P, sums, bad);
  if (batch.totals != nullptr) {
    batch.totals[CHORUS_PREFERENCE_LOSS_SUM] = Sum(sums.loss);
    batch.totals[CHORUS_PREFERENCE_MARGIN_SUM] = Sum(sums.margin);
    batch.totals[CHORUS_PREFERENCE_RIGHT] = Sum(sums.right);
    batch.totals[CHORUS_PREFERENCE_PAIRS] = pairs + Sum(sums.pairs);
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
    In last[kF64];
    float last_weights[kF64];
    for (int64_t i = 0; i < kF64; ++i) {
      const bool exists = t + i < count;
      last[i] = exists ? logps[t + i] : In(0);
      last_weights[i] = !exists ? 0.0f : weights != nullptr ? weights[t + i] : 1.0f;
    }
    AddTokens(LoadF64(last), LoadF64(last_weights), sum, active, bad);
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
