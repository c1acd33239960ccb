#include <cmath>

#include "common/checks.h"
#include "common/elementwise.h"
#include "common/status.h"
#include "ops/dpo/dpo.h"

namespace chorus {

namespace {

bool IsSkipped(const DpoPairs<float>& p, int64_t n) { return p.weights && p.weights[n] == 0; }

double Weight(const DpoPairs<float>& p, int64_t n) {
  return p.weights ? static_cast<double>(p.weights[n]) : 1.0;
}

double Flip(const DpoPairs<float>& p, int64_t n) {
  return p.flip ? static_cast<double>(p.flip[n]) : 0.0;
}

double ChosenReward(const DpoPairs<float>& p, int64_t n) {
  return p.beta * (static_cast<double>(p.policy_chosen[n]) - p.ref_chosen[n]);
}

double RejectedReward(const DpoPairs<float>& p, int64_t n) {
  return p.beta * (static_cast<double>(p.policy_rejected[n]) - p.ref_rejected[n]);
}

chorus_status CheckPairs(const char* op, const DpoPairs<float>& p) {
  if (chorus_status bad = CheckWeights(op, "pair", p.weights, p.P)) return bad;
  const struct {
    const char* name;
    const float* values;
  } inputs[] = {{"policy_chosen", p.policy_chosen},
                {"policy_rejected", p.policy_rejected},
                {"ref_chosen", p.ref_chosen},
                {"ref_rejected", p.ref_rejected}};
  for (int64_t n = 0; n < p.P; ++n) {
    if (IsSkipped(p, n)) continue;
    const long long pair = n;
    for (const auto& input : inputs) {
      if (!std::isfinite(input.values[n])) {
        return Fail(CHORUS_INVALID_VALUE, "%s: pair %lld: %s is %g, expected finite", op, pair,
                    input.name, static_cast<double>(input.values[n]));
      }
    }
    if (p.flip && !(p.flip[n] >= 0 && p.flip[n] <= 1)) {
      return Fail(CHORUS_INVALID_VALUE, "%s: pair %lld: flip is %g, expected [0, 1]", op, pair,
                  static_cast<double>(p.flip[n]));
    }
  }
  return CHORUS_OK;
}

}  // namespace

chorus_status DpoForwardCpu(float* loss, float* chosen_rewards, float* rejected_rewards,
                            const DpoPairs<float>& p) {
  if (chorus_status bad = CheckPairs("dpo_forward_f32", p)) return bad;
  for (int64_t n = 0; n < p.P; ++n) {
    if (IsSkipped(p, n)) {
      loss[n] = chosen_rewards[n] = rejected_rewards[n] = 0;
      continue;
    }
    const double chosen = ChosenReward(p, n);
    const double rejected = RejectedReward(p, n);
    const double x = chosen - rejected;
    loss[n] = static_cast<float>(Weight(p, n) * (Softplus(-x) + Flip(p, n) * x));
    chosen_rewards[n] = static_cast<float>(chosen);
    rejected_rewards[n] = static_cast<float>(rejected);
  }
  return CHORUS_OK;
}

chorus_status DpoBackwardCpu(float* dchosen, float* drejected, const float* dloss,
                             const DpoPairs<float>& p) {
  const char* op = "dpo_backward_f32";
  if (chorus_status bad = CheckPairs(op, p)) return bad;
  for (int64_t n = 0; n < p.P; ++n) {
    if (!IsSkipped(p, n) && !std::isfinite(dloss[n])) {
      return Fail(CHORUS_INVALID_VALUE, "%s: pair %lld: dloss is %g, expected finite", op,
                  static_cast<long long>(n), static_cast<double>(dloss[n]));
    }
  }
  for (int64_t n = 0; n < p.P; ++n) {
    if (IsSkipped(p, n)) {
      dchosen[n] = drejected[n] = 0;
      continue;
    }
    const double x = ChosenReward(p, n) - RejectedReward(p, n);
    const double slope = dloss[n] * Weight(p, n) * p.beta * (Flip(p, n) - Sigmoid(-x));
    dchosen[n] = static_cast<float>(slope);
    drejected[n] = static_cast<float>(-slope);
  }
  return CHORUS_OK;
}

}  // namespace chorus
