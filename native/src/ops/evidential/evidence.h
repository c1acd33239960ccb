// How a logit z becomes evidence e(z), and what the loss needs of it: formulas of one element.
//
// T is double or a vector of doubles, Math a struct with their Exp, Log and Log1p. kKind is CHORUS_EVIDENCE_*.
#ifndef CHORUS_OPS_EVIDENTIAL_EVIDENCE_H
#define CHORUS_OPS_EVIDENTIAL_EVIDENCE_H

#include "chorus.h"
#include "common/dirichlet.h"

namespace chorus {

template <int kKind, typename Math, typename T>
struct EvidenceOf {
  static constexpr double kMaxKlLogit = 40;

  /** e(z), for exp of min(z, 40). */
  CHORUS_ELEMENT static T Evidence(T z) {
    if constexpr (kKind == CHORUS_EVIDENCE_EXP) {
      const T most = T{} + kMaxKlLogit;
      return Math::Exp(z > most ? most : z);
    } else if constexpr (kKind == CHORUS_EVIDENCE_SOFTPLUS) {
      return (z > 0.0 ? z : T{}) + Math::Log1p(Math::Exp(z > 0.0 ? -z : z));
    } else {
      return z > 0.0 ? z : T{};
    }
  }

  /** e'(z), for exp that of the clamped evidence without the clamp's kink: e itself. */
  CHORUS_ELEMENT static T Slope(T z, T e) {
    if constexpr (kKind == CHORUS_EVIDENCE_EXP) {
      return e;
    } else if constexpr (kKind == CHORUS_EVIDENCE_SOFTPLUS) {
      const T one = T{} + 1.0;
      const T q = Math::Exp(z > 0.0 ? -z : z);
      return (z > 0.0 ? one : q) / (1.0 + q);
    } else {
      const T one = T{} + 1.0;
      return z > 0.0 ? one : T{};
    }
  }

  /** The slope that the KL term sees. */
  CHORUS_ELEMENT static T KlSlope(T z, T slope) {
    if constexpr (kKind == CHORUS_EVIDENCE_EXP) {
      return z > kMaxKlLogit ? T{} : slope;
    } else {
      return slope;
    }
  }

  /** ln(1 + e(z)) of the evidence without a clamp; beyond 40, ln(1 + e^z) is z to the last digit. */
  CHORUS_ELEMENT static T LogAlpha(T z, T e) {
    const T log = Math::Log(1.0 + e);
    if constexpr (kKind == CHORUS_EVIDENCE_EXP) {
      return z > kMaxKlLogit ? z : log;
    } else {
      return log;
    }
  }

  /** d ln alpha / dz. For exp beyond 40 it is 1 to the last digit, as e / (1 + e) is. */
  CHORUS_ELEMENT static T LogAlphaSlope(T e, T slope) { return slope / (1.0 + e); }
};

}  // namespace chorus

#endif
