// The C interface of evidential.
#include "ops/evidential/evidential.h"
#include "ops/evidential/evidential_checks.h"

namespace {

using namespace chorus;

template <typename In>
chorus_status Run(const char* op, bool forward, bool backward, const EvidentialCall<In>& call) {
  return Guard(op, [&]() -> chorus_status {
    const EvidentialSpec& s = call.spec;
    if (chorus_status bad = CheckMatrix(op, s.N, "K", s.K, s.stride)) return bad;
    if (chorus_status bad = CheckCount(op, "W", s.W, s.N, s.K)) return bad;
    if (chorus_status bad = CheckEvidence(op, s.evidence, s.kl_weight)) return bad;
    if (call.spec.N == 0) return CHORUS_OK;
    if (forward) {
      if (chorus_status bad = CheckPointers(op, {{"loss", call.loss}, {"nll", call.nll}})) return bad;
    }
    if (backward) {
      if (chorus_status bad = CheckPointers(op, {{"dlogits", call.dlogits}, {"dloss", call.dloss}})) return bad;
    }
    if (chorus_status bad = CheckPointers(op, {{"logits", call.logits}, {"targets", call.targets}})) return bad;
    return EvidentialCpu(op, call);
  });
}

}  // namespace

extern "C" {

chorus_status chorus_evidential_forward_f32(float* loss, float* nll, float* kl, const float* logits,
                                            const float* targets, const float* lambda, const float* weights, int64_t N,
                                            int64_t W, int64_t K, int64_t stride, int evidence, double kl_weight) {
  return Run<float>("evidential_forward_f32", true, false,
                    {loss, nll, kl, nullptr, nullptr, logits, targets, lambda, weights,
                     {N, W, K, stride, evidence, kl_weight}});
}

chorus_status chorus_evidential_backward_f32(float* dlogits, const float* dloss, const float* logits,
                                             const float* targets, const float* lambda, const float* weights, int64_t N,
                                             int64_t W, int64_t K, int64_t stride, int evidence, double kl_weight) {
  return Run<float>("evidential_backward_f32", false, true,
                    {nullptr, nullptr, nullptr, dlogits, dloss, logits, targets, lambda, weights,
                     {N, W, K, stride, evidence, kl_weight}});
}

chorus_status chorus_evidential_forward_backward_f32(float* loss, float* nll, float* kl, float* dlogits,
                                                     const float* dloss, const float* logits, const float* targets,
                                                     const float* lambda, const float* weights, int64_t N, int64_t W,
                                                     int64_t K, int64_t stride, int evidence, double kl_weight) {
  return Run<float>("evidential_forward_backward_f32", true, true,
                    {loss, nll, kl, dlogits, dloss, logits, targets, lambda, weights,
                     {N, W, K, stride, evidence, kl_weight}});
}

chorus_status chorus_evidential_forward_bf16(float* loss, float* nll, float* kl, const chorus_bf16* logits,
                                             const float* targets, const float* lambda, const float* weights, int64_t N,
                                             int64_t W, int64_t K, int64_t stride, int evidence, double kl_weight) {
  return Run<uint16_t>("evidential_forward_bf16", true, false,
                       {loss, nll, kl, nullptr, nullptr, logits, targets, lambda, weights,
                        {N, W, K, stride, evidence, kl_weight}});
}

chorus_status chorus_evidential_backward_bf16(float* dlogits, const float* dloss, const chorus_bf16* logits,
                                              const float* targets, const float* lambda, const float* weights,
                                              int64_t N, int64_t W, int64_t K, int64_t stride, int evidence,
                                              double kl_weight) {
  return Run<uint16_t>("evidential_backward_bf16", false, true,
                       {nullptr, nullptr, nullptr, dlogits, dloss, logits, targets, lambda, weights,
                        {N, W, K, stride, evidence, kl_weight}});
}

chorus_status chorus_evidential_forward_backward_bf16(float* loss, float* nll, float* kl, float* dlogits,
                                                      const float* dloss, const chorus_bf16* logits,
                                                      const float* targets, const float* lambda, const float* weights,
                                                      int64_t N, int64_t W, int64_t K, int64_t stride, int evidence,
                                                      double kl_weight) {
  return Run<uint16_t>("evidential_forward_backward_bf16", true, true,
                       {loss, nll, kl, dlogits, dloss, logits, targets, lambda, weights,
                        {N, W, K, stride, evidence, kl_weight}});
}

}  // extern "C"
