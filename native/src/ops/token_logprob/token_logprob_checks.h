// What is refused of the arguments of token_logprob, on the host and on a device, before a value is looked at.
#ifndef CHORUS_OPS_TOKEN_LOGPROB_CHECKS_H
#define CHORUS_OPS_TOKEN_LOGPROB_CHECKS_H

#include "common/abi.h"

namespace chorus {

inline chorus_status CheckTokens(const char* op, const chorus_token_logprob_forward_args& a) {
  if (chorus_status bad = CheckMatrix(op, a.N, "V", a.V, a.stride)) return bad;
  if (a.N == 0) return CHORUS_OK;
  return CheckPointers(
      op, {{"logps", a.logps}, {"lse", a.lse}, {"entropy", a.entropy}, {"logits", a.logits}, {"targets", a.targets}});
}

inline chorus_status CheckTokens(const char* op, const chorus_token_logprob_backward_args& a) {
  if (chorus_status bad = CheckMatrix(op, a.N, "V", a.V, a.stride)) return bad;
  if (a.N == 0) return CHORUS_OK;
  return CheckPointers(op, {{"logits", a.logits}, {"targets", a.targets}, {"lse", a.lse}, {"dlogps", a.dlogps}});
}

}  // namespace chorus

#endif
