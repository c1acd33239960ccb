// The C interface of evidential.
#include <cmath>
#include "common/abi.h"
#include "ops/evidential/evidential.h"

namespace {

using namespace chorus;

chorus_status CheckEvidential(const char* op, const chorus::EvidentialSpec& s) {
  if (chorus_status bad = CheckMatrix(op, s.N, "K", s.K, s.stride)) return bad;
  if (s.W < (s.N > 0 ? 1 : 0) || (s.N > 0 && s.W > INT64_MAX / 8 / s.N / s.K)) {
    return Fail(CHORUS_INVALID_ARGUMENT, "%s: W = %lld, expected >= 1", op,
                static_cast<long long>(s.W));
  }
  if (s.evidence < CHORUS_EVIDENCE_EXP || s.evidence > CHORUS_EVIDENCE_RELU) {
    return Fail(CHORUS_INVALID_ARGUMENT, "%s: evidence = %d, expected CHORUS_EVIDENCE_*", op,
                s.evidence);
  }
  if (!(std::isfinite(s.kl_weight) && s.kl_weight >= 0)) {
    return Fail(CHORUS_INVALID_ARGUMENT, "%s: kl_weight = %g, expected finite and >= 0", op,
                s.kl_weight);
  }
  return CHORUS_OK;
}

}  // namespace

extern "C" {chorus_status chorus_evidential_forward_f32(float* loss, float* nll, float* kl, const float* logits,
                                            const float* targets, const float* lambda,
                                            const float* weights, int64_t N, int64_t W, int64_t K,
                                            int64_t stride, int evidence, double kl_weight) {
  const char* op = "evidential_forward_f32";
  return Guard(op, [&]() -> chorus_status {
    const chorus::EvidentialSpec spec = {N, W, K, stride, evidence, kl_weight};
    if (chorus_status bad = CheckEvidential(op, spec)) return bad;
    if (N == 0) return CHORUS_OK;
    if (chorus_status bad = CheckPointers(
            op,
            {{"loss", loss}, {"nll", nll}, {"kl", kl}, {"logits", logits}, {"targets", targets}})) {
      return bad;
    }
    return chorus::EvidentialForwardCpu(loss, nll, kl, logits, targets, lambda, weights, spec);
  });
}

chorus_status chorus_evidential_backward_f32(float* dlogits, const float* dloss,
                                             const float* logits, const float* targets,
                                             const float* lambda, const float* weights, int64_t N,
                                             int64_t W, int64_t K, int64_t stride, int evidence,
                                             double kl_weight) {
  const char* op = "evidential_backward_f32";
  return Guard(op, [&]() -> chorus_status {
    const chorus::EvidentialSpec spec = {N, W, K, stride, evidence, kl_weight};
    if (chorus_status bad = CheckEvidential(op, spec)) return bad;
    if (N == 0) return CHORUS_OK;
    if (chorus_status bad = CheckPointers(
            op,
            {{"dlogits", dlogits}, {"dloss", dloss}, {"logits", logits}, {"targets", targets}})) {
      return bad;
    }
    return chorus::EvidentialBackwardCpu(dlogits, dloss, logits, targets, lambda, weights, spec);
  });
}

}  // extern "C"
