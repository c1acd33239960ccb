// The functions of chorus.h for tests, by way of a device.
#include "testing/device/device_call.h"

namespace {

using chorus_testing::DeviceCall;

template <typename T>
chorus_status Forward(float* logps, float* lse, float* entropy, const T* logits, const int64_t* targets,
                      const float* weights, int64_t N, int64_t V, int64_t stride, int type) {
  DeviceCall call;
  return call.Finish(chorus_cuda_token_logprob_forward(
      call.Out(logps, N), call.Out(lse, N), call.Out(entropy, N), call.InRows(logits, N, V, stride), call.In(targets, N),
      call.In(weights, N), N, V, stride, type, call.fault(), nullptr));
}

template <typename T>
chorus_status Backward(T* logits, const int64_t* targets, const float* lse, const float* dlogps, const float* weights,
                       int64_t N, int64_t V, int64_t stride, int type) {
  DeviceCall call;
  return call.Finish(chorus_cuda_token_logprob_backward(call.OutRows(logits, N, V, stride), call.In(targets, N),
                                                        call.In(lse, N), call.In(dlogps, N), call.In(weights, N), N, V,
                                                        stride, type, call.fault(), nullptr));
}

}  // namespace

extern "C" {

chorus_status chorus_token_logprob_forward_f32(float* logps, float* lse, float* entropy, const float* logits,
                                               const int64_t* targets, const float* weights, int64_t N, int64_t V,
                                               int64_t stride) {
  return Forward(logps, lse, entropy, logits, targets, weights, N, V, stride, CHORUS_TYPE_F32);
}

chorus_status chorus_token_logprob_forward_bf16(float* logps, float* lse, float* entropy, const chorus_bf16* logits,
                                                const int64_t* targets, const float* weights, int64_t N, int64_t V,
                                                int64_t stride) {
  return Forward(logps, lse, entropy, logits, targets, weights, N, V, stride, CHORUS_TYPE_BF16);
}

chorus_status chorus_token_logprob_backward_f32(float* logits, const int64_t* targets, const float* lse,
                                                const float* dlogps, const float* weights, int64_t N, int64_t V,
                                                int64_t stride) {
  return Backward(logits, targets, lse, dlogps, weights, N, V, stride, CHORUS_TYPE_F32);
}

chorus_status chorus_token_logprob_backward_bf16(chorus_bf16* logits, const int64_t* targets, const float* lse,
                                                 const float* dlogps, const float* weights, int64_t N, int64_t V,
                                                 int64_t stride) {
  return Backward(logits, targets, lse, dlogps, weights, N, V, stride, CHORUS_TYPE_BF16);
}

}  // extern "C"
