// The two kinds that sort the batch, on a device.
//
// A sort of a few thousand values has too little work for a device to need a good algorithm, and many steps that wait for
// each other if it has one. So each value is compared with every other: its place is the number of smaller ones, plus the
// equal ones before it. That is stable, takes one launch, and has no order of its own.
//
//   PreferenceKeys    what is sorted of each pair, rewards, checks
//   PreferenceRanks   places
//   PreferenceMet     losses and gradients of what met there
//
// Pairs that do not take part (of weight 0, or refused) have a key above all others and end up behind them, in both orders.
#ifndef CHORUS_OPS_PREFERENCE_SORTED_CUDA_H
#define CHORUS_OPS_PREFERENCE_SORTED_CUDA_H

#include <cstring>

#include "ops/preference/preference_pairs_cuda.h"

namespace chorus {
namespace cuda {

/** A value as an unsigned number of the same order. */
typedef unsigned long long SortKey;

constexpr SortKey kSignBit = SortKey{1} << 63;
/** NaN's, which no pair that takes part has. */
constexpr SortKey kTakesNoPart = ~SortKey{0} - 1;

CHORUS_DEVICE SortKey KeyOf(double value) {
  // -0 becomes 0, its equal.
  const double positive_zero = value + 0.0;
  SortKey bits;
  memcpy(&bits, &positive_zero, sizeof bits);
  return bits & kSignBit ? ~bits : bits | kSignBit;
}

CHORUS_DEVICE double KeyValue(SortKey key) {
  const SortKey bits = key & kSignBit ? key & ~kSignBit : ~key;
  double value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

struct Smallest {
  CHORUS_DEVICE int operator()(int a, int b) const { return a < b ? a : b; }
};

/** The weight of the first pair that takes part, which all others must have. The whole block asks. */
template <typename In, typename Gradient>
CHORUS_DEVICE float FirstWeight(const PairArrays<In, Gradient>& b) {
  if (!b.weights) return 1;
  for (int64_t first = 0; first < b.P; first += kPairsBlock) {
    const int64_t n = first + threadIdx.x;
    const float weight = n < b.P ? WeightOf(b, n) : 0.0f;
    const int rank = weight != 0 && IsWeight(weight) ? static_cast<int>(threadIdx.x) : kPairsBlock;
    const int found = CombineTeam<kPairsBlock>(rank, Smallest());
    if (found < kPairsBlock) return b.weights[first + found];
  }
  return 1;
}

/** keys [2, P]: of the first and of the second value. Writes all results of pairs that take no part, and all rewards. */
template <typename In, typename Gradient>
__global__ void __launch_bounds__(kPairsBlock)
    PreferenceKeys(PairArrays<In, Gradient> b, SortKey* keys, double* partials, Faults faults) {
  const float weight = FirstWeight(b);
  const int64_t n = static_cast<int64_t>(blockIdx.x) * kPairsBlock + threadIdx.x;
  PairSums sums;
  if (n < b.P) {
    const float w = WeightOf(b, n);
    SortKey first = kTakesNoPart, second = kTakesNoPart;
    if (w == 0) {
      sums = StoreEverywhere(b, n, 0);
    } else {
      const PairValues values = ValuesOf(b, n);
      const double chosen = values.Chosen(), rejected = values.Rejected();
      bool good = IsGoodPair(b, n, w, values, faults);
      if (good && !(b.spec.beta * (fabs(chosen) + fabs(rejected)) <= FLT_MAX)) {
        faults.Report(n, Reason::kPairTooLarge);
        good = false;
      }
      if (good && w != weight) {
        faults.Report(n, Reason::kPairWeights);
        good = false;
      }
      if (good) {
        const bool paired = b.spec.kind == CHORUS_PREFERENCE_AOT;
        first = KeyOf(paired ? values.policy_chosen - values.policy_rejected : chosen);
        second = KeyOf(paired ? values.ref_chosen - values.ref_rejected : rejected);
        const double chosen_reward = b.spec.beta * chosen, rejected_reward = b.spec.beta * rejected;
        if (b.chosen_rewards) {
          b.chosen_rewards[n] = static_cast<float>(chosen_reward);
          b.rejected_rewards[n] = static_cast<float>(rejected_reward);
        }
        sums = {0, chosen_reward - rejected_reward, chosen > rejected ? 1.0 : 0.0, 1};
      } else {
        sums = StoreEverywhere(b, n, NAN);
      }
    }
    keys[n] = first;
    keys[b.P + n] = second;
  }
  StorePartial(partials, sums);
}

/** Values that a block finds the places of, a lane each; its warps share out those to compare with. */
constexpr int kRanked = kWarp;
constexpr int kRankWarps = 8;
constexpr int kRankBlock = kRanked * kRankWarps;
/** Keys in shared memory at once, and of these a warp's. */
constexpr int kRankTile = 1024;
constexpr int kRankShare = kRankTile / kRankWarps;

/** order [2, P]: the pairs by their first values, and by their second. Blocks of even number do the first. */
static __global__ void __launch_bounds__(kRankBlock) PreferenceRanks(int* order, const SortKey* keys, int64_t P) {
  const int lane = static_cast<int>(threadIdx.x % kWarp), warp = static_cast<int>(threadIdx.x / kWarp);
  const int64_t side = blockIdx.x % 2 * P;
  const int64_t first = static_cast<int64_t>(blockIdx.x / 2) * kRanked;
  const int64_t n = first + lane;
  const SortKey* const all = keys + side;
  const SortKey own = n < P ? all[n] : kTakesNoPart;
  CHORUS_SHARED(SortKey, tile, kRankTile);
  CHORUS_SHARED(int, counts, kRankBlock);
  int before = 0;
  for (int64_t start = 0; start < P; start += kRankTile) {
    CHORUS_UNROLL
    for (int i = 0; i < kRankTile / kRankBlock; ++i) {
      const int at = i * kRankBlock + static_cast<int>(threadIdx.x);
      // What lies behind the last one comes before nothing.
      tile[at] = start + at < P ? all[start + at] : ~SortKey{0};
    }
    __syncthreads();
    const SortKey* const share = tile + warp * kRankShare;
    const int64_t m = start + warp * kRankShare;
    if (m <= first && first < m + kRankShare) {
      CHORUS_NO_UNROLL
      for (int i = 0; i < kRankShare; ++i) before += share[i] < own + (m + i < n ? 1 : 0) ? 1 : 0;
    } else {
      // Equal keys come before if their pairs do.
      const SortKey above = own + (m < first ? 1 : 0);
      CHORUS_UNROLL
      for (int i = 0; i < kRankShare; ++i) before += share[i] < above ? 1 : 0;
    }
    __syncthreads();
  }
  counts[threadIdx.x] = before;
  __syncthreads();
  if (warp != 0 || n >= P) return;
  int place = 0;
  CHORUS_UNROLL
  for (int i = 0; i < kRankWarps; ++i) place += counts[i * kWarp + lane];
  order[side + place] = static_cast<int>(n);
}

/**
 * The k-th of the first values meets the k-th of the second. What comes of it belongs to the pairs whose answers they are:
 * loss, weight and dloss to that of the first.
 */
template <typename In, typename Gradient>
__global__ void __launch_bounds__(kPairsBlock)
    PreferenceMet(PairArrays<In, Gradient> b, const SortKey* keys, const int* order, double* partials, Faults faults) {
  const int64_t k = static_cast<int64_t>(blockIdx.x) * kPairsBlock + threadIdx.x;
  PairSums sums;
  if (k < b.P) {
    const int64_t n = order[k], m = order[b.P + k];
    const SortKey first = keys[n], second = keys[b.P + m];
    if (first != kTakesNoPart) {
      const double weight = b.weights ? b.weights[n] : 1.0f;
      const double x = b.spec.beta * (KeyValue(first) - KeyValue(second));
      const scalar::Score<double> l = scalar::ConservativeLogistic(x, b.spec.epsilon);
      double loss = weight * l.h;
      double d = b.dchosen ? b.upstream * weight * (b.dloss ? b.dloss[n] : 1.0) * b.spec.beta * l.slope : 0.0;
      if (!(fabs(loss) + 2 * fabs(d) <= FLT_MAX)) {
        faults.Report(n, Reason::kPairTooLarge);
        loss = d = NAN;
      }
      b.loss[n] = static_cast<float>(loss);
      if (b.dchosen) {
        b.dchosen[n] = static_cast<Gradient>(d);
        b.drejected[b.spec.kind == CHORUS_PREFERENCE_AOT ? n : m] = static_cast<Gradient>(-d);
      }
      sums.loss = loss;
    }
  }
  StorePartial(partials, sums);
}

}  // namespace cuda
}  // namespace chorus

#endif
