// The C interface of linear_logprob.
#include "ops/linear_logprob/linear_logprob_checks.h"

namespace {

using namespace chorus;

template <typename In>
chorus_status Rows(const char* op, const HeadOutputs& out, In* logits, const float* bias, const HeadTargets& targets,
                   const float* weights, const float* dlogps, const HeadSpec& spec) {
  return Guard(op, [&]() -> chorus_status {
    if (chorus_status bad = CheckHead(op, out, logits, targets, spec)) return bad;
    if (spec.N == 0) return CHORUS_OK;
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
