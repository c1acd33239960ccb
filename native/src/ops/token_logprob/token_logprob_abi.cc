// The C interface of token_logprob.
#include "common/abi.h"
#include "ops/token_logprob/token_logprob.h"

namespace {

using namespace chorus;

template <typename In>
chorus_status Forward(const char* op, float* logps, float* lse, float* entropy, const In* logits, const int64_t* targets,
                      const float* weights, int64_t N, int64_t V, int64_t stride) {
  return Guard(op, [&]() -> chorus_status {
    if (chorus_status bad = CheckMatrix(op, N, "V", V, stride)) return bad;
    if (N == 0) return CHORUS_OK;
    if (chorus_status bad = CheckPointers(op, {{"logps", logps},
                                               {"lse", lse},
                                               {"entropy", entropy},
                                               {"logits", logits},
                                               {"targets", targets}})) {
      return bad;
    }
    return TokenLogprobForwardCpu(op, logps, lse, entropy, logits, targets, weights, N, V, stride);
  });
}

template <typename In>
chorus_status Backward(const char* op, In* logits, const int64_t* targets, const float* lse, const float* dlogps,
                       const float* weights, int64_t N, int64_t V, int64_t stride) {
  return Guard(op, [&]() -> chorus_status {
    if (chorus_status bad = CheckMatrix(op, N, "V", V, stride)) return bad;
    if (N == 0) return CHORUS_OK;
    if (chorus_status bad =
            CheckPointers(op, {{"logits", logits}, {"targets", targets}, {"lse", lse}, {"dlogps", dlogps}})) {
      return bad;
    }
    return TokenLogprobBackwardCpu(op, logits, targets, lse, dlogps, weights, N, V, stride);
  });
}

}  // namespace

extern "C" {

chorus_status chorus_token_logprob_forward_f32(float* logps, float* lse, float* entropy, const float* logits,
                                               const int64_t* targets, const float* weights, int64_t N, int64_t V,
                                               int64_t stride) {
  return Forward("token_logprob_forward_f32", logps, lse, entropy, logits, targets, weights, N, V, stride);
}

chorus_status chorus_token_logprob_forward_bf16(float* logps, float* lse, float* entropy, const chorus_bf16* logits,
                                                const int64_t* targets, const float* weights, int64_t N, int64_t V,
                                                int64_t stride) {
  return Forward("token_logprob_forward_bf16", logps, lse, entropy, logits, targets, weights, N, V, stride);
}

chorus_status chorus_token_logprob_backward_f32(float* logits, const int64_t* targets, const float* lse,
                                                const float* dlogps, const float* weights, int64_t N, int64_t V,
                                                int64_t stride) {
  return Backward("token_logprob_backward_f32", logits, targets, lse, dlogps, weights, N, V, stride);
}

chorus_status chorus_token_logprob_backward_bf16(chorus_bf16* logits, const int64_t* targets, const float* lse,
                                                 const float* dlogps, const float* weights, int64_t N, int64_t V,
                                                 int64_t stride) {
  return Backward("token_logprob_backward_bf16", logits, targets, lse, dlogps, weights, N, V, stride);
}

}  // extern "C"
