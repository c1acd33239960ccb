// The C interface of dirichlet_posterior.
#include "ops/dirichlet_posterior/dirichlet_posterior.h"
#include "ops/dirichlet_posterior/dirichlet_posterior_checks.h"

namespace {

using namespace chorus;

template <typename Answer>
chorus_status Posterior(const char* op, const char* answers, const DirichletOutputs& out,
                        const DirichletInputs<Answer>& in) {
  return Guard(op, [&]() -> chorus_status {
    if (chorus_status bad = CheckDirichletPosterior(op, answers, in.answers, in.prior, in.N, in.W, in.K)) return bad;
    if (in.N == 0) return CHORUS_OK;
    return DirichletPosteriorCpu(op, out, in);
  });
}

}  // namespace

extern "C" {

chorus_status chorus_dirichlet_posterior_i64(float* alpha, float* p, float* belief, float* variance, int64_t* label,
                                             float* total, float* expected, float* mutual, float* differential,
                                             float* epkl, float* vacuity, const int64_t* votes,
                                             const float* labeler_weights, const float* prior, const float* weights,
                                             int64_t N, int64_t W, int64_t K) {
  return Posterior<int64_t>(
      "dirichlet_posterior_i64", "votes",
      {alpha, p, belief, variance, label, total, expected, mutual, differential, epkl, vacuity},
      {votes, nullptr, labeler_weights, prior, weights, N, W, K});
}

chorus_status chorus_dirichlet_posterior_f32(float* alpha, float* p, float* belief, float* variance, int64_t* label,
                                             float* total, float* expected, float* mutual, float* differential,
                                             float* epkl, float* vacuity, const float* labels, const float* lambda,
                                             const float* labeler_weights, const float* prior, const float* weights,
                                             int64_t N, int64_t W, int64_t K) {
  return Posterior<float>(
      "dirichlet_posterior_f32", "labels",
      {alpha, p, belief, variance, label, total, expected, mutual, differential, epkl, vacuity},
      {labels, lambda, labeler_weights, prior, weights, N, W, K});
}

chorus_status chorus_dirichlet_posterior_bf16(float* alpha, float* p, float* belief, float* variance, int64_t* label,
                                              float* total, float* expected, float* mutual, float* differential,
                                              float* epkl, float* vacuity, const chorus_bf16* labels,
                                              const float* lambda, const float* labeler_weights, const float* prior,
                                              const float* weights, int64_t N, int64_t W, int64_t K) {
  return Posterior<uint16_t>(
      "dirichlet_posterior_bf16", "labels",
      {alpha, p, belief, variance, label, total, expected, mutual, differential, epkl, vacuity},
      {labels, lambda, labeler_weights, prior, weights, N, W, K});
}

}  // extern "C"
