// One row of logits against its W labels, by some lanes of a warp: class k is the affair of lane k modulo their number.
//
// A label is gone through twice. Its total concentration is a sum over classes, and the first pass makes it, label by label;
// what a total asks for is computed by one lane a label. The second pass goes class by class, so that a class's sums over labels
// stay in registers.
#ifndef CHORUS_OPS_EVIDENTIAL_CUDA_H
#define CHORUS_OPS_EVIDENTIAL_CUDA_H

#include <cstring>
#include <type_traits>

#include "cuda/fault.h"
#include "cuda/log_product.h"
#include "cuda/single.h"
#include "cuda/target_row.h"
#include "cuda/team.h"
#include "ops/evidential/evidence.h"
#include "ops/evidential/evidential.h"
#include "ops/evidential/evidential_total.h"

namespace chorus {
namespace cuda {

/** Floats of shared memory for a warp: seven blocks fit into a multiprocessor of an H200. */
constexpr int kEvidentialTile = 1920;
/** Where the labels are not there: labels whose totals are held at once, and classes whose evidence is. */
constexpr int kEvidentialLabels = 128;
constexpr int kEvidentialKept = kEvidentialTile - 2 * kEvidentialLabels - 2;

/** How rows share a warp and its tile: lanes of a row, and the distances of two rows' labels and of what comes after all
 * labels, which is a row's evidence, lambdas, totals and ln S. Labels whose distance is 0 stay where they are. */
struct RowShare {
  int lanes, labels, rest;
};

template <typename In>
struct EvidentialArguments {
  float *loss, *nll, *kl, *dlogits;
  const float* dloss;
  const In* logits;
  const float *targets, *lambda, *weights;
  int64_t N;
  int W, K;
  int64_t stride;
  double kl_weight;
  double no_evidence;  // NoEvidence(K)
  float gradient_weight;  // kl_weight
  float equal_part;       // 1 / W
  bool kl_value, kl_gradient;
  RowShare share;
};

/** kStaged: the labels are in shared memory. Otherwise they are read from where they are, by a warp a row, and the evidence
 * of classes from kEvidentialKept on is computed as often as it is asked for. */
template <int kKind, bool kStaged, typename In>
class EvidentialRow {
  using Each = EvidenceOf<kKind, SingleMath, Single>;

 public:
  /** A row that is not `live` is beyond the last one: its lanes only keep the others company. */
  CHORUS_DEVICE EvidentialRow(const EvidentialArguments<In>& call, float* row_labels, float* row_rest, int row,
                              bool live, int first_lane)
      : c(call),
        lanes(call.share.lanes),
        logits(call.logits + row * call.stride),
        lambda(call.lambda ? call.lambda + static_cast<int64_t>(row) * call.W : nullptr),
        labels(row_labels),
        rest(row_rest),
        n(row),
        rank(first_lane) {
    weight = !live ? 0.0f : c.weights ? c.weights[n] : 1.0f;
    classes = weight == 0 ? 0 : c.K;
  }

  CHORUS_DEVICE void Run(bool live, const Faults& faults) {
    FindParts();
    if (c.dlogits && classes > 0) {
      const float d = c.dloss[n];
      if (!IsFinite(d)) bad |= kBadUpstream;
      scale = weight * d;
    }
    FindStrength();
    if (kStaged) WaitForCopies();
    const int most = kStaged ? c.W : kEvidentialLabels;
    for (int from = 0; from < c.W; from += most) {
      const int end = c.W - from < most ? c.W : from + most;
      if (!kStaged) StoreParts(from, end);
      __syncwarp();
      mass = 0;
      if (c.kl_value && c.kl_gradient) {
        AddLabels<true, true>(from, end);
      } else if (c.kl_value) {
        AddLabels<true, false>(from, end);
      } else if (c.kl_gradient) {
        AddLabels<false, true>(from, end);
      } else {
        AddLabels<false, false>(from, end);
      }
    }
    nll = CombineLanes(nll, lanes, Plus());
    kl = CombineLanes(kl, lanes, Plus());
    bad = CombineLanes(bad, lanes, Either());
    if (live) Write(faults);
  }

 private:
  static constexpr float kLn2 = 0.69314718f;

  // In the order in which a row's faults are told.
  enum : unsigned { kBadWeight = 1, kBadLambda = 2, kBadLogit = 4, kBadLabel = 8, kBadUpstream = 16 };

  /** Elements of a label that a lane has under way at once. */
  static constexpr int kLoads = kStaged ? 1 : 4;
  /** Sums of evidence are held over this, so that no f32 is too large to be added up. */
  static constexpr float kUnit = 65536;

  /** Of one label, over its classes. */
  struct LabelSums {
    float excess = 0;  // of the concentrations over 1, over kUnit
    LogProduct alpha;

    CHORUS_DEVICE void Combine(int lanes) {
      CHORUS_NO_UNROLL
      for (int mask = lanes / 2; mask > 0; mask /= 2) {
        excess += ShuffleXor(excess, mask);
        alpha.Combine(mask);
      }
    }
  };

  CHORUS_DEVICE float LambdaOf(int i) const { return lambda ? lambda[i] : c.equal_part; }

  /** Whether there is a label to look at: a row without counts as one of weight 0. */
  CHORUS_DEVICE void FindParts() {
    if (!IsWeight(weight)) bad |= kBadWeight;
    unsigned any = 0;
    CHORUS_NO_UNROLL
    for (int i = rank; i < c.W; i += lanes) {
      const float part = classes > 0 ? LambdaOf(i) : 0.0f;
      any |= part != 0;
      if (!IsWeight(part)) bad |= kBadLambda;
      if (kStaged) rest[PartPlace(i)] = part;
    }
    if (!CombineLanes(any, lanes, Either())) classes = 0;
  }

  CHORUS_DEVICE void StoreParts(int from, int end) {
    __syncwarp();
    for (int i = from + rank; i < end; i += lanes) rest[PartPlace(i - from)] = classes > 0 ? LambdaOf(i) : 0.0f;
  }

  CHORUS_DEVICE int PartPlace(int i) const { return (kStaged ? c.K : kEvidentialKept) + i; }
  CHORUS_DEVICE int TotalPlace(int i) const { return PartPlace(i) + (kStaged ? c.W : kEvidentialLabels); }
  /** Of ln S and its rounding to f32. */
  CHORUS_DEVICE int LogPlace() const { return TotalPlace(kStaged ? c.W : kEvidentialLabels); }
  CHORUS_DEVICE bool IsKept(int k) const { return kStaged || k < kEvidentialKept; }

  CHORUS_DEVICE float Logit(int k) const { return ToFloat(logits[k]); }
  CHORUS_DEVICE float EvidenceAt(int k) const { return IsKept(k) ? rest[k] : Each::Evidence(Single{Logit(k)}).v; }
  /** A label of part 0 is not looked at: it may hold anything. */
  CHORUS_DEVICE float Label(int i, int k, float part) const {
    return kStaged || part != 0 ? labels[static_cast<int64_t>(i) * c.K + k] : 0.0f;
  }

  /** S over e^shift, and ln S. The shift is 0 but for exp evidence of logits beyond 40, of which e^z need not exist. */
  CHORUS_DEVICE void FindStrength() {
    float max = 0, sum = 0;
    for (int k = rank; k < classes; k += lanes) {
      const float z = Logit(k);
      if (!(z < INFINITY)) bad |= kBadLogit;
      max = fmaxf(max, z);
      const float e = Each::Evidence(Single{z}).v;
      if (IsKept(k)) rest[k] = e;
      sum += e * (1 / kUnit);
    }
    if (kKind == CHORUS_EVIDENCE_EXP) {
      max = CombineLanes(max, lanes, Largest());
      shift = fmaxf(max - static_cast<float>(kEvidentialMaxKlLogit), 0.0f);
      if (shift > 0) {
        sum = 0;
        for (int k = rank; k < classes; k += lanes) sum += expf(Logit(k) - shift) * (1 / kUnit);
      }
    }
    const double evidence = CombineLanes(static_cast<double>(sum), lanes, Plus()) * kUnit;
    strength = (shift > 0 ? c.K * exp(-static_cast<double>(shift)) : c.K) + evidence;
    const double log_strength = shift + log(strength);
    if (rank != 0) return;
    rest[LogPlace()] = static_cast<float>(log_strength);
    rest[LogPlace() + 1] = static_cast<float>(log_strength - static_cast<float>(log_strength));
  }

  /** Whether the value of KL is asked for, and its gradient. */
  template <bool kValue, bool kGradient>
  CHORUS_DEVICE void AddLabels(int from, int end) {
    FindTotals<kValue, kGradient>(from, end);
    mass = CombineLanes(mass, lanes, Plus());
    __syncwarp();
    AddTerms<kValue, kGradient>(from, end, static_cast<float>(Quotient(mass, strength)));
  }

  /** The labels' sums over their classes, and what follows from them, by a lane a label. */
  template <bool kValue, bool kGradient>
  CHORUS_DEVICE void FindTotals(int from, int end) {
    LabelSums own;
    CHORUS_NO_UNROLL
    for (int i = from; i < end; ++i) {
      const float part = rest[PartPlace(i - from)];
      if (kStaged && part == 0) HideLabel(i);
      LabelSums sums = SumsOf<kValue || kGradient>(i, part);
      if (!kValue && !kGradient) continue;
      const int turn = (i - from) & (lanes - 1);
      sums.Combine(lanes);
      if (turn == rank) own = sums;
      if ((turn == lanes - 1 || i == end - 1) && rank <= turn) {
        UseTotal<kValue, kGradient>(i - from - turn + rank, own);
      }
    }
  }

  template <bool kKl>
  CHORUS_DEVICE LabelSums SumsOf(int i, float part) {
    LabelSums sums;
    float label_mass = 0;
    uint32_t largest = 0;
    CHORUS_NO_UNROLL
    for (int k = rank; k < classes; k += kLoads * lanes) {
      float y[kLoads];
      bool there[kLoads];
      CHORUS_UNROLL
      for (int u = 0; u < kLoads; ++u) {
        there[u] = kLoads == 1 || k + u * lanes < classes;
        y[u] = there[u] ? Label(i, k + u * lanes, part) : 0.0f;
      }
      CHORUS_UNROLL
      for (int u = 0; u < kLoads; ++u) {
        // As numbers without a sign the bits of what is too large, negative or NaN are the largest.
        uint32_t bits;
        memcpy(&bits, &y[u], sizeof bits);
        largest = largest > bits ? largest : bits;
        label_mass += y[u];
        if (!kKl || !there[u]) continue;
        const float b = RestOf(y[u]) * EvidenceAt(k + u * lanes);
        sums.excess += b * (1 / kUnit);
        sums.alpha.Multiply(1 + b);
      }
    }
    float most;
    memcpy(&most, &largest, sizeof most);
    if (!(most >= 0 && most <= kEvidentialMaxLabel)) LookAtLabel(i, part);
    mass += static_cast<double>(part * label_mass);
    return sums;
  }

  CHORUS_DEVICE void HideLabel(int i) {
    CHORUS_NO_UNROLL
    for (int k = rank; k < classes; k += lanes) labels[i * c.K + k] = 0;
  }

  /** Minus zero is a good label. */
  CHORUS_DEVICE void LookAtLabel(int i, float part) {
    CHORUS_NO_UNROLL
    for (int k = rank; k < classes; k += lanes) {
      const float y = Label(i, k, part);
      if (!(y >= 0 && y <= kEvidentialMaxLabel)) bad |= kBadLabel;
    }
  }

  template <bool kValue, bool kGradient>
  CHORUS_DEVICE void UseTotal(int place, const LabelSums& sums) {
    const double excess = static_cast<double>(sums.excess) * kUnit;
    const float others = static_cast<float>(c.K - 1);
    const TotalConcentration total(static_cast<float>(excess) + others, others);
    if (kGradient) rest[TotalPlace(place)] = total.Slope();
    if (!kValue) return;
    const double log_total = log(excess + c.K);
    kl += rest[PartPlace(place)] *
          (c.no_evidence - ((0.5 - c.K) * log_total + total.Smooth()) - 0.5 * sums.alpha.Log());
  }

  /** 1 - y; never negative, or a label rounded to above 1 would make a concentration negative. */
  CHORUS_DEVICE static float RestOf(float y) { return fmaxf(1 - y, 0.0f); }

  /** What the labels add to the loss, and their gradient. */
  template <bool kValue, bool kGradient>
  CHORUS_DEVICE void AddTerms(int from, int end, float mass_over_strength) {
    // Few numbers, or many.
    std::conditional_t<kStaged, float, double> own_nll = 0, own_smooth = 0;
    CHORUS_NO_UNROLL
    for (int k = rank; k < classes; k += lanes) {
      const float e = EvidenceAt(k);
      const OverLabels sums = SumsOver<kValue, kGradient>(from, end, k, e);
      const float z = Logit(k);
      const float inverse = InverseOf(1 + e);
      const float own = kKind == CHORUS_EVIDENCE_EXP ? e : Each::Slope(Single{z}, Single{e}).v;
      if (kValue) own_smooth += sums.smooth;
      if (c.loss) own_nll += sums.label * LogShare(z, e, inverse);
      if (!c.dlogits) continue;
      const float of_total = shift > 0 ? expf(z - shift) : own;
      float d = mass_over_strength * of_total - sums.label * (own * inverse);
      if (kGradient) d += c.gradient_weight * sums.kl_slope * Each::KlSlope(Single{z}, Single{own}).v;
      float* to = c.dlogits + static_cast<int64_t>(n) * c.K + k;
      *to = scale * d + (!kStaged && from > 0 ? *to : 0.0f);
    }
    nll += own_nll;
    kl += own_smooth;
  }

  /** Of one class. */
  struct OverLabels {
    float label = 0;     // sum_i lambda_i y_ik
    float kl_slope = 0;  // sum_i lambda_i dKL_i / dalpha_k
    float smooth = 0;    // sum_i lambda_i (h_1(alpha_ik) + 1 + ln(alpha_ik) / 2)
  };

  template <bool kValue, bool kGradient>
  CHORUS_DEVICE OverLabels SumsOver(int from, int end, int k, float e) const {
    OverLabels sums;
    for (int i = from; i < end; ++i) {
      const float part = rest[PartPlace(i - from)];
      const float y = Label(i, k, part);
      sums.label += part * y;
      if (!kValue && !kGradient) continue;
      const float other = RestOf(y);
      const DirichletTerm<Single> term(Single{other * e});
      if (kValue) sums.smooth += part * term.Smooth().v;
      if (kGradient) sums.kl_slope += part * other * (term.Slope().v - rest[TotalPlace(i - from)]);
    }
    return sums;
  }

  /** ln S - ln alpha; `inverse` is 1 / (1 + e). */
  CHORUS_DEVICE float LogShare(float z, float e, float inverse) const {
    if constexpr (kKind == CHORUS_EVIDENCE_EXP) {
      // ln(1 + e^z) = max(z, 0) + ln(1 + e^-|z|): the first difference is exact where both are large, and the second
      // logarithm is that of a number in [1/2, 1].
      const float fraction = z > 0 ? e * inverse : inverse;
      return (rest[LogPlace()] - fmaxf(z, 0.0f)) + (rest[LogPlace() + 1] + kLn2 * Log2(fraction));
    } else {
      return (rest[LogPlace()] - logf(1 + e)) + rest[LogPlace() + 1];
    }
  }

  CHORUS_DEVICE void Write(const Faults& faults) {
    if (bad != 0 && rank == 0) {
      faults.Report(n, bad & kBadWeight   ? Reason::kWeight
                       : bad & kBadLambda ? Reason::kLambda
                       : bad & kBadLogit  ? Reason::kEvidenceLogit
                       : bad & kBadLabel  ? Reason::kLabel
                                          : Reason::kUpstream);
    }
    if (c.loss && rank == 0) {
      // Rounding may leave a zero divergence below 0.
      kl = bad != 0 ? NAN : fmax(kl, 0.0);
      c.loss[n] = static_cast<float>(weight * (nll + c.kl_weight * kl));
      c.nll[n] = bad != 0 ? NAN : static_cast<float>(nll);
      if (c.kl) c.kl[n] = static_cast<float>(kl);
    }
    if (!c.dlogits || (classes > 0 && bad == 0)) return;
    for (int k = rank; k < c.K; k += lanes) c.dlogits[static_cast<int64_t>(n) * c.K + k] = bad != 0 ? NAN : 0.0f;
  }

  const EvidentialArguments<In>& c;
  const int lanes;
  const In* const logits;
  const float* const lambda;
  float* const labels;
  float* const rest;
  const int n;
  const int rank;
  int classes;  // 0 for a row that is not looked at
  unsigned bad = 0;
  float weight, scale = 0;
  float shift = 0;
  double strength = 0;  // S over e^shift
  double mass = 0;      // of the labels at hand, sum_ik lambda_i y_ik
  double nll = 0, kl = 0;
};

}  // namespace cuda
}  // namespace chorus

#endif
