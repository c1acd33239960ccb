// The C interface of evidential_token.
#include <cmath>

#include "common/abi.h"
#include "ops/evidential_token/evidential_token.h"

namespace {

using namespace chorus;

chorus_status CheckSpec(const char* op, const EvidentialTokenSpec& s) {
  if (chorus_status bad = CheckMatrix(op, s.N, "V", s.V, s.stride)) return bad;
  if (s.named < (s.N > 0 ? 1 : 0) || (s.N > 0 && s.named > INT64_MAX / 8 / s.N)) {
    return Fail(CHORUS_INVALID_ARGUMENT, "%s: k = %lld, expected >= 1", op, static_cast<long long>(s.named));
  }
  if (s.evidence < CHORUS_EVIDENCE_EXP || s.evidence > CHORUS_EVIDENCE_RELU) {
    return Fail(CHORUS_INVALID_ARGUMENT, "%s: evidence = %d, expected CHORUS_EVIDENCE_*", op, s.evidence);
  }
  if (!(std::isfinite(s.kl_weight) && s.kl_weight >= 0)) {
    return Fail(CHORUS_INVALID_ARGUMENT, "%s: kl_weight = %g, expected finite and >= 0", op, s.kl_weight);
  }
  return CHORUS_OK;
}

template <typename In>
chorus_status Run(const char* op, const EvidentialTokenCall<In>& call) {
  return Guard(op, [&]() -> chorus_status {
    if (chorus_status bad = CheckSpec(op, call.spec)) return bad;
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
