// The C interface of evidential_token.
#include "ops/evidential/evidential_checks.h"
#include "ops/evidential_token/evidential_token.h"

namespace {

using namespace chorus;

template <typename In>
chorus_status Run(const char* op, const EvidentialTokenCall<In>& call) {
  return Guard(op, [&]() -> chorus_status {
    const EvidentialTokenSpec& s = call.spec;
    if (chorus_status bad = CheckMatrix(op, s.N, "V", s.V, s.stride)) return bad;
    if (chorus_status bad = CheckCount(op, "k", s.named, s.N, 1)) return bad;
    if (chorus_status bad = CheckEvidence(op, s.evidence, s.kl_weight)) return bad;
    if (call.spec.N == 0) return CHORUS_OK;
    if (chorus_status bad = CheckPointers(op, {{"loss", call.loss},
                                               {"nll", call.nll},
                                               {"logits", call.logits},
                                               {"ids", call.ids},
                                               {"probabilities", call.probs}})) {
      return bad;
    }
    return EvidentialTokenCpu(op, call);
  });
}

}  // namespace

extern "C" {

chorus_status chorus_evidential_token_f32(float* loss, float* nll, float* kl, float* logits, const float* dloss,
                                          const int64_t* ids, const float* probabilities, const float* weights,
                                          const int64_t* row_names, int64_t N, int64_t V, int64_t k, int64_t stride, int evidence, double kl_weight) {
  return Run<float>("evidential_token_f32",
                    {loss, nll, kl, logits, dloss, ids, probabilities, weights, {N, V, k, stride, evidence, kl_weight, row_names}});
}

chorus_status chorus_evidential_token_bf16(float* loss, float* nll, float* kl, chorus_bf16* logits, const float* dloss,
                                           const int64_t* ids, const float* probabilities, const float* weights,
                                           const int64_t* row_names, int64_t N, int64_t V, int64_t k, int64_t stride, int evidence, double kl_weight) {
  return Run<uint16_t>("evidential_token_bf16",
                       {loss, nll, kl, logits, dloss, ids, probabilities, weights, {N, V, k, stride, evidence, kl_weight, row_names}});
}

}  // extern "C"
