#include "common/dirichlet.h"
#include "ops/evidential/evidence.h"
#include "ops/evidential/evidential.h"
#include "ops/evidential_token/evidential_token.h"
#include "simd/math.h"
#include "simd/vec.h"

namespace chorus {
namespace CHORUS_ISA {

namespace {

/** Elements widened to float on the stack at once. The row itself stays in the second-level cache between passes. */
constexpr int64_t kChunk = 1024;

/** Concentrations multiplied before their logarithm is taken: each is below 2^129, and 4 of them below 2^1022. */
constexpr int kProduct = 4;
static_assert(kChunk % (kProduct * kF64) == 0 && kChunk % kF32 == 0, "a chunk is whole vectors");

struct VectorMath {
  static CHORUS_INLINE F64 Exp(F64 x) { return CHORUS_ISA::Exp(x); }
  static CHORUS_INLINE F64 Log(F64 x) { return CHORUS_ISA::Log(x); }
  static CHORUS_INLINE F64 Log1p(F64 x) { return CHORUS_ISA::Log1p(x); }
};
struct ScalarMath {
  static CHORUS_INLINE double Exp(double x) { return __builtin_exp(x); }
  static CHORUS_INLINE double Log(double x) { return __builtin_log(x); }
  static CHORUS_INLINE double Log1p(double x) { return __builtin_log1p(x); }
};

CHORUS_INLINE float ToFloat(float x) { return x; }
CHORUS_INLINE float ToFloat(uint16_t x) { return BitCast<float>(static_cast<uint32_t>(x) << 16); }
/**
 * One row. The named tokens are computed one by one; in the loops over the vocabulary they count as -infinity, which is no
 * evidence and no probability, and so is what fills the last vector.
 */
template <int kKind, typename In>
class Row {
  using Each = EvidenceOf<kKind, VectorMath, F64>;
  using One = EvidenceOf<kKind, ScalarMath, double>;

 public:
  Row(const EvidentialTokenCall<In>& call, int64_t n)
      : c(call),
        s(call.spec),
        row(n),
        z(call.logits + n * call.spec.stride),
        ids(call.ids + n * call.spec.named),
        probs(call.probs + n * call.spec.named),
        with_kl(call.kl || call.spec.kl_weight != 0) {}

  bool Run() {
    if (!FindStrength()) return false;
    FindRest();
    FindLoss();
    if (c.dloss) WriteGradient();
    return true;
  }

 private:
  /** Elements [first, first + kChunk) of the row in `chunk`. */
  void LoadChunk(int64_t first, bool hide_named) {
    const int64_t count = s.V - first < kChunk ? s.V - first : kChunk;
    int64_t v = 0;
    for (; v + kF32 <= count; v += kF32) Store(chunk + v, Load(z + first + v));
    for (; v < count; ++v) chunk[v] = ToFloat(z[first + v]);
    for (; v < kChunk; ++v) chunk[v] = -__builtin_inff();
    for (int64_t j = 0; hide_named && j < s.named; ++j) {
      if (ids[j] >= first && ids[j] < first + count) chunk[ids[j] - first] = -__builtin_inff();
    }
  }

  /** How much of `chunk` there is to compute, in whole groups of vectors. */
  int64_t Width(int64_t first) const {
    constexpr int64_t kGroup = kProduct * kF64;
    const int64_t count = s.V - first < kChunk ? s.V - first : kChunk;
    return (count + kGroup - 1) / kGroup * kGroup;
  }

  /** Shifts, S and the softmax's sum; false if a logit is NaN or +infinity. */
  bool FindStrength() {
    F32 top = Splat<F32>(-__builtin_inff());
    I32 bad = {};
    for (int64_t first = 0; first < s.V; first += kChunk) {
      LoadChunk(first, false);
      for (int64_t v = 0; v < kChunk; v += kF32) {
        const F32 logits = Load(chunk + v);
        bad |= (logits < __builtin_inff()) == 0;
        top = Max(logits, top);
      }
    }
    if (Any(bad)) return false;
    const double max = MaxLane(top);
    // With exp evidence the softmax is the evidence's share, so both have one shift, which is 0 until e^z could overflow. It
    // must then be that no e^z has underflowed; a row that far below has no evidence, and its rest no shape.
    if (kKind == CHORUS_EVIDENCE_EXP) {
      shift = max > kEvidentialMaxKlLogit ? max - kEvidentialMaxKlLogit : 0;
      has_shape = max > -600;
    } else {
      has_shape = max > -__builtin_inf();
      shift = has_shape ? max : 0;
    }
    const double classes = static_cast<double>(s.V);
    F64 shares = {}, evidence = {};
    for (int64_t first = 0; first < s.V; first += kChunk) {
      LoadChunk(first, false);
      for (int64_t v = 0; v < Width(first); v += kF64) {
        const F64 logits = LoadF64(chunk + v);
        shares += Exp(logits - shift);
        if (kKind != CHORUS_EVIDENCE_EXP) evidence += Each::Evidence(logits);
      }
    }
    share_sum = Sum(shares);
    if (kKind == CHORUS_EVIDENCE_EXP) {
      strength = classes * __builtin_exp(-shift) + share_sum;
      log_strength = shift + __builtin_log(strength);
    } else {
      // What fills the last vector has no evidence either: softplus(-infinity) is 0.
      strength = classes + Sum(evidence);
      log_strength = __builtin_log(strength);
    }
    return true;
  }

  double Logit(int64_t j) const { return ToFloat(z[ids[j]]); }

  /** The labels' form y_v = shape e^(z_v - shift) + even of the tokens that are not named. */
  void FindRest() {
    double named = 0, model_named = 0;
    int64_t others = s.V;
    for (int64_t j = 0; j < s.named; ++j) {
      if (ids[j] < 0) continue;
      named += probs[j];
      if (has_shape) model_named += __builtin_exp(Logit(j) - shift) / share_sum;
      --others;
    }
    const double rest = others > 0 && named < 1 ? 1 - named : 0;
    shape = even = 0;
    // Where little is left, 1 - model_named would be rounding noise, and so would labels near 1.
    const double rest_sum = model_named > 0.5 ? SumOfOthers() : (1 - model_named) * share_sum;
    if (has_shape && rest_sum >= kEvidentialTokenLeastRest * share_sum) {
      shape = rest / rest_sum;
    } else if (others > 0) {
      even = rest / static_cast<double>(others);
    }
    mass = named + rest;
  }

  /** sum e^(z - shift) over the tokens that are not named. */
  double SumOfOthers() {
    F64 sum = {};
    for (int64_t first = 0; first < s.V; first += kChunk) {
      LoadChunk(first, true);
      for (int64_t v = 0; v < Width(first); v += kF64) sum += Exp(LoadF64(chunk + v) - shift);
    }
    return Sum(sum);
  }

  /** 1 - y; never negative, or a label rounded to above 1 would make a concentration negative. */
  static CHORUS_INLINE F64 RestOf(F64 label) { return Max(1.0 - label, F64{}); }

  /** What the loops need of one vector. */
  struct Elements {
    F64 z, share, evidence, label, excess;
  };
  Elements ElementsAt(int64_t v) const {
    Elements e;
    e.z = LoadF64(chunk + v);
    e.share = Exp(e.z - shift);
    e.evidence = kKind == CHORUS_EVIDENCE_EXP && shift == 0 ? e.share : Each::Evidence(e.z);
    e.label = shape * e.share + even;
    e.excess = RestOf(e.label) * e.evidence;
    return e;
  }

  double Rest(int64_t j) const { return probs[j] < 1 ? 1 - static_cast<double>(probs[j]) : 0; }

  template <bool kKl>
  void AddLoss(F64& label_log_alpha, F64& excess, F64& smooth, F64& logs) {
    for (int64_t first = 0; first < s.V; first += kChunk) {
      LoadChunk(first, true);
      for (int64_t v = 0; v < Width(first); v += kProduct * kF64) {
        F64 product = Splat<F64>(1);
        for (int i = 0; i < kProduct; ++i) {
          const Elements e = ElementsAt(v + i * kF64);
          label_log_alpha += e.label * Each::LogAlpha(e.z, e.evidence);
          if (!kKl) continue;
          const DirichletTerm<F64> term(e.excess);
          excess += e.excess;
          smooth += term.Smooth();
          product *= e.excess + 1.0;
        }
        if (kKl) logs += Log(product);
      }
    }
  }

  void FindLoss() {
    F64 label_log_alpha = {}, excess = {}, smooth = {}, logs = {};
    if (with_kl) {
      AddLoss<true>(label_log_alpha, excess, smooth, logs);
    } else {
      AddLoss<false>(label_log_alpha, excess, smooth, logs);
    }
    // The tokens that are not named together, then the named ones. Each difference by itself: where one token has all of
    // S and of the label, nothing cancels.
    double named_mass = 0, nll = 0;
    double total_excess = Sum(excess), terms = Sum(smooth) - 0.5 * Sum(logs);
    for (int64_t j = 0; j < s.named; ++j) {
      if (ids[j] < 0) continue;
      const double evidence = One::Evidence(Logit(j));
      named_mass += probs[j];
      nll += probs[j] * (log_strength - One::LogAlpha(Logit(j), evidence));
      const DirichletTerm<double> term(Rest(j) * evidence);
      total_excess += term.b;
      terms += term.Smooth() - 0.5 * __builtin_log(term.b + 1);
    }
    nll += (mass - named_mass) * log_strength - Sum(label_log_alpha);
    double kl = 0;
    if (with_kl) {
      const double classes = static_cast<double>(s.V);
      const DirichletTerm<double> none(classes - 1), total(total_excess + (classes - 1));
      kl = terms + none.TotalTerm(classes, __builtin_log(classes)) -
           total.TotalTerm(classes, __builtin_log(total.b + 1));
      // Rounding may leave a zero divergence just below 0.
      if (kl < 0) kl = 0;
      total_slope = total.TotalSlope(classes);
    }
    const double weight = c.weights ? static_cast<double>(c.weights[row]) : 1.0;
    c.loss[row] = static_cast<float>(weight * (nll + s.kl_weight * kl));
    c.nll[row] = static_cast<float>(nll);
    if (c.kl) c.kl[row] = static_cast<float>(kl);
    if (c.dloss) scale = weight * c.dloss[row];
  }

  /** For exp evidence mass / strength is over e^-shift, which `share` makes up for. */
  template <typename Form, typename T>
  CHORUS_INLINE T Gradient(T logit, T share, T evidence, T label, T rest) const {
    const T slope = Form::Slope(logit, evidence);
    T d = (mass / strength) * (kKind == CHORUS_EVIDENCE_EXP ? share : slope) -
          label * Form::LogAlphaSlope(evidence, slope);
    if (s.kl_weight != 0) {
      const DirichletTerm<T> term(rest * evidence);
      d += s.kl_weight * rest * Form::KlSlope(logit, slope) * (term.Slope() - total_slope);
    }
    return scale * d;
  }

  void WriteGradient() {
    for (int64_t first = 0; first < s.V; first += kChunk) {
      LoadChunk(first, true);
      const int64_t count = s.V - first < kChunk ? s.V - first : kChunk;
      for (int64_t v = 0; v < Width(first); v += kF64) {
        const Elements e = ElementsAt(v);
        StoreF32(chunk + v, Gradient<Each, F64>(e.z, e.share, e.evidence, e.label, RestOf(e.label)));
      }
      for (int64_t j = 0; j < s.named; ++j) {
        if (ids[j] < first || ids[j] >= first + count) continue;
        const double logit = Logit(j), evidence = One::Evidence(logit);
        chunk[ids[j] - first] = static_cast<float>(Gradient<One, double>(
            logit, __builtin_exp(logit - shift), evidence, static_cast<double>(probs[j]), Rest(j)));
      }
      int64_t v = 0;
      for (; v + kF32 <= count; v += kF32) Store(z + first + v, Load(chunk + v));
      if (v < count) StoreFirst(z + first + v, count - v, Load(chunk + v));
    }
  }

  const EvidentialTokenCall<In>& c;
  const EvidentialTokenSpec& s;
  const int64_t row;
  In* const z;
  const int64_t* const ids;
  const float* const probs;
  const bool with_kl;
  double shift, share_sum;  // e^(z - shift) and its sum
  bool has_shape;
  double strength, log_strength;  // S, for exp evidence over e^shift
  double shape, even, mass;       // of the label; mass is its sum
  double total_slope = 0, scale = 0;
  float chunk[kChunk];
};

template <typename In>
bool RunRow(const EvidentialTokenCall<In>& call, int64_t n) {
  switch (call.spec.evidence) {
    case CHORUS_EVIDENCE_EXP:
      return Row<CHORUS_EVIDENCE_EXP, In>(call, n).Run();
    case CHORUS_EVIDENCE_SOFTPLUS:
      return Row<CHORUS_EVIDENCE_SOFTPLUS, In>(call, n).Run();
    default:
      return Row<CHORUS_EVIDENCE_RELU, In>(call, n).Run();
  }
}

}  // namespace

extern const EvidentialTokenRows kEvidentialTokenRows = {RunRow<float>, RunRow<uint16_t>};

}  // namespace CHORUS_ISA
}  // namespace chorus
