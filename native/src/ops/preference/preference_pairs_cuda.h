// A thread a pair: what is read of it, what is refused, its loss and its gradient; and the sums over pairs.
#ifndef CHORUS_OPS_PREFERENCE_PAIRS_CUDA_H
#define CHORUS_OPS_PREFERENCE_PAIRS_CUDA_H

#include <cfloat>
#include <cmath>

#include "cuda/fault.h"
#include "cuda/target_row.h"
#include "cuda/team.h"
#include "cuda/types.h"
#include "ops/preference/preference.h"

namespace chorus {
namespace cuda {

/** Threads of a block of pairs: two warps, so that a few thousand pairs reach most multiprocessors. */
constexpr int kPairsBlock = 64;
/** Threads of the block that adds up what the others summed. */
constexpr int kTotalsBlock = 256;

/** Log-probabilities are read as f32, bf16, f16, or as the double sums of tokens; gradients are stored as f32, or as double
 * where they have yet to be multiplied by token weights. */
template <typename In, typename Gradient>
struct PairArrays {
  float* loss;
  Gradient* dchosen;        // both or neither
  Gradient* drejected;
  float* chosen_rewards;    // both or neither
  float* rejected_rewards;
  const In* policy_chosen;
  const In* policy_rejected;
  const In* ref_chosen;     // both or neither
  const In* ref_rejected;
  const int64_t* chosen_lengths;  // null unless the kind uses them
  const int64_t* rejected_lengths;
  const int64_t* chosen_tokens;   // null, or the pair counts only if both are above 0
  const int64_t* rejected_tokens;
  const float* weights;     // nullable
  const float* flip;        // nullable
  const float* dloss;       // nullable
  int64_t P;
  double upstream;
  PreferenceSpec spec;
  FlipRange flips;
};

/** What the totals sum; `partials` hold it in the order of CHORUS_PREFERENCE_*_SUM. */
struct PairSums {
  double loss = 0;
  double margin = 0;
  double right = 0;
  double pairs = 0;
};

CHORUS_DEVICE double ValueOf(float x) { return x; }
CHORUS_DEVICE double ValueOf(Bf16 x) { return ToFloat(x); }
CHORUS_DEVICE double ValueOf(F16 x) { return ToFloat(x); }
CHORUS_DEVICE double ValueOf(double x) { return x; }
CHORUS_DEVICE bool IsFiniteValue(double x) { return x - x == 0; }

/** The four log-probabilities of a pair. */
struct PairValues {
  double policy_chosen, policy_rejected, ref_chosen, ref_rejected;
  CHORUS_DEVICE double Chosen() const { return policy_chosen - ref_chosen; }
  CHORUS_DEVICE double Rejected() const { return policy_rejected - ref_rejected; }
};

/** 0 for a pair that is not to be looked at. */
template <typename In, typename Gradient>
CHORUS_DEVICE float WeightOf(const PairArrays<In, Gradient>& b, int64_t n) {
  const bool empty = b.chosen_tokens && (b.chosen_tokens[n] == 0 || b.rejected_tokens[n] == 0);
  return empty ? 0.0f : b.weights ? b.weights[n] : 1.0f;
}

template <typename In, typename Gradient>
CHORUS_DEVICE PairValues ValuesOf(const PairArrays<In, Gradient>& b, int64_t n) {
  return {ValueOf(b.policy_chosen[n]), ValueOf(b.policy_rejected[n]), b.ref_chosen ? ValueOf(b.ref_chosen[n]) : 0.0,
          b.ref_chosen ? ValueOf(b.ref_rejected[n]) : 0.0};
}

/** Whether a pair of weight above 0 can be computed; reports it if not. */
template <typename In, typename Gradient>
CHORUS_DEVICE bool IsGoodPair(const PairArrays<In, Gradient>& b, int64_t n, float weight, const PairValues& values,
                              const Faults& faults) {
  if (!IsWeight(weight)) {
    faults.Report(n, Reason::kPairWeight);
    return false;
  }
  if (!IsFiniteValue((values.policy_chosen - values.policy_chosen) + (values.policy_rejected - values.policy_rejected) +
                     (values.ref_chosen - values.ref_chosen) + (values.ref_rejected - values.ref_rejected))) {
    // Where tokens were summed to NaN, that has been reported.
    const bool told = sizeof(In) == sizeof(double) && values.policy_chosen + values.policy_rejected !=
                                                          values.policy_chosen + values.policy_rejected;
    if (!told) faults.Report(n, Reason::kPairValue);
    return false;
  }
  if (b.flip && !(b.flip[n] >= b.flips.low && b.flip[n] <= b.flips.high)) {
    faults.Report(n, Reason::kPairFlip);
    return false;
  }
  if (b.chosen_lengths && (b.chosen_lengths[n] < 1 || b.rejected_lengths[n] < 1)) {
    faults.Report(n, Reason::kPairLength);
    return false;
  }
  if (b.dchosen && b.dloss && !IsFinite(b.dloss[n])) {
    faults.Report(n, Reason::kPairUpstream);
    return false;
  }
  return true;
}

template <typename In, typename Gradient>
CHORUS_DEVICE void StorePair(const PairArrays<In, Gradient>& b, int64_t n, double loss, double dchosen, double drejected,
                             double chosen_reward, double rejected_reward) {
  b.loss[n] = static_cast<float>(loss);
  if (b.dchosen) {
    b.dchosen[n] = static_cast<Gradient>(dchosen);
    b.drejected[n] = static_cast<Gradient>(drejected);
  }
  if (b.chosen_rewards) {
    b.chosen_rewards[n] = static_cast<float>(chosen_reward);
    b.rejected_rewards[n] = static_cast<float>(rejected_reward);
  }
}

/** For a pair of weight 0, and NaN for one that is refused. */
template <typename In, typename Gradient>
CHORUS_DEVICE PairSums StoreEverywhere(const PairArrays<In, Gradient>& b, int64_t n, double value) {
  StorePair(b, n, value, value, value, value, value);
  return {value, value, 0, 0};
}

/** All kinds but the two that sort. */
template <typename In, typename Gradient>
CHORUS_DEVICE PairSums ComputePair(const PairArrays<In, Gradient>& b, int64_t n, const Faults& faults) {
  const float w = WeightOf(b, n);
  if (w == 0) return StoreEverywhere(b, n, 0);
  const PairValues values = ValuesOf(b, n);
  if (!IsGoodPair(b, n, w, values, faults)) return StoreEverywhere(b, n, NAN);
  const double weight = w;
  scalar::PreferencePair<double> pair = {values.Chosen(), values.Rejected(), 1, 1, b.flip ? b.flip[n] : b.spec.epsilon};
  if (b.chosen_lengths) {
    pair.chosen_length = static_cast<double>(b.chosen_lengths[n]);
    pair.rejected_length = static_cast<double>(b.rejected_lengths[n]);
  }
  const scalar::PreferenceTerms<double> terms = scalar::PreferenceTermsOf(b.spec, pair);
  const double factor = b.dchosen ? b.upstream * weight * (b.dloss ? b.dloss[n] : 1.0) : 0.0;
  const double loss = weight * terms.loss;
  const double dchosen = factor * terms.dchosen;
  const double drejected = factor * terms.drejected;
  const double chosen_reward = b.spec.beta * pair.chosen;
  const double rejected_reward = b.spec.beta * pair.rejected;
  // NaN is not less.
  if (!(fabs(loss) + (fabs(chosen_reward) + fabs(rejected_reward)) + (fabs(dchosen) + fabs(drejected)) <= FLT_MAX)) {
    faults.Report(n, Reason::kPairTooLarge);
    return StoreEverywhere(b, n, NAN);
  }
  StorePair(b, n, loss, dchosen, drejected, chosen_reward, rejected_reward);
  return {loss, chosen_reward - rejected_reward, pair.chosen > pair.rejected ? 1.0 : 0.0, 1};
}

/** What the block's threads summed, to partials [blockIdx.x]; nothing where the caller wants no totals. */
CHORUS_DEVICE void StorePartial(double* partials, const PairSums& sums) {
  if (!partials) return;
  const double of_block[] = {SumTeam<kPairsBlock>(sums.loss), SumTeam<kPairsBlock>(sums.margin),
                             SumTeam<kPairsBlock>(sums.right), SumTeam<kPairsBlock>(sums.pairs)};
  if (threadIdx.x != 0) return;
  CHORUS_UNROLL
  for (int i = 0; i < CHORUS_PREFERENCE_TOTALS; ++i) {
    partials[static_cast<int64_t>(blockIdx.x) * CHORUS_PREFERENCE_TOTALS + i] = of_block[i];
  }
}

/** The number of blocks leaves room for a hundred registers; unasked, ptxas is content with 56 and spills two of them. */
template <typename In, typename Gradient>
__global__ void __launch_bounds__(kPairsBlock, 8)
    PreferencePairs(PairArrays<In, Gradient> b, double* partials, Faults faults) {
  const int64_t n = static_cast<int64_t>(blockIdx.x) * kPairsBlock + threadIdx.x;
  PairSums sums;
  if (n < b.P) sums = ComputePair(b, n, faults);
  StorePartial(partials, sums);
}

/** totals = the sum of partials [count], by one block. */
static __global__ void __launch_bounds__(kTotalsBlock)
    PreferenceTotals(double* totals, const double* partials, int64_t count) {
  double sums[CHORUS_PREFERENCE_TOTALS] = {0, 0, 0, 0};
  for (int64_t block = threadIdx.x; block < count; block += kTotalsBlock) {
    CHORUS_UNROLL
    for (int i = 0; i < CHORUS_PREFERENCE_TOTALS; ++i) sums[i] += partials[block * CHORUS_PREFERENCE_TOTALS + i];
  }
  CHORUS_UNROLL
  for (int i = 0; i < CHORUS_PREFERENCE_TOTALS; ++i) {
    const double sum = SumTeam<kTotalsBlock>(sums[i]);
    if (threadIdx.x == 0) totals[i] = sum;
  }
}

}  // namespace cuda
}  // namespace chorus

#endif
