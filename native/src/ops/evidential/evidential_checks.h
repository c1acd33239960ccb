// What is refused of the arguments of an evidential loss, on the host and on a device.
#ifndef CHORUS_OPS_EVIDENTIAL_CHECKS_H
#define CHORUS_OPS_EVIDENTIAL_CHECKS_H

#include <cmath>

#include "common/abi.h"

namespace chorus {

inline chorus_status CheckEvidence(const char* op, int evidence, double kl_weight) {
  if (evidence < CHORUS_EVIDENCE_EXP || evidence > CHORUS_EVIDENCE_RELU) {
    return Fail(CHORUS_INVALID_ARGUMENT, "%s: evidence = %d, expected CHORUS_EVIDENCE_*", op, evidence);
  }
  if (!(std::isfinite(kl_weight) && kl_weight >= 0)) {
    return Fail(CHORUS_INVALID_ARGUMENT, "%s: kl_weight = %g, expected finite and >= 0", op, kl_weight);
  }
  return CHORUS_OK;
}

/** Whether a call asks for the loss; it does where it asks for nothing. */
inline bool IsForward(const chorus_evidential_args& a) { return a.loss || a.nll || a.kl || (!a.dlogits && !a.dloss); }
inline bool IsBackward(const chorus_evidential_args& a) { return a.dlogits || a.dloss; }

inline chorus_status CheckEvidential(const char* op, const chorus_evidential_args& a) {
  if (chorus_status bad = CheckMatrix(op, a.N, "K", a.K, a.stride)) return bad;
  if (chorus_status bad = CheckCount(op, "W", a.W, a.N, a.K)) return bad;
  if (chorus_status bad = CheckEvidence(op, a.evidence, a.kl_weight)) return bad;
  if (a.N == 0) return CHORUS_OK;
  if (IsForward(a)) {
    if (chorus_status bad = CheckPointers(op, {{"loss", a.loss}, {"nll", a.nll}})) return bad;
  }
  if (IsBackward(a)) {
    if (chorus_status bad = CheckPointers(op, {{"dlogits", a.dlogits}, {"dloss", a.dloss}})) return bad;
  }
  return CheckPointers(op, {{"logits", a.logits}, {"targets", a.targets}});
}

inline chorus_status CheckEvidentialToken(const char* op, const chorus_evidential_token_args& a) {
  if (chorus_status bad = CheckMatrix(op, a.N, "V", a.V, a.stride)) return bad;
  if (chorus_status bad = CheckCount(op, "k", a.k, a.N, 1)) return bad;
  if (chorus_status bad = CheckEvidence(op, a.evidence, a.kl_weight)) return bad;
  if (a.N == 0) return CHORUS_OK;
  return CheckPointers(
      op, {{"loss", a.loss}, {"nll", a.nll}, {"logits", a.logits}, {"ids", a.ids}, {"probabilities", a.probabilities}});
}

}  // namespace chorus

#endif
