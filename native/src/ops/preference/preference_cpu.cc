#include "ops/preference/preference.h"

#include <cfloat>
#include <cmath>
#include <cstring>

#include "common/bf16.h"
#include "common/checks.h"
#include "common/status.h"

namespace chorus {

namespace {

double Value(double x) { return x; }
double Value(float x) { return x; }
double Value(uint16_t x) { return Widen(x); }

bool RunPairs(const PreferenceLoops& loops, const PreferenceBatch<float>& b) { return loops.pairs_f32(b); }
bool RunPairs(const PreferenceLoops& loops, const PreferenceBatch<uint16_t>& b) { return loops.pairs_bf16(b); }
bool RunPairs(const PreferenceLoops& loops, const PreferenceBatch<double>& b) { return loops.pairs_f64(b); }

TokenSum SumTokens(const PreferenceLoops& loops, const float* logps, const float* weights, int64_t count) {
  return loops.token_sum_f32(logps, weights, count);
}
TokenSum SumTokens(const PreferenceLoops& loops, const uint16_t* logps, const float* weights, int64_t count) {
  return loops.token_sum_bf16(logps, weights, count);
}

template <typename In>
bool IsSkipped(const PreferenceBatch<In>& b, int64_t n) {
  return b.weights && b.weights[n] == 0;
}

chorus_status FailPair(const char* op, int64_t pair, const char* name, double value, const char* expected) {
  return Fail(CHORUS_INVALID_VALUE, "%s: pair %lld: %s is %g, expected %s", op, static_cast<long long>(pair), name, value,
              expected);
}

/** Says what is wrong with the inputs of pair n, if anything is. */
template <typename In>
chorus_status CheckPair(const char* op, const PreferenceBatch<In>& b, int64_t n) {
  if (b.weights && !IsWeight(b.weights[n])) {
    return FailPair(op, n, "weight", static_cast<double>(b.weights[n]), "finite and >= 0");
  }
  if (IsSkipped(b, n)) return CHORUS_OK;
  const struct {
    const char* name;
    const In* values;
  } inputs[] = {{"policy_chosen", b.policy_chosen},
                {"policy_rejected", b.policy_rejected},
                {"ref_chosen", b.ref_chosen},
                {"ref_rejected", b.ref_rejected}};
  for (const auto& input : inputs) {
    if (input.values && !std::isfinite(Value(input.values[n]))) {
      return FailPair(op, n, input.name, Value(input.values[n]), "finite");
    }
  }
  if (b.flip && !(b.flip[n] >= b.flips.low && b.flip[n] <= b.flips.high)) {
    return Fail(CHORUS_INVALID_VALUE, "%s: pair %lld: flip is %g, expected it in [%g, %g]", op, static_cast<long long>(n),
                static_cast<double>(b.flip[n]), b.flips.low, b.flips.high);
  }
  if (b.chosen_lengths && (b.chosen_lengths[n] < 1 || b.rejected_lengths[n] < 1)) {
    return Fail(CHORUS_INVALID_VALUE, "%s: pair %lld: lengths are %lld and %lld, expected at least 1", op,
                static_cast<long long>(n), static_cast<long long>(b.chosen_lengths[n]),
                static_cast<long long>(b.rejected_lengths[n]));
  }
  if (b.dchosen && b.dloss && !std::isfinite(b.dloss[n])) {
    return FailPair(op, n, "dloss", static_cast<double>(b.dloss[n]), "finite");
  }
  return CHORUS_OK;
}

/** Names the first pair of a batch in which one has been refused. */
template <typename In>
chorus_status FailBatch(const char* op, const PreferenceBatch<In>& b) {
  for (int64_t n = 0; n < b.P; ++n) {
    if (chorus_status bad = CheckPair(op, b, n)) return bad;
    if (IsSkipped(b, n)) continue;
    // Written by the loop: what is too large for f32 is infinite there, or close to it.
    double size = std::fabs(b.loss[n]);
    if (b.dchosen) size += std::fabs(b.dchosen[n]) + std::fabs(b.drejected[n]);
    const double ref_chosen = b.ref_chosen ? Value(b.ref_chosen[n]) : 0;
    const double ref_rejected = b.ref_rejected ? Value(b.ref_rejected[n]) : 0;
    size += b.spec.beta * (std::fabs(Value(b.policy_chosen[n]) - ref_chosen) +
                           std::fabs(Value(b.policy_rejected[n]) - ref_rejected));
    if (!(size <= FLT_MAX)) {
      return Fail(CHORUS_INVALID_VALUE, "%s: pair %lld: its loss, gradient or rewards are too large for f32", op,
                  static_cast<long long>(n));
    }
  }
  return Fail(CHORUS_INTERNAL, "%s: a pair was refused that nothing is wrong with", op);
}

/* ---- losses that sort the batch ---- */

/** A value as an unsigned number of the same order, and the pair that it belongs to. */
struct Ranked {
  uint64_t key;
  int64_t pair;
};

constexpr uint64_t kSign = uint64_t{1} << 63;

uint64_t KeyOf(double value) {
  const double positive_zero = value + 0.0;
  uint64_t bits;
  std::memcpy(&bits, &positive_zero, sizeof bits);
  return bits & kSign ? ~bits : bits | kSign;
}

double ValueOf(uint64_t key) {
  const uint64_t bits = key & kSign ? key & ~kSign : ~key;
  double value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

/**
 * Sorts by key, equal ones in their order, by one byte after another from the lowest; other is as large as values. A byte that
 * all keys share costs nothing: differences of f32 leave the lower half of their bytes at 0.
 */
void SortStably(Ranked* values, Ranked* other, int64_t count) {
  int64_t histogram[8][256] = {};
  for (int64_t i = 0; i < count; ++i) {
    for (int byte = 0; byte < 8; ++byte) ++histogram[byte][values[i].key >> (8 * byte) & 255];
  }
  Ranked* from = values;
  Ranked* to = other;
  for (int byte = 0; byte < 8; ++byte) {
    int64_t* places = histogram[byte];
    if (count == 0 || places[values[0].key >> (8 * byte) & 255] == count) continue;
    int64_t place = 0;
    for (int digit = 0; digit < 256; ++digit) {
      const int64_t size = places[digit];
      places[digit] = place;
      place += size;
    }
    for (int64_t i = 0; i < count; ++i) to[places[from[i].key >> (8 * byte) & 255]++] = from[i];
    Ranked* swap = from;
    from = to;
    to = swap;
  }
  if (from != values) std::memcpy(values, from, static_cast<size_t>(count) * sizeof(Ranked));
}

/** Of Ranked, three arrays; of double, four. */
constexpr int64_t kSortedDoubles = 3 * 2 + 4;
static_assert(sizeof(Ranked) == 2 * sizeof(double), "the workspace is counted in doubles");

/**
 * Pairs of weight 0 are taken out; the values of the others are sorted, and the k-th of one kind meets the k-th of the other.
 * What comes of two that met belongs to the pairs whose answers they are: loss and weight to that of the first.
 */
template <typename In>
chorus_status SortedPairs(const char* op, const PreferenceBatch<In>& b, double* workspace) {
  const int64_t P = b.P;
  Ranked* first = reinterpret_cast<Ranked*>(workspace);
  Ranked* second = first + P;
  Ranked* other = second + P;
  double* first_values = workspace + 6 * P;
  double* second_values = first_values + P;
  double* loss = second_values + P;
  double* slope = loss + P;
  const bool paired = b.spec.kind == CHORUS_PREFERENCE_AOT;
  double weight = 1;
  double margins = 0, right = 0;
  int64_t count = 0;
  for (int64_t n = 0; n < P; ++n) {
    if (chorus_status bad = CheckPair(op, b, n)) return bad;
    double chosen = 0, rejected = 0;
    if (!IsSkipped(b, n)) {
      const double w = b.weights ? static_cast<double>(b.weights[n]) : 1.0;
      if (count > 0 && w != weight) {
        return Fail(CHORUS_INVALID_VALUE,
                    "%s: pair %lld: weight is %g where another is %g; a loss that sorts the batch compares answers of "
                    "different pairs, so weights must be equal or 0",
                    op, static_cast<long long>(n), w, weight);
      }
      weight = w;
      const double policy_chosen = Value(b.policy_chosen[n]), policy_rejected = Value(b.policy_rejected[n]);
      const double ref_chosen = b.ref_chosen ? Value(b.ref_chosen[n]) : 0;
      const double ref_rejected = b.ref_rejected ? Value(b.ref_rejected[n]) : 0;
      chosen = policy_chosen - ref_chosen;
      rejected = policy_rejected - ref_rejected;
      first[count] = {KeyOf(paired ? policy_chosen - policy_rejected : chosen), n};
      second[count] = {KeyOf(paired ? ref_chosen - ref_rejected : rejected), n};
      ++count;
    }
    b.loss[n] = 0;
    if (b.dchosen) b.dchosen[n] = b.drejected[n] = 0;
    if (b.chosen_rewards) {
      b.chosen_rewards[n] = static_cast<typename PreferenceBatch<In>::Out>(b.spec.beta * chosen);
      b.rejected_rewards[n] = static_cast<typename PreferenceBatch<In>::Out>(b.spec.beta * rejected);
    }
    margins += b.spec.beta * (chosen - rejected);
    right += chosen > rejected ? 1 : 0;
  }
  SortStably(first, other, count);
  SortStably(second, other, count);
  for (int64_t k = 0; k < count; ++k) {
    first_values[k] = ValueOf(first[k].key);
    second_values[k] = ValueOf(second[k].key);
  }

  // The conservative logistic loss of what met; the second derivative it asks room for is the first's negative.
  PreferenceBatch<double> met = {};
  met.loss = loss;
  met.dchosen = slope;
  met.drejected = reinterpret_cast<double*>(other);
  met.policy_chosen = first_values;
  met.policy_rejected = second_values;
  met.P = count;
  met.upstream = b.upstream;
  met.spec = b.spec;
  met.spec.kind = CHORUS_PREFERENCE_SIGMOID;
  met.flips = b.flips;
  bool good = CHORUS_PICK(kPreferenceLoops).pairs_f64(met);
  double losses = 0;
  for (int64_t k = 0; k < count; ++k) {
    const int64_t n = first[k].pair;
    const double pair_loss = weight * loss[k];
    b.loss[n] = static_cast<typename PreferenceBatch<In>::Out>(pair_loss);
    losses += pair_loss;
    if (!b.dchosen) continue;
    const double d = weight * (b.dloss ? static_cast<double>(b.dloss[n]) : 1.0) * slope[k];
    b.dchosen[n] = static_cast<typename PreferenceBatch<In>::Out>(d);
    b.drejected[paired ? n : second[k].pair] = static_cast<typename PreferenceBatch<In>::Out>(-d);
    good = good && std::fabs(pair_loss) + 2 * std::fabs(d) <= FLT_MAX;
  }
  if (b.totals) {
    b.totals[CHORUS_PREFERENCE_LOSS_SUM] = losses;
    b.totals[CHORUS_PREFERENCE_MARGIN_SUM] = margins;
    b.totals[CHORUS_PREFERENCE_RIGHT] = right;
    b.totals[CHORUS_PREFERENCE_PAIRS] = static_cast<double>(count);
  }
  if (good && std::fabs(losses) <= FLT_MAX) return CHORUS_OK;
  return Fail(CHORUS_INVALID_VALUE, "%s: the loss, gradient or rewards of a pair are too large for f32", op);
}

/* ---- tokens ---- */

/** Names what is wrong with the tokens of an answer whose sum is not finite. */
template <typename In>
chorus_status FailTokens(const char* op, const char* name, int64_t answer, const In* logps, const float* weights,
                         int64_t begin, int64_t end) {
  const long long pair = answer / 2;
  const char* which = answer % 2 == 0 ? "chosen" : "rejected";
  for (int64_t t = begin; t < end; ++t) {
    if (weights && !IsWeight(weights[t])) {
      return Fail(CHORUS_INVALID_VALUE, "%s: pair %lld, %s: the weight of token %lld is %g, expected finite and >= 0", op,
                  pair, which, static_cast<long long>(t - begin), static_cast<double>(weights[t]));
    }
    if ((!weights || weights[t] != 0) && !std::isfinite(Value(logps[t]))) {
      return Fail(CHORUS_INVALID_VALUE, "%s: pair %lld, %s: %s of token %lld is %g, expected finite", op, pair, which, name,
                  static_cast<long long>(t - begin), Value(logps[t]));
    }
  }
  return Fail(CHORUS_INVALID_VALUE, "%s: pair %lld, %s: the sum of %s is too large", op, pair, which, name);
}

chorus_status CheckOffsets(const char* op, const int64_t* offsets, int64_t P) {
  if (offsets[0] != 0) {
    return Fail(CHORUS_INVALID_VALUE, "%s: offsets begin with %lld, expected 0", op, static_cast<long long>(offsets[0]));
  }
  for (int64_t i = 0; i < 2 * P; ++i) {
    if (offsets[i + 1] < offsets[i]) {
      return Fail(CHORUS_INVALID_VALUE, "%s: pair %lld: offsets fall from %lld to %lld", op, static_cast<long long>(i / 2),
                  static_cast<long long>(offsets[i]), static_cast<long long>(offsets[i + 1]));
    }
  }
  return CHORUS_OK;
}

/** loss, four log-probabilities, two gradients, two rewards, two lengths, a weight. */
constexpr int64_t kTokensDoubles = 12;

}  // namespace

int64_t PreferenceWorkspace(int kind, int64_t P) {
  return P > 0 && IsSortedPreference(kind) ? kSortedDoubles * P : 0;
}

int64_t PreferenceTokensWorkspace(int kind, int64_t P) {
  return P > 0 ? kTokensDoubles * P + PreferenceWorkspace(kind, P) : 0;
}

template <typename In>
chorus_status PreferenceCpu(const char* op, const PreferenceBatch<In>& batch, double* workspace) {
  if (IsSortedPreference(batch.spec.kind)) return SortedPairs(op, batch, workspace);
  return RunPairs(CHORUS_PICK(kPreferenceLoops), batch) ? CHORUS_OK : FailBatch(op, batch);
}

template <typename In>
chorus_status PreferenceTokensCpu(const char* op, const PreferenceTokens<In>& x, double* workspace) {
  if (chorus_status bad = CheckOffsets(op, x.offsets, x.P)) return bad;
  if (chorus_status bad = CheckWeights(op, "pair", x.weights, x.P)) return bad;
  const PreferenceLoops& loops = CHORUS_PICK(kPreferenceLoops);
  const int64_t P = x.P;
  double* policy[2] = {workspace, workspace + P};
  double* ref[2] = {workspace + 2 * P, workspace + 3 * P};
  double* loss = workspace + 4 * P;
  double* d[2] = {workspace + 5 * P, workspace + 6 * P};
  double* rewards[2] = {workspace + 7 * P, workspace + 8 * P};
  int64_t* lengths[2] = {reinterpret_cast<int64_t*>(workspace + 9 * P), reinterpret_cast<int64_t*>(workspace + 10 * P)};
  float* weights = reinterpret_cast<float*>(workspace + 11 * P);
  const bool has_ref = x.ref || x.ref_chosen;

  for (int64_t n = 0; n < P; ++n) {
    weights[n] = x.weights ? x.weights[n] : 1;
    if (weights[n] == 0) continue;
    for (int side = 0; side < 2; ++side) {
      const int64_t answer = 2 * n + side;
      const int64_t begin = x.offsets[answer], end = x.offsets[answer + 1];
      const float* token_weights = x.token_weights ? x.token_weights + begin : nullptr;
      const TokenSum sum = SumTokens(loops, x.policy + begin, token_weights, end - begin);
      if (!std::isfinite(sum.logp)) return FailTokens(op, "policy", answer, x.policy, x.token_weights, begin, end);
      policy[side][n] = sum.logp;
      lengths[side][n] = sum.count;
      if (x.ref) {
        const TokenSum ref_sum = SumTokens(loops, x.ref + begin, token_weights, end - begin);
        if (!std::isfinite(ref_sum.logp)) return FailTokens(op, "ref", answer, x.ref, x.token_weights, begin, end);
        ref[side][n] = ref_sum.logp;
      } else if (has_ref) {
        ref[side][n] = static_cast<double>(side == 0 ? x.ref_chosen[n] : x.ref_rejected[n]);
      }
    }
    // An answer without tokens says nothing of the policy.
    if (lengths[0][n] == 0 || lengths[1][n] == 0) weights[n] = 0;
  }

  PreferenceBatch<double> b = {};
  b.loss = loss;
  b.dchosen = x.dtokens ? d[0] : nullptr;
  b.drejected = x.dtokens ? d[1] : nullptr;
  b.chosen_rewards = rewards[0];
  b.rejected_rewards = rewards[1];
  b.totals = x.totals;
  b.policy_chosen = policy[0];
  b.policy_rejected = policy[1];
  b.ref_chosen = has_ref ? ref[0] : nullptr;
  b.ref_rejected = has_ref ? ref[1] : nullptr;
  b.chosen_lengths = UsesLengths(x.spec.kind) ? lengths[0] : nullptr;
  b.rejected_lengths = UsesLengths(x.spec.kind) ? lengths[1] : nullptr;
  b.weights = weights;
  b.flip = x.flip;
  b.dloss = x.dloss;
  b.P = P;
  b.upstream = x.upstream;
  b.spec = x.spec;
  b.flips = x.flips;
  if (chorus_status bad = PreferenceCpu(op, b, workspace + kTokensDoubles * P)) return bad;

  for (int64_t n = 0; n < P; ++n) {
    x.loss[n] = static_cast<float>(loss[n]);
    if (x.chosen_rewards) {
      x.chosen_rewards[n] = static_cast<float>(rewards[0][n]);
      x.rejected_rewards[n] = static_cast<float>(rewards[1][n]);
    }
    for (int side = 0; x.dtokens && side < 2; ++side) {
      const int64_t begin = x.offsets[2 * n + side], end = x.offsets[2 * n + side + 1];
      // The token weights of a pair of weight 0 may be NaN.
      const float* token_weights = x.token_weights && weights[n] != 0 ? x.token_weights + begin : nullptr;
      loops.spread(x.dtokens + begin, token_weights, end - begin, weights[n] != 0 ? d[side][n] : 0);
    }
  }
  return CHORUS_OK;
}

template chorus_status PreferenceCpu(const char*, const PreferenceBatch<float>&, double*);
template chorus_status PreferenceCpu(const char*, const PreferenceBatch<uint16_t>&, double*);
template chorus_status PreferenceTokensCpu(const char*, const PreferenceTokens<float>&, double*);
template chorus_status PreferenceTokensCpu(const char*, const PreferenceTokens<uint16_t>&, double*);

}  // namespace chorus
