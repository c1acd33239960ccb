// The C interface of dpo.
#include <cmath>
#include "common/abi.h"
#include "ops/dpo/dpo.h"

namespace {

using namespace chorus;

chorus_status CheckDpo(const char* op, const chorus::DpoPairs<float>& p) {
  if (p.P < 0)
    return Fail(CHORUS_INVALID_ARGUMENT, "%s: P = %lld, expected >= 0", op,
                static_cast<long long>(p.P));
  if (!(std::isfinite(p.beta) && p.beta > 0)) {
    return Fail(CHORUS_INVALID_ARGUMENT, "%s: beta = %g, expected finite and > 0", op, p.beta);
  }
  if (p.P == 0) return CHORUS_OK;
  return CheckPointers(op, {{"policy_chosen", p.policy_chosen},
                            {"policy_rejected", p.policy_rejected},
                            {"ref_chosen", p.ref_chosen},
                            {"ref_rejected", p.ref_rejected}});
}

}  // namespace

extern "C" {chorus_status chorus_dpo_forward_f32(float* loss, float* chosen_rewards, float* rejected_rewards,
                                     const float* policy_chosen, const float* policy_rejected,
                                     const float* ref_chosen, const float* ref_rejected,
                                     const float* weights, const float* flip, int64_t P,
                                     double beta) {
  const char* op = "dpo_forward_f32";
  return Guard(op, [&]() -> chorus_status {
    const chorus::DpoPairs<float> pairs = {
        policy_chosen, policy_rejected, ref_chosen, ref_rejected, weights, flip, P, beta};
    if (chorus_status bad = CheckDpo(op, pairs)) return bad;
    if (P == 0) return CHORUS_OK;
    if (chorus_status bad = CheckPointers(op, {{"loss", loss},
                                               {"chosen_rewards", chosen_rewards},
                                               {"rejected_rewards", rejected_rewards}})) {
      return bad;
    }
    return chorus::DpoForwardCpu(loss, chosen_rewards, rejected_rewards, pairs);
  });
}

chorus_status chorus_dpo_backward_f32(float* dchosen, float* drejected, const float* dloss,
                                      const float* policy_chosen, const float* policy_rejected,
                                      const float* ref_chosen, const float* ref_rejected,
                                      const float* weights, const float* flip, int64_t P,
                                      double beta) {
  const char* op = "dpo_backward_f32";
  return Guard(op, [&]() -> chorus_status {
    const chorus::DpoPairs<float> pairs = {
        policy_chosen, policy_rejected, ref_chosen, ref_rejected, weights, flip, P, beta};
    if (chorus_status bad = CheckDpo(op, pairs)) return bad;
    if (P == 0) return CHORUS_OK;
    if (chorus_status bad =
            CheckPointers(op, {{"dchosen", dchosen}, {"drejected", drejected}, {"dloss", dloss}})) {
      return bad;
    }
    return chorus::DpoBackwardCpu(dchosen, drejected, dloss, pairs);
  });
}

}  // extern "C"
