// One row of logits over a vocabulary against a few named tokens, by a team. The row is read three times, of which two hit
// the second-level cache, and written once:
//
//  1. the sum of e^z, from which the label's form and S follow;
//  2. with KL: the total concentration;
//  3. the loss and the gradient, with all that they have in common computed once.
//
// An element is computed in f32. What would cancel there is kept apart: a thread sums without the largest term it has met, so
// that the rest that the named tokens leave is exact where they are almost everything, and 1 - y is one fused expression.
#ifndef CHORUS_OPS_EVIDENTIAL_TOKEN_CUDA_H
#define CHORUS_OPS_EVIDENTIAL_TOKEN_CUDA_H

#include "cuda/fault.h"
#include "cuda/log_product.h"
#include "cuda/single.h"
#include "cuda/target_row.h"
#include "cuda/team.h"
#include "ops/evidential/evidence.h"
#include "ops/evidential/evidential.h"
#include "ops/evidential/evidential_total.h"
#include "ops/evidential_token/evidential_token.h"

namespace chorus {
namespace cuda {

template <typename In>
struct EvidentialTokenArguments {
  float *loss, *nll, *kl;
  In* logits;
  const float* dloss;
  const int64_t* ids;
  const float *probabilities, *weights;
  const int64_t* row_names;
  int64_t N;
  int V, named;
  int64_t stride;
  double kl_weight;
  double no_evidence;
};

/** e^x by the hardware's 2^x: what is computed is e^x of an x that is off by 2^-24 of itself, as the logit is. */
struct FastMath : SingleMath {
  static CHORUS_DEVICE float Exp(float x) { return Exp2(x * kLog2E); }
};

/** What the elements need to know of their row. */
struct TokenRowForm {
  float shift;                        // share = e^(z - shift)
  float shape_high, shape_low, even;  // a label is shape share + even, shape in two parts
  float one_minus_even;
  float mass_over_strength;  // d ln S / dz over a share, or over e'(z), times mass, dloss and the row's weight
  float label_scale, kl_scale;
  float total_slope;
  float log_high, log_low;  // ln S in two parts
  double mass;              // sum of the label
};

/** Which of a thread's packs have a named token: a bit each in the order in which it comes to them; the 33rd has that of the
 * first, and so on, so that a set bit is a question. */
struct NamedPacks {
  unsigned bits;

  CHORUS_DEVICE bool Next() {
    const bool has = bits & 1;
    bits = bits >> 1 | bits << 31;
    return has;
  }
};

template <int kTeam, int kKind, typename In>
class EvidentialTokenRow {
  static constexpr int kCount = Pack<In>::kCount;
  /** Elements that are computed at once. */
  static constexpr int kGroup = 4;
  static constexpr float kLn2 = 0.69314718f;
  /** Sums of evidence are held over this, so that no f32 is too large to be added up. */
  static constexpr float kUnit = 65536;
  static constexpr bool kIsExp = kKind == CHORUS_EVIDENCE_EXP;

 public:
  CHORUS_DEVICE EvidentialTokenRow(const EvidentialTokenArguments<In>& call, int64_t row)
      : c(call),
        n(row),
        z(call.logits + row * call.stride),
        ids(call.ids + row * call.named),
        probabilities(call.probabilities + row * call.named),
        with_kl(call.kl || call.kl_weight != 0) {}

  CHORUS_DEVICE void Run(const Faults& faults) {
    const float weight = c.weights ? c.weights[n] : 1.0f;
    if (weight == 0) {
      Write(0, 0, 0);
      if (c.dloss) FillRow<kTeam>(z, c.V, 0);
      return;
    }
    Reason reason = Reason::kCount;
    if (!CheckRow(weight, reason) || !FindForm(weight, reason)) {
      if (Rank<kTeam>() == 0) faults.Report(c.row_names ? c.row_names[n] : n, reason);
      Write(NAN, NAN, NAN);
      if (c.dloss) FillRow<kTeam>(z, c.V, NAN);
      return;
    }
    AddTerms(weight);
  }

 private:
  CHORUS_DEVICE void Write(float loss, float nll, float kl) {
    if (Rank<kTeam>() != 0) return;
    c.loss[n] = loss;
    c.nll[n] = nll;
    if (c.kl) c.kl[n] = kl;
  }

  /* ---- named tokens ---- */

  /** What is not per element of the vocabulary; finds `named`, `others` and `packs`. */
  CHORUS_DEVICE bool CheckRow(float weight, Reason& reason) {
    enum : unsigned { kWeight = 1, kId = 2, kProbability = 4, kUpstream = 8 };
    CHORUS_SHARED(unsigned, marks, kTeam == kWarp ? kWarpTeamsBlock : kTeam);
    unsigned* const own_marks = marks + (kTeam == kWarp ? threadIdx.x / kWarp * kWarp : 0);
    own_marks[Rank<kTeam>()] = 0;
    SyncTeam<kTeam>();
    const RowParts parts = PartsOf(z, c.V);
    unsigned bad = 0;
    double sum = 0;
    int count = 0;
    for (int j = Rank<kTeam>(); j < c.named; j += kTeam) {
      const int64_t id = ids[j];
      if (id == -1) continue;
      if (id < 0 || id >= c.V) {
        bad |= kId;
        continue;
      }
      const float p = probabilities[j];
      if (!(p >= 0 && p <= kEvidentialTokenMaxSum)) bad |= kProbability;
      for (int other = 0; other < j; ++other) {
        if (ids[other] == id) bad |= kProbability;
      }
      sum += p;
      ++count;
      const int at = static_cast<int>(id) - parts.head;
      if (at < 0 || at >= parts.packs * kCount) continue;
      atomicOr(own_marks + at / kCount % kTeam, 1u << (at / kCount / kTeam & 31));
    }
    if (!IsWeight(weight)) bad |= kWeight;
    if (c.dloss && !IsFinite(c.dloss[n])) bad |= kUpstream;
    named = SumTeam<kTeam>(sum);
    others = c.V - SumTeam<kTeam>(count);
    if (named > kEvidentialTokenMaxSum) bad |= kProbability;
    bad = CombineTeam<kTeam>(bad, Either());
    SyncTeam<kTeam>();
    packs.bits = own_marks[Rank<kTeam>()];
    reason = bad & kWeight        ? Reason::kWeight
             : bad & kId          ? Reason::kTarget
             : bad & kProbability ? Reason::kProbabilities
                                  : Reason::kUpstream;
    return bad == 0;
  }

  /** body(u, j) if named token j is element u of the kWidth from `first` on; u is known when this is compiled. */
  template <int kWidth, typename Body>
  CHORUS_DEVICE void ForNamedIn(int first, Body body) const {
    CHORUS_NO_UNROLL
    for (int j = 0; j < c.named; ++j) {
      const int64_t at = ids[j] - first;
      if (at < 0 || at >= kWidth) continue;
      CHORUS_UNROLL
      for (int u = 0; u < kWidth; ++u) {
        if (u == at) body(u, j);
      }
    }
  }

  /** Which named token v is, or -1. */
  CHORUS_DEVICE int NamedAt(int v) const {
    for (int j = 0; j < c.named; ++j) {
      if (ids[j] == v) return j;
    }
    return -1;
  }

  /* ---- shares of the softmax ---- */

  CHORUS_DEVICE static float Share(float logit, float shift) { return FastMath::Exp(logit - shift); }

  /** Sums over shares, and over the evidence if it is not the shares. */
  struct Shares {
    float top = 0;       // the largest share
    float low = 0;       // the sum of the others
    float evidence = 0;  // over kUnit

    CHORUS_DEVICE void Add(float share) {
      low += fminf(top, share);
      top = MaxOrNan(top, share);
    }
    CHORUS_DEVICE void AddEvidence(float logit) {
      if (!kIsExp) evidence += EvidenceOf<kKind, SingleMath, Single>::Evidence(Single{logit}).v * (1 / kUnit);
    }
  };
  struct RowShares {
    float top = 0;
    double low = 0, sum = 0, evidence = 0;
  };

  /** hide: without the named tokens. */
  CHORUS_DEVICE RowShares SumShares(float shift, bool hide) const {
    Shares own;
    NamedPacks pack = packs;
    ForRowAhead<kTeam>(
        static_cast<const In*>(z), c.V,
        [&](int first, const Pack<In>& p) {
          float x[kCount], share[kCount];
          Unpack(p, x);
          CHORUS_UNROLL
          for (int u = 0; u < kCount; ++u) share[u] = Share(x[u], shift);
          if (hide && pack.Next()) ForNamedIn<kCount>(first, [&](int u, int) { share[u] = 0; });
          CHORUS_UNROLL
          for (int u = 0; u < kCount; ++u) {
            own.Add(share[u]);
            own.AddEvidence(x[u]);
          }
        },
        [&](int v) {
          const float x = ToFloat(z[v]);
          own.Add(hide && NamedAt(v) >= 0 ? 0.0f : Share(x, shift));
          own.AddEvidence(x);
        });
    RowShares row;
    row.top = CombineTeam<kTeam>(own.top, Largest());
    row.low = SumTeam<kTeam>(static_cast<double>(own.low));
    row.sum = row.low + SumTeam<kTeam>(static_cast<double>(own.top));
    row.evidence = kIsExp ? 0.0 : SumTeam<kTeam>(static_cast<double>(own.evidence)) * kUnit;
    return row;
  }

  CHORUS_DEVICE float LargestLogit() const {
    float top = -INFINITY;
    ForRowAhead<kTeam>(
        static_cast<const In*>(z), c.V,
        [&](int, const Pack<In>& p) {
          float x[kCount];
          Unpack(p, x);
          CHORUS_UNROLL
          for (int u = 0; u < kCount; ++u) top = MaxOrNan(top, x[u]);
        },
        [&](int v) { top = MaxOrNan(top, ToFloat(z[v])); });
    return CombineTeam<kTeam>(top, Largest());
  }

  CHORUS_DEVICE double ShareOfNamed(float shift) const {
    double sum = 0;
    for (int j = Rank<kTeam>(); j < c.named; j += kTeam) {
      if (ids[j] >= 0) sum += Share(ToFloat(z[ids[j]]), shift);
    }
    return SumTeam<kTeam>(sum);
  }

  /** The row's form; false if a logit is NaN or +infinity. */
  CHORUS_DEVICE bool FindForm(float weight, Reason& reason) {
    // Where the largest e^z is far from the ends of f32's range, there is no shift. Elsewhere the shares are e^(z - shift).
    constexpr float kLeast = 8.7565108e-27f, kMost = 2.3538527e17f;  // e^-60 and e^40
    float shift = 0;
    bool has_shape = true, is_shifted = false, hide = false;
    RowShares all, rest;
    // Once, as a rule.
    for (;;) {
      const RowShares sums = SumShares(shift, hide);
      rest = sums;
      if (hide) break;
      all = sums;
      if (!is_shifted && !(all.top >= kLeast && all.top <= kMost)) {
        is_shifted = true;
        const float top = LargestLogit();
        if (!(top < INFINITY)) {
          reason = Reason::kEvidenceLogit;
          return false;
        }
        has_shape = top > (kIsExp ? -600.0f : -INFINITY);
        shift = top > 40 ? top - 40 : top < -60 && has_shape ? top : 0.0f;
        continue;
      }
      // A thread's largest share cancels exactly. The sum of the others has lost digits if named tokens are most of it.
      rest.sum = all.sum - ShareOfNamed(shift);
      hide = has_shape && named < 1 && rest.sum < 0.5 * all.low;
      if (!hide) break;
    }
    if (InFirstWarp<kTeam>()) {
      form.shift = shift;
      FindLabel(has_shape, rest.sum, all.sum);
      FindStrength(all, weight);
    }
    form = FromFirstWarp<kTeam>(form);
    if (with_kl) form.total_slope = FindTotal();
    return true;
  }

  /** The labels' form. */
  CHORUS_DEVICE void FindLabel(bool has_shape, double rest_sum, double sum) {
    const double rest = others > 0 && named < 1 ? 1 - named : 0;
    double shape = 0, even = 0;
    if (has_shape && rest_sum >= kEvidentialTokenLeastRest * sum) {
      if (rest > 0) shape = Quotient(rest, rest_sum);
    } else if (others > 0) {
      even = Quotient(rest, others);
    }
    form.shape_high = static_cast<float>(shape);
    form.shape_low = static_cast<float>(shape - form.shape_high);
    form.even = static_cast<float>(even);
    form.one_minus_even = static_cast<float>(1 - even);
    form.mass = named + rest;
  }

  /** S, and what the gradient needs of it. */
  CHORUS_DEVICE void FindStrength(const RowShares& all, float weight) {
    // S over e^shift, or S where it need not be that large.
    const bool over = kIsExp && form.shift > 0;
    const double unit = kIsExp ? exp(-fabs(static_cast<double>(form.shift))) : 1.0;
    const double strength = over ? c.V * unit + all.sum : c.V + (kIsExp ? all.sum * unit : all.evidence);
    const double log_strength = (over ? form.shift : 0.0) + log(strength);
    // d ln S / dz over a share, or over the slope of an evidence that is not the shares.
    const double of_share = Quotient(over ? 1.0 : unit, strength);
    form.log_high = static_cast<float>(log_strength);
    form.log_low = static_cast<float>(log_strength - form.log_high);
    const float scale = c.dloss ? weight * c.dloss[n] : 0.0f;
    form.mass_over_strength = static_cast<float>(scale * (form.mass * of_share));
    form.label_scale = scale;
    form.kl_scale = static_cast<float>(scale * c.kl_weight);
  }

  /* ---- elements ---- */

  struct Element {
    float logit, share, evidence;
    float label, other;  // y and 1 - y, which is never negative
  };

  /** All but the label, which is that of a token that is not named. */
  CHORUS_DEVICE Element ElementOf(float logit) const {
    Element e;
    e.logit = logit;
    e.share = Share(logit, form.shift);
    if constexpr (kIsExp) {
      e.evidence = form.shift == 0 ? e.share : FastMath::Exp(fminf(logit, static_cast<float>(kEvidentialMaxKlLogit)));
    } else {
      e.evidence = EvidenceOf<kKind, SingleMath, Single>::Evidence(Single{logit}).v;
    }
    e.label = fmaf(form.shape_high, e.share, form.even);
    const float most = fmaf(-form.shape_high, e.share, form.one_minus_even);
    e.other = fmaxf(fmaf(-form.shape_low, e.share, most), 0.0f);
    return e;
  }

  CHORUS_DEVICE void Name(Element& e, int j) const {
    e.label = probabilities[j];
    e.other = fmaxf(1 - e.label, 0.0f);
  }

  CHORUS_DEVICE Element ElementAt(int v) const {
    Element e = ElementOf(ToFloat(z[v]));
    const int j = NamedAt(v);
    if (j >= 0) Name(e, j);
    return e;
  }

  /** body(u, elements of the row from first + u on), for some of the pack at a time: registers are few. */
  template <typename Body>
  CHORUS_DEVICE void ForElements(int first, const Pack<In>& p, bool has_named, Body body) const {
    float x[kCount];
    Unpack(p, x);
    CHORUS_UNROLL
    for (int u = 0; u < kCount; u += kGroup) {
      Element e[kGroup];
      CHORUS_UNROLL
      for (int i = 0; i < kGroup; ++i) e[i] = ElementOf(x[u + i]);
      if (has_named) ForNamedIn<kGroup>(first + u, [&](int i, int j) { Name(e[i], j); });
      body(u, e);
    }
  }

  /** The slope of the total concentration; leaves it in total_excess. */
  CHORUS_DEVICE float FindTotal() {
    float excess = 0;
    NamedPacks pack = packs;
    ForRowAhead<kTeam>(
        static_cast<const In*>(z), c.V,
        [&](int first, const Pack<In>& p) {
          ForElements(first, p, pack.Next(), [&](int, const Element(&e)[kGroup]) {
            CHORUS_UNROLL
            for (int i = 0; i < kGroup; ++i) excess += e[i].other * e[i].evidence * (1 / kUnit);
          });
        },
        [&](int v) {
          const Element e = ElementAt(v);
          excess += e.other * e.evidence * (1 / kUnit);
        });
    total_excess = SumTeam<kTeam>(static_cast<double>(excess)) * kUnit;
    const float classes = static_cast<float>(c.V - 1);
    return TotalConcentration(static_cast<float>(total_excess) + classes, classes).Slope();
  }

  /** Of one thread. */
  struct Terms {
    float nll = 0, smooth = 0;
    LogProduct alpha;
  };

  /** What is the same with and without KL: the element's terms and its gradient. */
  struct Slopes {
    float own;  // de / dz
    float d;
  };
  CHORUS_DEVICE Slopes AddNll(const Element& e, Terms& terms) const {
    Slopes s;
    const float inverse = InverseOf(1 + e.evidence);
    s.own = kIsExp ? e.evidence : EvidenceOf<kKind, SingleMath, Single>::Slope(Single{e.logit}, Single{e.evidence}).v;
    const float log_slope = s.own * inverse;
    if constexpr (kIsExp) {
      // ln(1 + e^z) = max(z, 0) + ln(1 + e^-|z|): the first difference is exact where both are large, and the second
      // logarithm is that of a number in [1/2, 1].
      const float fraction = e.logit > 0 ? log_slope : inverse;
      terms.nll += e.label * ((form.log_high - fmaxf(e.logit, 0.0f)) + kLn2 * Log2(fraction));
    } else {
      terms.nll += e.label * (form.log_high - logf(1 + e.evidence));
    }
    s.d = form.mass_over_strength * (kIsExp ? e.share : s.own) - form.label_scale * (e.label * log_slope);
    return s;
  }

  CHORUS_DEVICE float AddKl(const Element& e, float own_slope, Terms& terms) const {
    const float b = e.other * e.evidence;
    const DirichletTerm<Single> term(Single{b});
    terms.smooth += term.Smooth().v;
    terms.alpha.Multiply(1 + b);
    const float slope =
        kIsExp ? (e.logit > static_cast<float>(kEvidentialMaxKlLogit) ? 0.0f : b) : e.other * own_slope;
    return form.kl_scale * slope * (term.Slope().v - form.total_slope);
  }

  CHORUS_DEVICE void AddTerms(float weight) {
    Terms own;
    NamedPacks pack = packs;
    ForRowAhead<kTeam>(
        static_cast<const In*>(z), c.V,
        [&](int first, const Pack<In>& p) {
          Pack<In> d;
          ForElements(first, p, pack.Next(), [&](int u, const Element(&e)[kGroup]) {
            Slopes s[kGroup];
            CHORUS_UNROLL
            for (int i = 0; i < kGroup; ++i) s[i] = AddNll(e[i], own);
            if (with_kl) {
              CHORUS_UNROLL
              for (int i = 0; i < kGroup; ++i) s[i].d += AddKl(e[i], s[i].own, own);
            }
            CHORUS_UNROLL
            for (int i = 0; i < kGroup; ++i) d.at[u + i] = FromFloat<In>(s[i].d);
          });
          if (c.dloss) StorePack(z + first, d);
        },
        [&](int v) {
          const Element e = ElementAt(v);
          Slopes s = AddNll(e, own);
          if (with_kl) s.d += AddKl(e, s.own, own);
          if (c.dloss) z[v] = FromFloat<In>(s.d);
        });
    const double nll = SumTeam<kTeam>(static_cast<double>(own.nll));
    double kl = 0;
    if (with_kl) kl = SumTeam<kTeam>(own.smooth - 0.5 * own.alpha.Log());
    if (Rank<kTeam>() != 0) return;
    const double row_nll = nll + form.mass * form.log_low;
    if (with_kl) {
      const float classes = static_cast<float>(c.V - 1);
      const TotalConcentration total(static_cast<float>(total_excess) + classes, classes);
      // Rounding may leave a zero divergence below 0.
      kl = fmax(kl + c.no_evidence - ((0.5 - c.V) * log(total_excess + c.V) + total.Smooth()), 0.0);
    }
    const double loss = weight * (row_nll + c.kl_weight * kl);
    Write(static_cast<float>(loss), static_cast<float>(row_nll), static_cast<float>(kl));
  }

  const EvidentialTokenArguments<In>& c;
  const int64_t n;
  In* const z;
  const int64_t* const ids;
  const float* const probabilities;
  const bool with_kl;
  double named = 0;  // the sum of the named tokens' probabilities
  int others = 0;    // tokens that are not named
  NamedPacks packs = {0};
  double total_excess = 0;
  TokenRowForm form = {};
};

}  // namespace cuda
}  // namespace chorus

#endif
