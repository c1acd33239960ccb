// The C interface of linear_logprob.
#include <cmath>

#include "common/abi.h"
#include "ops/linear_logprob/linear_logprob.h"

namespace {

using namespace chorus;

template <typename In>
chorus_status Rows(const char* op, const HeadOutputs& out, In* logits, const float* bias, const HeadTargets& targets,
                   const float* weights, const float* dlogps, const HeadSpec& spec) {
  return Guard(op, [&]() -> chorus_status {
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
    return LinearLogprobRowsCpu(op, out, logits, bias, targets, weights, dlogps, spec);
  });
}

}  // namespace

extern "C" {

chorus_status chorus_linear_logprob_rows_f32(float* logps, float* kl, float* lse, float* entropy, float* logits,
                                             const float* bias, const int64_t* ids, const float* probabilities,
                                             const float* dense, const float* weights, const float* dlogps,
                                             const int64_t* row_names, int64_t N,
                                             int64_t V, int64_t k, int64_t stride, double scale, double soft_cap) {
  return Rows("linear_logprob_rows_f32", {logps, kl, lse, entropy}, logits, bias, {ids, probabilities, k, dense}, weights,
              dlogps, {N, V, stride, row_names, scale, soft_cap});
}

chorus_status chorus_linear_logprob_rows_bf16(float* logps, float* kl, float* lse, float* entropy, chorus_bf16* logits,
                                              const float* bias, const int64_t* ids, const float* probabilities,
                                              const float* dense, const float* weights, const float* dlogps,
                                             const int64_t* row_names, int64_t N,
                                              int64_t V, int64_t k, int64_t stride, double scale, double soft_cap) {
  return Rows("linear_logprob_rows_bf16", {logps, kl, lse, entropy}, logits, bias, {ids, probabilities, k, dense}, weights,
              dlogps, {N, V, stride, row_names, scale, soft_cap});
}

}  // extern "C"
