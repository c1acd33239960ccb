#include "common/dirichlet.h"
#include "ops/evidential/evidence.h"
#include "ops/evidential/evidential.h"
#include "simd/math.h"
#include "simd/transpose.h"
#include "simd/vec.h"

namespace chorus {
namespace CHORUS_ISA {

namespace {

/** Classes whose intermediate results are held on the stack, because kernels allocate nothing. Rows of more classes are
 * gone through again. */
constexpr int64_t kChunk = 64;

/** Labels whose sums are held at once for rows of more than a chunk; the gradients of more labels than these meet in f32. */
constexpr int64_t kLabelBlock = 64;

/** Concentrations multiplied before their logarithm is taken: each is below 2^129, and 6 of them below 2^1022. */
constexpr int64_t kProduct = 6;

struct VectorMath {
  static CHORUS_INLINE F64 Exp(F64 x) { return CHORUS_ISA::Exp(x); }
  static CHORUS_INLINE F64 Log(F64 x) { return CHORUS_ISA::Log(x); }
  static CHORUS_INLINE F64 Log1p(F64 x) { return CHORUS_ISA::Log1p(x); }
};

template <int kKind>
using Evidences = EvidenceOf<kKind, VectorMath, F64>;

/** kF64 rows, one a lane. */
template <typename In>
class Tile {
 public:
  Tile(const EvidentialCall<In>& call, int64_t first_row)
      : c(call),
        s(call.spec),
        kl_value(c.loss && (c.kl || s.kl_weight != 0)),
        kl_gradient(c.dlogits && s.kl_weight != 0),
        count(s.N - first_row < kF64 ? static_cast<int>(s.N - first_row) : kF64) {
    for (int l = 0; l < kF64; ++l) {
      // Lanes beyond the last row repeat it, and are thrown away.
      row[l] = first_row + (l < count ? l : count - 1);
      const float w = c.weights ? c.weights[row[l]] : 1.0f;
      const bool is_weight = w >= 0 && w < __builtin_inff();
      weight[l] = is_weight ? static_cast<double>(w) : 0.0;
      bool any_label = !c.lambda;
      for (int64_t i = 0; !any_label && i < s.W; ++i) any_label = c.lambda[row[l] * s.W + i] != 0;
      used[l] = weight[l] != 0 && any_label ? -1 : 0;
      const float d = c.dlogits && used[l] ? c.dloss[row[l]] : 0.0f;
      bad[l] = is_weight && d - d == 0 ? 0 : -1;
      scale[l] = weight[l] * d;
    }
  }

  /** The first bad row, or -1. */
  int64_t Run() {
    if (!Any(used)) {
      WriteZeros();
    } else {
      FindStrength();
      if (s.K <= kChunk) {
        RunOneChunk();
      } else {
        for (int64_t i = 0; i < s.W; i += kLabelBlock) RunLabels(i, s.W - i < kLabelBlock ? s.W : i + kLabelBlock);
      }
      WriteSums();
    }
    for (int l = 0; l < count; ++l) {
      if (bad[l]) return row[l];
    }
    return -1;
  }

 private:
  /* ---- rows to lanes and back ---- */

  void LoadLogits(int64_t first, int64_t classes) {
    const In* from[kF64];
    for (int l = 0; l < kF64; ++l) from[l] = c.logits + row[l] * s.stride + first;
    RowsToLanes(z, from, classes);
  }

  /** Label i, 0 in the lanes where its part is 0: there it may hold anything. */
  void LoadLabel(int64_t i, int64_t first, int64_t classes, F64 part) {
    const float* from[kF64];
    for (int l = 0; l < kF64; ++l) {
      from[l] = part[l] != 0 ? c.targets + (row[l] * s.W + i) * s.K + first : nullptr;
    }
    RowsToLanes(y, from, classes);
  }

  /** lambda of label i, 0 in lanes that are not used. */
  F64 Part(int64_t i) {
    const F64 all = Splat<F64>(1.0 / static_cast<double>(s.W));
    if (!c.lambda) return used ? all : F64{};
    F64 part = {};
    for (int l = 0; l < kF64; ++l) {
      if (!used[l]) continue;
      const float lambda = c.lambda[row[l] * s.W + i];
      if (lambda >= 0 && lambda < __builtin_inff()) {
        part[l] = lambda;
      } else {
        bad[l] = -1;
      }
    }
    return part;
  }

  /** gradient [classes, lane] goes to dlogits. */
  void StoreGradient(const float* gradient, int64_t first, int64_t classes, bool add) {
    float* to[kF64];
    for (int l = 0; l < kF64; ++l) {
      float* d = c.dlogits + row[l] * s.K + first;
      to[l] = l < count && used[l] ? d : nullptr;
      for (int64_t k = 0; !used[l] && k < classes; ++k) d[k] = 0;
      for (int64_t k = 0; to[l] && add && k < classes; ++k) d[k] += gradient[k * kF64 + l];
    }
    if (!add) LanesToRows(to, gradient, classes);
  }

  void StoreRows(float* out, F64 values) {
    values = used ? values : F64{};
    for (int l = 0; l < count; ++l) out[row[l]] = static_cast<float>(values[l]);
  }

  void WriteSums() {
    if (!c.loss) return;
    StoreRows(c.loss, weight * (nll + s.kl_weight * kl));
    StoreRows(c.nll, nll);
    if (c.kl) StoreRows(c.kl, kl);
  }

  void WriteZeros() {
    WriteSums();
    for (int l = 0; c.dlogits && l < count; ++l) {
      for (int64_t k = 0; k < s.K; ++k) c.dlogits[row[l] * s.K + k] = 0;
    }
  }

  /* ---- evidence ---- */

  template <int kKind>
  void FindEvidence(int64_t classes) {
    for (int64_t k = 0; k < classes; ++k) {
      const F64 logit = LoadF64(z + k * kF64);
      evidence[k] = Evidences<kKind>::Evidence(logit);
      slope[k] = Evidences<kKind>::Slope(logit, evidence[k]);
    }
    if (!is_shifted) return;
    for (int64_t k = 0; k < classes; ++k) slope[k] = Exp(LoadF64(z + k * kF64) - shift);
  }

  void FindEvidence(int64_t classes) {
    switch (s.evidence) {
      case CHORUS_EVIDENCE_EXP:
        return FindEvidence<CHORUS_EVIDENCE_EXP>(classes);
      case CHORUS_EVIDENCE_SOFTPLUS:
        return FindEvidence<CHORUS_EVIDENCE_SOFTPLUS>(classes);
      default:
        return FindEvidence<CHORUS_EVIDENCE_RELU>(classes);
    }
  }

  /** For rows of more than a chunk. */
  void LoadEvidence(int64_t first, int64_t classes) {
    LoadLogits(first, classes);
    FindEvidence(classes);
  }

  /**
   * S over e^shift, and ln S. The shift is 0 but for exp evidence of logits beyond 40, of which e^z need not exist. Looks for
   * bad logits, and leaves the chunk's evidence if there is only one.
   */
  void FindStrength() {
    F64 max = {};
    I64 good = I64{} == 0;
    for (int64_t first = 0; first < s.K; first += kChunk) {
      const int64_t classes = Classes(first);
      LoadLogits(first, classes);
      for (int64_t k = 0; k < classes; ++k) {
        const F64 logit = LoadF64(z + k * kF64);
        good &= logit < __builtin_inf();
        max = Max(logit, max);
      }
    }
    bad |= used & (good == 0);
    const bool exp = s.evidence == CHORUS_EVIDENCE_EXP;
    shift = exp ? Max(max - kEvidentialMaxKlLogit, F64{}) : F64{};
    is_shifted = exp && Any(shift > 0.0);
    strength = Splat<F64>(static_cast<double>(s.K));
    if (is_shifted) strength *= Exp(-shift);
    for (int64_t first = 0; first < s.K; first += kChunk) {
      const int64_t classes = Classes(first);
      if (s.K > kChunk) LoadLogits(first, classes);
      FindEvidence(classes);
      const F64* terms = exp ? slope : evidence;
      for (int64_t k = 0; k < classes; ++k) strength += terms[k];
    }
    log_strength = shift + Log(strength);
    const DirichletTerm<F64> none(Splat<F64>(static_cast<double>(s.K - 1)));
    no_evidence = none.TotalTerm(static_cast<double>(s.K), Splat<F64>(__builtin_log(static_cast<double>(s.K))));
  }

  /* ---- labels ---- */

  /** What a label needs before its terms: sums over its classes. */
  struct Sums {
    F64 excess;  // of its concentrations over 1
    F64 mass;    // sum_k y_k
  };

  void AddSums(int64_t classes, Sums& sums) {
    I64 good = I64{} == 0;
    for (int64_t k = 0; k < classes; ++k) {
      const F64 label_k = LoadF64(y + k * kF64);
      good &= (label_k >= 0.0) & (label_k <= kEvidentialMaxLabel);
      sums.mass += label_k;
      sums.excess += Rest(label_k) * evidence[k];
    }
    bad |= good == 0;
  }

  /** 1 - y; never negative, or a label rounded to above 1 would make a concentration negative. */
  static CHORUS_INLINE F64 Rest(F64 label_k) { return Max(1.0 - label_k, F64{}); }

  DirichletTerm<F64> Total(const Sums& sums) const {
    return DirichletTerm<F64>(sums.excess + static_cast<double>(s.K - 1));
  }

  /** KL of one label without the terms of its classes. */
  F64 TotalKl(const DirichletTerm<F64>& total) const {
    return no_evidence - total.TotalTerm(static_cast<double>(s.K), Log(total.b + 1.0));
  }

  /** Adds one label's part of a chunk to `label` and `kl_slope`; the sum of its classes' terms of KL. */
  template <bool kValue, bool kGradient>
  F64 AddTerms(int64_t classes, F64 part, F64 total_slope) {
    F64 smooth = {}, logs = {};
    for (int64_t first = 0; first < classes; first += kProduct) {
      const int64_t end = classes - first < kProduct ? classes : first + kProduct;
      F64 product = Splat<F64>(1);
      for (int64_t k = first; k < end; ++k) {
        const F64 label_k = LoadF64(y + k * kF64);
        label[k] += part * label_k;
        if (!kValue && !kGradient) continue;
        const F64 rest = Rest(label_k);
        const DirichletTerm<F64> term(rest * evidence[k]);
        if (kValue) {
          product *= term.b + 1.0;
          smooth += term.Smooth();
        }
        if (kGradient) kl_slope[k] += part * rest * (term.Slope() - total_slope);
      }
      if (kValue) logs += Log(product);
    }
    return smooth - 0.5 * logs;
  }

  F64 AddTerms(int64_t classes, F64 part, F64 total_slope) {
    if (kl_value && kl_gradient) return AddTerms<true, true>(classes, part, total_slope);
    if (kl_value) return AddTerms<true, false>(classes, part, total_slope);
    if (kl_gradient) return AddTerms<false, true>(classes, part, total_slope);
    return AddTerms<false, false>(classes, part, total_slope);
  }

  void ClearTerms(int64_t classes) {
    for (int64_t k = 0; k < classes; ++k) label[k] = kl_slope[k] = F64{};
  }

  /** Rounding may leave a zero divergence at -1e-15. */
  void AddKl(F64 part, F64 divergence) { kl += part * Max(divergence, F64{}); }

  void RunOneChunk() {
    ClearTerms(s.K);
    F64 mass = {};
    for (int64_t i = 0; i < s.W; ++i) {
      const F64 part = Part(i);
      if (!Any(part != 0.0)) continue;
      LoadLabel(i, 0, s.K, part);
      Sums sums = {};
      AddSums(s.K, sums);
      mass += part * sums.mass;
      const DirichletTerm<F64> total = Total(sums);
      const F64 terms = AddTerms(s.K, part, kl_gradient ? total.TotalSlope(static_cast<double>(s.K)) : F64{});
      if (kl_value) AddKl(part, terms + TotalKl(total));
    }
    Finish(0, s.K, mass, false);
  }

  /** Labels [from, end) of rows of more than a chunk: their sums, then everything else, chunk by chunk. */
  void RunLabels(int64_t from, int64_t end) {
    F64 part[kLabelBlock], total_slope[kLabelBlock], divergence[kLabelBlock];
    Sums sums[kLabelBlock];
    for (int64_t i = from; i < end; ++i) {
      part[i - from] = Part(i);
      sums[i - from] = Sums{};
    }
    for (int64_t first = 0; first < s.K; first += kChunk) {
      LoadEvidence(first, Classes(first));
      for (int64_t i = from; i < end; ++i) {
        LoadLabel(i, first, Classes(first), part[i - from]);
        AddSums(Classes(first), sums[i - from]);
      }
    }
    F64 mass = {};
    for (int64_t j = 0; j < end - from; ++j) {
      mass += part[j] * sums[j].mass;
      const DirichletTerm<F64> total = Total(sums[j]);
      total_slope[j] = kl_gradient ? total.TotalSlope(static_cast<double>(s.K)) : F64{};
      divergence[j] = kl_value ? TotalKl(total) : F64{};
    }
    for (int64_t first = 0; first < s.K; first += kChunk) {
      LoadEvidence(first, Classes(first));
      ClearTerms(Classes(first));
      for (int64_t i = from; i < end; ++i) {
        LoadLabel(i, first, Classes(first), part[i - from]);
        divergence[i - from] += AddTerms(Classes(first), part[i - from], total_slope[i - from]);
      }
      Finish(first, Classes(first), mass, from > 0);
    }
    for (int64_t j = 0; kl_value && j < end - from; ++j) AddKl(part[j], divergence[j]);
  }

  /* ---- results of a chunk ---- */

  template <int kKind>
  void Finish(int64_t first, int64_t classes, F64 mass, bool add) {
    if (c.loss) {
      for (int64_t k = 0; k < classes; ++k) {
        nll += label[k] * (log_strength - Evidences<kKind>::LogAlpha(LoadF64(z + k * kF64), evidence[k]));
      }
    }
    if (!c.dlogits) return;
    float* gradient = y;  // the label is done with
    const F64 mass_over_strength = mass / strength;
    for (int64_t k = 0; k < classes; ++k) {
      // Where logits are shifted, `slope` is for S alone; ln alpha and KL take the clamped evidence's.
      const F64 own = kKind == CHORUS_EVIDENCE_EXP ? evidence[k] : slope[k];
      F64 d = mass_over_strength * slope[k] - label[k] * Evidences<kKind>::LogAlphaSlope(evidence[k], own);
      if (kl_gradient) {
        d += s.kl_weight * kl_slope[k] * Evidences<kKind>::KlSlope(LoadF64(z + k * kF64), own);
      }
      StoreF32(gradient + k * kF64, scale * d);
    }
    StoreGradient(gradient, first, classes, add);
  }

  void Finish(int64_t first, int64_t classes, F64 mass, bool add) {
    switch (s.evidence) {
      case CHORUS_EVIDENCE_EXP:
        return Finish<CHORUS_EVIDENCE_EXP>(first, classes, mass, add);
      case CHORUS_EVIDENCE_SOFTPLUS:
        return Finish<CHORUS_EVIDENCE_SOFTPLUS>(first, classes, mass, add);
      default:
        return Finish<CHORUS_EVIDENCE_RELU>(first, classes, mass, add);
    }
  }

  int64_t Classes(int64_t first) const { return s.K - first < kChunk ? s.K - first : kChunk; }

  const EvidentialCall<In>& c;
  const EvidentialSpec& s;
  const bool kl_value, kl_gradient;
  const int count;  // of rows; the other lanes repeat the last one
  int64_t row[kF64];
  I64 used, bad;
  F64 weight, scale;
  F64 shift, strength, log_strength;  // S is strength e^shift
  F64 no_evidence;                    // h_K(K) + 1
  bool is_shifted;
  F64 nll = {}, kl = {};

  // One chunk. Elements of a class are together, one a lane.
  F64 evidence[kChunk];  // of the KL term: clamped
  F64 slope[kChunk];     // e'(z), over e^shift
  F64 label[kChunk];     // sum_i lambda_i y_ik
  F64 kl_slope[kChunk];  // sum_i lambda_i dKL_i / dalpha_k
  float z[kChunk * kF64];
  float y[kChunk * kF64];
};

template <typename In>
int64_t RunTile(const EvidentialCall<In>& call, int64_t first_row) {
  return Tile<In>(call, first_row).Run();
}

}  // namespace

extern const EvidentialTiles kEvidentialTiles = {kF64, RunTile<float>, RunTile<uint16_t>};

}  // namespace CHORUS_ISA
}  // namespace chorus
