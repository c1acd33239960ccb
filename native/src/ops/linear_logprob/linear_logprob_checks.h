// What is refused of the arguments of linear_logprob, on the host and on a device, before a value is looked at.
#ifndef CHORUS_OPS_LINEAR_LOGPROB_CHECKS_H
#define CHORUS_OPS_LINEAR_LOGPROB_CHECKS_H

#include <cmath>

#include "common/abi.h"
#include "ops/linear_logprob/linear_logprob.h"

namespace chorus {

inline HeadOutputs OutputsOf(const chorus_linear_logprob_rows_args& a) {
  return {a.logps, a.kl, a.lse, a.entropy, a.top1};
}
inline HeadTargets TargetsOf(const chorus_linear_logprob_rows_args& a) {
  return {a.ids, a.probabilities, a.k, a.dense};
}

inline chorus_status CheckHead(const char* op, const chorus_linear_logprob_rows_args& a) {
  if (chorus_status bad = CheckMatrix(op, a.N, "V", a.V, a.stride)) return bad;
  if (!(std::isfinite(a.scale) && a.scale != 0) || !(std::isfinite(a.soft_cap) && a.soft_cap >= 0)) {
    return Fail(CHORUS_INVALID_ARGUMENT,
                "%s: scale = %g, soft_cap = %g, expected a finite scale other than 0 and a finite cap of at least 0",
                op, a.scale, a.soft_cap);
  }
  if (a.N == 0) return CHORUS_OK;
  if (chorus_status bad =
          CheckPointers(op, {{"logps", a.logps}, {"lse", a.lse}, {"entropy", a.entropy}, {"logits", a.logits}})) {
    return bad;
  }
  if (a.dense ? a.ids || a.probabilities : !a.ids) {
    return Fail(CHORUS_INVALID_ARGUMENT, "%s: expected either ids or a dense target", op);
  }
  const int64_t most = a.probabilities ? kMaxNamed : 1;
  if (!a.dense && (a.k < 1 || a.k > most)) {
    return Fail(CHORUS_INVALID_ARGUMENT, "%s: k = %lld, expected 1 to %lld", op, static_cast<long long>(a.k),
                static_cast<long long>(most));
  }
  return CHORUS_OK;
}

}  // namespace chorus

#endif
