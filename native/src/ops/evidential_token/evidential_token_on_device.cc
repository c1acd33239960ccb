// The functions of chorus.h for tests, by way of a device.
#include "testing/device/device_call.h"

namespace {

using chorus_testing::DeviceCall;

template <typename T>
chorus_status Run(float* loss, float* nll, float* kl, T* logits, const float* dloss, const int64_t* ids,
                  const float* probabilities, const float* weights, const int64_t* row_names, int64_t N, int64_t V,
                  int64_t k, int64_t stride, int evidence, double kl_weight, int type) {
  DeviceCall call;
  return call.Finish(chorus_cuda_evidential_token(
      call.Out(loss, N), call.Out(nll, N), call.Out(kl, N), call.OutRows(logits, N, V, stride), call.In(dloss, N),
      call.In(ids, N * k), call.In(probabilities, N * k), call.In(weights, N), call.In(row_names, N), N, V, k, stride,
      evidence, kl_weight, type, call.fault(), nullptr));
}

}  // namespace

extern "C" {

chorus_status chorus_evidential_token_f32(float* loss, float* nll, float* kl, float* logits, const float* dloss,
                                          const int64_t* ids, const float* probabilities, const float* weights,
                                          const int64_t* row_names, int64_t N, int64_t V, int64_t k, int64_t stride,
                                          int evidence, double kl_weight) {
  return Run(loss, nll, kl, logits, dloss, ids, probabilities, weights, row_names, N, V, k, stride, evidence, kl_weight,
             CHORUS_TYPE_F32);
}

chorus_status chorus_evidential_token_bf16(float* loss, float* nll, float* kl, chorus_bf16* logits, const float* dloss,
                                           const int64_t* ids, const float* probabilities, const float* weights,
                                           const int64_t* row_names, int64_t N, int64_t V, int64_t k, int64_t stride,
                                           int evidence, double kl_weight) {
  return Run(loss, nll, kl, logits, dloss, ids, probabilities, weights, row_names, N, V, k, stride, evidence, kl_weight,
             CHORUS_TYPE_BF16);
}

}  // extern "C"
