// What is refused of the arguments of linear_logprob, on the host and on a device, before a value is looked at.
#ifndef CHORUS_OPS_LINEAR_LOGPROB_CHECKS_H
#define CHORUS_OPS_LINEAR_LOGPROB_CHECKS_H

#include <cmath>

#include "common/abi.h"
#include "ops/linear_logprob/linear_logprob.h"

namespace chorus {

inline chorus_status CheckHead(const char* op, const HeadOutputs& out, const void* logits, const HeadTargets& targets,
                               const HeadSpec& spec) {
  if (chorus_status bad = CheckMatrix(op, spec.N, "V", spec.V, spec.stride)) return bad;
  if (!(std::isfinite(spec.scale) && spec.scale != 0) || !(std::isfinite(spec.soft_cap) && spec.soft_cap >= 0)) {
    return Fail(CHORUS_INVALID_ARGUMENT,
                "%s: scale = %g, soft_cap = %g, expected a finite scale other than 0 and a finite cap of at least 0", op,
                spec.scale, spec.soft_cap);
  }
  if (spec.N == 0) return CHORUS_OK;
  if (chorus_status bad = CheckPointers(
          op, {{"logps", out.logps}, {"lse", out.lse}, {"entropy", out.entropy}, {"logits", logits}})) {
    return bad;
  }
  if (targets.dense ? targets.ids || targets.probabilities : !targets.ids) {
    return Fail(CHORUS_INVALID_ARGUMENT, "%s: expected either ids or a dense target", op);
  }
  const int64_t most = targets.probabilities ? kMaxNamed : 1;
  if (!targets.dense && (targets.k < 1 || targets.k > most)) {
    return Fail(CHORUS_INVALID_ARGUMENT, "%s: k = %lld, expected 1 to %lld", op, static_cast<long long>(targets.k),
                static_cast<long long>(most));
  }
  return CHORUS_OK;
}

}  // namespace chorus

#endif
