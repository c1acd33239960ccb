// Posteriors of some items by a warp: some lanes an item, class k being the affair of lane k modulo their number.
//
// An item's concentrations are kept in shared memory, so that the measures can be summed by those lanes, and the results of
// [N, K] be computed and written by neighbouring lanes for neighbouring elements, whatever K is. What answers add to the prior
// is summed in f32, and so are the few classes of a lane.
#ifndef CHORUS_OPS_DIRICHLET_POSTERIOR_CUDA_H
#define CHORUS_OPS_DIRICHLET_POSTERIOR_CUDA_H

#include <cfloat>
#include <type_traits>

#include "cuda/fault.h"
#include "cuda/single.h"
#include "cuda/target_row.h"
#include "cuda/team.h"
#include "cuda/types.h"
#include "ops/dirichlet_posterior/dirichlet_posterior.h"

namespace chorus {
namespace cuda {

/** Floats of shared memory for a warp's concentrations. */
constexpr int kDirichletTile = 33 * kWarp;

/** How items share a warp: 2^log_lanes lanes each, `pitch` apart in the tile; a pitch of 0 is none of them there. */
struct ItemShare {
  int log_lanes, pitch;
};

/** Answer is int64_t (a vote) or the type of a soft label's elements. */
template <typename Answer>
struct DirichletArguments {
  DirichletOutputs out;
  const Answer* answers;
  const float *lambda, *labeler_weights, *prior, *weights;
  int64_t N;
  int W, K;
  ItemShare share;

  CHORUS_DEVICE bool WantsTerms() const { return out.expected || out.mutual || out.differential; }
};

/** What the results of [N, K] need to know of an item. NaN in a bad one; inverse 0 in one that is not looked at. */
struct alignas(16) DirichletItem {
  float strength, inverse;
  float others;          // the sum of all concentrations but the largest
  float variance_scale;  // 1 / (S (S + 1))
};

constexpr float kDirichletLn2 = 0.69314718f;

/** a / b from the approximate inverse of b, to a rounding. */
CHORUS_DEVICE float Ratio(float a, float b, float inverse) {
  const float ratio = a * inverse;
  return fmaf(inverse, fmaf(-ratio, b, a), ratio);
}

/**
 * g(a) and -h_1(a) as in common/special.h, of a > 0. From c = a + 1, whose curves have no pole:
 *
 *   psi(c) = ln c + x D,   h_1(c) + 1 = a x R - ln(c) / 2        (common/dirichlet.h)
 *   g(a)   = psi(c) - ln a = ln(c / a) + x D
 *   h_1(a) = h_1(c) - psi(c) + 1 / a + ln a = a x R - ln(c) / 2 - 1 - g(a) + 1 / a
 */
struct DirichletMeasure {
  float g, minus_h;

  CHORUS_DEVICE DirichletMeasure(float a, float log_a, bool with_h) {
    const float inverse = InverseOf(a);
    // Of the smaller of a and 1 / a.
    const float log1p = SingleMath::Log1p(Single{fminf(a, inverse)}).v;
    const bool small = a < 1;
    const DirichletTerm<Single> term(Single{a});
    g = (small ? log1p - log_a : log1p) + (term.x * dirichlet::DigammaCurve(term.w)).v;
    minus_h = 0;
    if (with_h) {
      const float log_c = small ? log1p : log1p + log_a;
      minus_h = 0.5f * log_c + g - term.Smooth().v - inverse + 1;
    }
  }
};

/** Whether priors and labelers' weights are good, for all threads of a block; names what is not. */
template <typename Answer>
CHORUS_DEVICE bool CheckCommon(const DirichletArguments<Answer>& c, const Faults& faults) {
  CHORUS_SHARED(int, bad, 1);
  if (threadIdx.x == 0) bad[0] = 0;
  __syncthreads();
  CHORUS_NO_UNROLL
  for (int k = static_cast<int>(threadIdx.x); k < c.K; k += kWarpTeamsBlock) {
    const float prior = c.prior[k];
    if (prior > 0 && prior < INFINITY) continue;
    faults.Report(k, Reason::kPrior);
    bad[0] = 1;
  }
  CHORUS_NO_UNROLL
  for (int w = static_cast<int>(threadIdx.x); c.labeler_weights && w < c.W; w += kWarpTeamsBlock) {
    if (IsWeight(c.labeler_weights[w])) continue;
    faults.Report(w, Reason::kLabelerWeight);
    bad[0] = 1;
  }
  __syncthreads();
  return bad[0] == 0;
}

template <typename Answer>
CHORUS_DEVICE float LabelerWeight(const DirichletArguments<Answer>& c, int w) {
  return c.labeler_weights ? c.labeler_weights[w] : 1.0f;
}

/** What the soft labels of item n add to class k; NaN if one is bad. */
template <typename Answer>
CHORUS_DEVICE float SumLabels(const DirichletArguments<Answer>& c, int n, int k) {
  const Answer* label = c.answers + static_cast<int64_t>(n) * c.W * c.K + k;
  const float* lambda = c.lambda ? c.lambda + static_cast<int64_t>(n) * c.W : nullptr;
  float sum = 0;
  for (int w = 0; w < c.W; ++w) {
    // The number of votes that it counts for; at 0 it is not looked at, nor is lambda where the labeler is not.
    float weight = LabelerWeight(c, w);
    if (weight != 0 && lambda) weight *= IsWeight(lambda[w]) ? lambda[w] : NAN;
    if (weight == 0) continue;
    const float y = ToFloat(label[static_cast<int64_t>(w) * c.K]);
    // NaN is not within.
    sum = y >= 0 && y <= kMaxSoftLabel ? sum + weight * y : NAN;
  }
  return sum;
}

/** kTiled: the concentrations are in `tile`. Otherwise they are computed as often as asked for, by a warp an item. */
template <bool kTiled, typename Answer>
class DirichletRow {
  static constexpr bool kVotes = std::is_same<Answer, int64_t>::value;
  static constexpr unsigned kBad = 1, kTooLarge = 2;
  // Few numbers, or many.
  using Sum = std::conditional_t<kTiled, float, double>;

 public:
  /** An item that is not `live` is beyond the last one: its lanes only keep the others company. `good`: what items share. */
  CHORUS_DEVICE DirichletRow(const DirichletArguments<Answer>& call, float* item_tile, int item, bool live, bool good,
                             int first_lane)
      : c(call),
        lanes(kTiled ? 1 << call.share.log_lanes : kWarp),
        tile(item_tile),
        n(item),
        rank(first_lane),
        is_live(live) {
    const float weight = live && c.weights ? c.weights[n] : 1.0f;
    has_good_weight = IsWeight(weight);
    bad = good && has_good_weight ? 0u : kBad;
    classes = live && weight != 0 ? c.K : 0;
  }

  /** For votes: their sums in the tile, which holds zeros, each by the lane that it belongs to. */
  CHORUS_DEVICE void CountVotes() {
    if (classes == 0) return;
    const int64_t* votes = Votes();
    // Of -1, which is no vote, the sign is left.
    const int lane_bits = static_cast<int>(0x80000000u | static_cast<unsigned>(lanes - 1));
    constexpr int kBatch = 4;
    CHORUS_NO_UNROLL
    for (int first = 0; first < c.W; first += kBatch) {
      int64_t vote[kBatch];
      float weights[kBatch];
      CHORUS_UNROLL
      for (int j = 0; j < kBatch; ++j) {
        vote[j] = first + j < c.W ? votes[first + j] : -1;
        weights[j] = 1;
      }
      if (c.labeler_weights) {
        CHORUS_UNROLL
        for (int j = 0; j < kBatch; ++j) weights[j] = first + j < c.W ? c.labeler_weights[first + j] : 0.0f;
      }
      CHORUS_UNROLL
      for (int j = 0; j < kBatch; ++j) {
        if (first + j >= c.W) break;
        const bool counts = weights[j] != 0;
        const bool is_vote = IsVote(vote[j]);
        if (counts && !is_vote) bad |= kBad;
        // What belongs to another lane adds nothing to a class of this one.
        const bool own = counts && is_vote && (static_cast<int>(vote[j]) & lane_bits) == rank;
        tile[own ? static_cast<int>(vote[j]) : rank] += own ? weights[j] : 0.0f;
      }
    }
  }

  /** The item's results but those of [N, K], for which it gives what they need. */
  CHORUS_DEVICE DirichletItem Measure() {
    if constexpr (!kTiled && kVotes) LookAtVotes();
    FindStrength();
    // Bad labels have made it NaN.
    bad |= strength == INFINITY ? kTooLarge : !(strength < INFINITY) ? kBad : 0u;
    bad = CombineLanes(bad, lanes, Either());
    DirichletItem item = {1, 0, 0, 0};
    if (classes > 0) {
      item.strength = bad ? NAN : strength;
      item.inverse = InverseOf(item.strength);
      item.inverse = Ratio(1, item.strength, item.inverse);
      item.others = others;
      item.variance_scale = item.inverse * InverseOf(item.strength + 1);
    }
    Sums sums;
    if (c.out.total || c.WantsTerms()) sums = SumTerms(item);
    if (kTiled && bad) {
      for (int k = rank; k < classes; k += lanes) tile[k] = NAN;
    }
    if (is_live && rank == 0) WriteItem(item, sums);
    return item;
  }

  /** By one lane: what is wrong with the item, if anything is and all else is good. */
  CHORUS_DEVICE void Report(const Faults& faults) const {
    if (!bad || classes == 0) return;
    Reason reason = !has_good_weight   ? Reason::kWeight
                    : bad == kTooLarge ? Reason::kConcentration
                    : kVotes           ? Reason::kVote
                                       : Reason::kLabel;
    for (int w = 0; reason == Reason::kLabel && c.lambda && w < c.W; ++w) {
      if (LabelerWeight(c, w) != 0 && !IsWeight(c.lambda[static_cast<int64_t>(n) * c.W + w])) reason = Reason::kLambda;
    }
    faults.Report(n, reason);
  }

  /** The concentration of class k; NaN in a bad item. */
  CHORUS_DEVICE float Alpha(int k) const {
    if constexpr (kTiled) {
      return tile[k];
    } else if (classes == 0 || bad) {
      return classes == 0 ? 0.0f : NAN;
    } else if constexpr (kVotes) {
      float sum = 0;
      for (int w = 0; w < c.W; ++w) {
        if (Votes()[w] == k) sum += LabelerWeight(c, w);
      }
      return c.prior[k] + sum;
    } else {
      return c.prior[k] + SumLabels(c, n, k);
    }
  }

 private:
  /** A class, or -1 for none. */
  CHORUS_DEVICE bool IsVote(int64_t vote) const {
    return static_cast<uint64_t>(vote) + 1 <= static_cast<uint64_t>(static_cast<unsigned>(c.K));
  }
  CHORUS_DEVICE const int64_t* Votes() const { return c.answers + static_cast<int64_t>(n) * c.W; }

  CHORUS_DEVICE void LookAtVotes() {
    for (int w = rank; w < c.W && classes > 0; w += lanes) {
      if (LabelerWeight(c, w) != 0 && !IsVote(Votes()[w])) bad |= kBad;
    }
  }

  /** The largest concentration, its class, and the sum of all the others: where it is almost everything, they keep
   * their digits. The tile's sums become concentrations. */
  CHORUS_DEVICE void FindStrength() {
    Sum sum = 0;
    label = 0;
    for (int k = rank; k < classes; k += lanes) {
      float a = Alpha(k);
      if (kTiled) tile[k] = a = c.prior[k] + a;
      const bool larger = a > largest;
      sum += larger ? largest : a;
      largest = larger ? a : largest;
      label = larger ? k : label;
    }
    CHORUS_NO_UNROLL
    for (int mask = lanes / 2; mask > 0; mask /= 2) {
      const float other_largest = ShuffleXor(largest, mask);
      const int other_label = ShuffleXor(label, mask);
      const bool larger = other_largest > largest || (other_largest == largest && other_label < label);
      sum = sum + ShuffleXor(sum, mask) + (larger ? largest : other_largest);
      largest = larger ? other_largest : largest;
      label = larger ? other_label : label;
    }
    others = static_cast<float>(sum);
    strength = static_cast<float>(largest + sum);
  }

  struct Sums {
    float total = 0, mutual = 0, differential = 0;
  };

  /** Over the lane's classes; the total in logarithms to base 2, and without the largest. */
  struct ClassSums {
    Sum total = 0, mutual = 0, differential = 0;
  };

  template <bool kTerms, bool kDifferential>
  CHORUS_DEVICE ClassSums SumClasses(const DirichletItem& item) const {
    const float log_strength = logf(item.strength);
    ClassSums sums;
    CHORUS_NO_UNROLL
    for (int k = rank; k < classes; k += lanes) {
      const float a = Alpha(k);
      const float p = a * item.inverse;
      const float log2_p = Log2(fmaxf(p, FLT_MIN));
      sums.total -= (k == label ? 0.0f : p) * log2_p;
      if (!kTerms) continue;
      const DirichletMeasure measure(a, kDirichletLn2 * log2_p + log_strength, kDifferential);
      sums.mutual += p * measure.g;
      if (kDifferential) sums.differential += measure.minus_h;
    }
    return sums;
  }

  CHORUS_DEVICE Sums SumTerms(const DirichletItem& item) const {
    const ClassSums own = c.out.differential ? SumClasses<true, true>(item)
                          : c.WantsTerms()   ? SumClasses<true, false>(item)
                                             : SumClasses<false, false>(item);
    Sums sums;
    sums.total = kDirichletLn2 * static_cast<float>(CombineLanes(own.total, lanes, Plus()));
    sums.mutual = static_cast<float>(CombineLanes(own.mutual, lanes, Plus()));
    sums.differential = static_cast<float>(CombineLanes(own.differential, lanes, Plus()));
    // The largest p may be almost 1, and its logarithm almost 0: -ln p = ln(1 + (1 - p) / p).
    const float p = largest * item.inverse;
    const float odds = others * InverseOf(largest);
    sums.total += p * (odds < 1 ? SingleMath::Log1p(Single{odds}).v : -kDirichletLn2 * Log2(p));
    return sums;
  }

  CHORUS_DEVICE void WriteItem(const DirichletItem& item, const Sums& sums) const {
    const bool looked_at = classes > 0;
    const float K = static_cast<float>(c.K);
    if (c.out.label) c.out.label[n] = looked_at ? label : -1;
    if (c.out.epkl) c.out.epkl[n] = Ratio(K - 1, item.strength, item.inverse);
    if (c.out.vacuity) c.out.vacuity[n] = Ratio(K, item.strength, item.inverse);
    const float total = looked_at ? sums.total : 0.0f;
    if (c.out.total) c.out.total[n] = total;
    if (!c.WantsTerms()) return;
    const float log_strength = logf(item.strength);
    const DirichletMeasure of_sum(item.strength, log_strength, c.out.differential);
    // One class leaves no doubt, not even that of a rounding.
    const float one_or_none = looked_at && c.K > 1 ? 1.0f : 0.0f;
    float mutual = one_or_none * (sums.mutual - of_sum.g);
    float expected = total - mutual;
    // h_K(S) = h_1(S) - (K - 1) psi(S), and psi(S) = g(S) + ln S - 1 / S.
    const float digamma = log_strength + (of_sum.g - item.inverse);
    const float differential = one_or_none * (sums.differential - of_sum.minus_h - (K - 1) * digamma);
    // Rounding may leave a zero below 0; NaN stays.
    mutual = mutual < 0 ? 0 : mutual;
    expected = expected < 0 ? 0 : expected;
    if (c.out.expected) c.out.expected[n] = expected;
    if (c.out.mutual) c.out.mutual[n] = mutual;
    if (c.out.differential) c.out.differential[n] = differential;
  }

  const DirichletArguments<Answer>& c;
  const int lanes;
  float* const tile;
  const int n;
  const int rank;
  const bool is_live;
  bool has_good_weight;
  unsigned bad;
  int classes;  // 0 for an item that is not looked at
  int label = 0;
  float largest = 0, others = 0, strength = 0;
};

}  // namespace cuda
}  // namespace chorus

#endif
