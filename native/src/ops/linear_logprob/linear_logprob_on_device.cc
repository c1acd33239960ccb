// The functions of chorus.h for tests, by way of a device.
#include "testing/device/device_call.h"

namespace {

using chorus_testing::DeviceCall;

template <typename T>
chorus_status Rows(float* logps, float* kl, float* lse, float* entropy, T* logits, const float* bias, const int64_t* ids,
                   const float* probabilities, const float* dense, const float* weights, const float* dlogps,
                   const int64_t* row_names, int64_t N, int64_t V, int64_t k, int64_t stride, double scale,
                   double soft_cap, int type) {
  DeviceCall call;
  return call.Finish(chorus_cuda_linear_logprob_rows(
      call.Out(logps, N), call.Out(kl, N), call.Out(lse, N), call.Out(entropy, N), call.OutRows(logits, N, V, stride),
      call.In(bias, V), call.In(ids, N * k), call.In(probabilities, N * k), call.In(dense, N * V), call.In(weights, N),
      call.In(dlogps, N), call.In(row_names, N), N, V, k, stride, scale, soft_cap, type, call.fault(), nullptr));
}

}  // namespace

extern "C" {

chorus_status chorus_linear_logprob_rows_f32(float* logps, float* kl, float* lse, float* entropy, float* logits,
                                             const float* bias, const int64_t* ids, const float* probabilities,
                                             const float* dense, const float* weights, const float* dlogps,
                                             const int64_t* row_names, int64_t N, int64_t V, int64_t k, int64_t stride,
                                             double scale, double soft_cap) {
  return Rows(logps, kl, lse, entropy, logits, bias, ids, probabilities, dense, weights, dlogps, row_names, N, V, k,
              stride, scale, soft_cap, CHORUS_TYPE_F32);
}

chorus_status chorus_linear_logprob_rows_bf16(float* logps, float* kl, float* lse, float* entropy, chorus_bf16* logits,
                                              const float* bias, const int64_t* ids, const float* probabilities,
                                              const float* dense, const float* weights, const float* dlogps,
                                              const int64_t* row_names, int64_t N, int64_t V, int64_t k,
                                              int64_t stride, double scale, double soft_cap) {
  return Rows(logps, kl, lse, entropy, logits, bias, ids, probabilities, dense, weights, dlogps, row_names, N, V, k,
              stride, scale, soft_cap, CHORUS_TYPE_BF16);
}

}  // extern "C"
