// The functions of chorus.h for tests, by way of a device.
#include "testing/device/device_call.h"

namespace {

using chorus_testing::DeviceCall;

/** W labels of K classes a row, or -1 for what no test means. */
int64_t Labels(int64_t N, int64_t W, int64_t K) { return N < 0 || W < 0 || K < 0 || W > (1 << 20) ? -1 : N * W * K; }

template <typename T>
chorus_status Run(float* loss, float* nll, float* kl, float* dlogits, const float* dloss, const T* logits,
                  const float* targets, const float* lambda, const float* weights, int64_t N, int64_t W, int64_t K,
                  int64_t stride, int evidence, double kl_weight, int type) {
  DeviceCall call;
  return call.Finish(chorus_cuda_evidential(
      call.Out(loss, N), call.Out(nll, N), call.Out(kl, N), call.OutRows(dlogits, N, K, K), call.In(dloss, N),
      call.InRows(logits, N, K, stride), call.In(targets, Labels(N, W, K)), call.In(lambda, Labels(N, W, 1)),
      call.In(weights, N), N, W, K, stride, evidence, kl_weight, type, call.fault(), nullptr));
}

}  // namespace

extern "C" {

chorus_status chorus_evidential_forward_f32(float* loss, float* nll, float* kl, const float* logits,
                                            const float* targets, const float* lambda, const float* weights, int64_t N,
                                            int64_t W, int64_t K, int64_t stride, int evidence, double kl_weight) {
  return Run(loss, nll, kl, nullptr, nullptr, logits, targets, lambda, weights, N, W, K, stride, evidence, kl_weight,
             CHORUS_TYPE_F32);
}

chorus_status chorus_evidential_forward_bf16(float* loss, float* nll, float* kl, const chorus_bf16* logits,
                                             const float* targets, const float* lambda, const float* weights, int64_t N,
                                             int64_t W, int64_t K, int64_t stride, int evidence, double kl_weight) {
  return Run(loss, nll, kl, nullptr, nullptr, logits, targets, lambda, weights, N, W, K, stride, evidence, kl_weight,
             CHORUS_TYPE_BF16);
}

chorus_status chorus_evidential_backward_f32(float* dlogits, const float* dloss, const float* logits,
                                             const float* targets, const float* lambda, const float* weights, int64_t N,
                                             int64_t W, int64_t K, int64_t stride, int evidence, double kl_weight) {
  return Run(nullptr, nullptr, nullptr, dlogits, dloss, logits, targets, lambda, weights, N, W, K, stride, evidence,
             kl_weight, CHORUS_TYPE_F32);
}

chorus_status chorus_evidential_backward_bf16(float* dlogits, const float* dloss, const chorus_bf16* logits,
                                              const float* targets, const float* lambda, const float* weights,
                                              int64_t N, int64_t W, int64_t K, int64_t stride, int evidence,
                                              double kl_weight) {
  return Run(nullptr, nullptr, nullptr, dlogits, dloss, logits, targets, lambda, weights, N, W, K, stride, evidence,
             kl_weight, CHORUS_TYPE_BF16);
}

chorus_status chorus_evidential_forward_backward_f32(float* loss, float* nll, float* kl, float* dlogits,
                                                     const float* dloss, const float* logits, const float* targets,
                                                     const float* lambda, const float* weights, int64_t N, int64_t W,
                                                     int64_t K, int64_t stride, int evidence, double kl_weight) {
  return Run(loss, nll, kl, dlogits, dloss, logits, targets, lambda, weights, N, W, K, stride, evidence, kl_weight,
             CHORUS_TYPE_F32);
}

chorus_status chorus_evidential_forward_backward_bf16(float* loss, float* nll, float* kl, float* dlogits,
                                                      const float* dloss, const chorus_bf16* logits,
                                                      const float* targets, const float* lambda, const float* weights,
                                                      int64_t N, int64_t W, int64_t K, int64_t stride, int evidence,
                                                      double kl_weight) {
  return Run(loss, nll, kl, dlogits, dloss, logits, targets, lambda, weights, N, W, K, stride, evidence, kl_weight,
             CHORUS_TYPE_BF16);
}

}  // extern "C"
