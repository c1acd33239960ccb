// The functions of chorus.h for tests, by way of a device.
#include "testing/device/device_call.h"

namespace {

using chorus_testing::DeviceCall;

/** How much N, W and K ask for, or -1 for what no test means. */
int64_t Count(int64_t N, int64_t W, int64_t K) { return N < 0 || W < 0 || K < 0 || W > (1 << 20) ? -1 : N * W * K; }

template <typename T>
chorus_status Labels(float* alpha, float* p, float* belief, float* variance, int64_t* label, float* total,
                     float* expected, float* mutual, float* differential, float* epkl, float* vacuity, const T* labels,
                     const float* lambda, const float* labeler_weights, const float* prior, const float* weights,
                     int64_t N, int64_t W, int64_t K, int type) {
  DeviceCall call;
  return call.Finish(chorus_cuda_dirichlet_posterior_labels(
      call.Out(alpha, Count(N, 1, K)), call.Out(p, Count(N, 1, K)), call.Out(belief, Count(N, 1, K)),
      call.Out(variance, Count(N, 1, K)), call.Out(label, N), call.Out(total, N), call.Out(expected, N),
      call.Out(mutual, N), call.Out(differential, N), call.Out(epkl, N), call.Out(vacuity, N),
      call.In(labels, Count(N, W, K)), call.In(lambda, Count(N, W, 1)), call.In(labeler_weights, Count(1, W, 1)),
      call.In(prior, K), call.In(weights, N), N, W, K, type, call.fault(), nullptr));
}

}  // namespace

extern "C" {

chorus_status chorus_dirichlet_posterior_i64(float* alpha, float* p, float* belief, float* variance, int64_t* label,
                                             float* total, float* expected, float* mutual, float* differential,
                                             float* epkl, float* vacuity, const int64_t* votes,
                                             const float* labeler_weights, const float* prior, const float* weights,
                                             int64_t N, int64_t W, int64_t K) {
  DeviceCall call;
  return call.Finish(chorus_cuda_dirichlet_posterior_votes(
      call.Out(alpha, Count(N, 1, K)), call.Out(p, Count(N, 1, K)), call.Out(belief, Count(N, 1, K)),
      call.Out(variance, Count(N, 1, K)), call.Out(label, N), call.Out(total, N), call.Out(expected, N),
      call.Out(mutual, N), call.Out(differential, N), call.Out(epkl, N), call.Out(vacuity, N),
      call.In(votes, Count(N, W, 1)), call.In(labeler_weights, Count(1, W, 1)), call.In(prior, K), call.In(weights, N),
      N, W, K, call.fault(), nullptr));
}

chorus_status chorus_dirichlet_posterior_f32(float* alpha, float* p, float* belief, float* variance, int64_t* label,
                                             float* total, float* expected, float* mutual, float* differential,
                                             float* epkl, float* vacuity, const float* labels, const float* lambda,
                                             const float* labeler_weights, const float* prior, const float* weights,
                                             int64_t N, int64_t W, int64_t K) {
  return Labels(alpha, p, belief, variance, label, total, expected, mutual, differential, epkl, vacuity, labels, lambda,
                labeler_weights, prior, weights, N, W, K, CHORUS_TYPE_F32);
}

chorus_status chorus_dirichlet_posterior_bf16(float* alpha, float* p, float* belief, float* variance, int64_t* label,
                                              float* total, float* expected, float* mutual, float* differential,
                                              float* epkl, float* vacuity, const chorus_bf16* labels,
                                              const float* lambda, const float* labeler_weights, const float* prior,
                                              const float* weights, int64_t N, int64_t W, int64_t K) {
  return Labels(alpha, p, belief, variance, label, total, expected, mutual, differential, epkl, vacuity, labels, lambda,
                labeler_weights, prior, weights, N, W, K, CHORUS_TYPE_BF16);
}

}  // extern "C"
