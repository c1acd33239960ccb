#include <cmath>

#include "ops/dpo/dpo.h"

namespace chorus {

void DpoForwardRef(double* loss, double* chosen_rewards, double* rejected_rewards,
                   const DpoPairs<double>& p) {
  for (int64_t n = 0; n < p.P; ++n) {
    loss[n] = chosen_rewards[n] = rejected_rewards[n] = 0;
    const double w = p.weights ? p.weights[n] : 1;
    if (w == 0) continue;
    const double flip = p.flip ? p.flip[n] : 0;
    chosen_rewards[n] = p.beta * (p.policy_chosen[n] - p.ref_chosen[n]);
    rejected_rewards[n] = p.beta * (p.policy_rejected[n] - p.ref_rejected[n]);
    const double x = chosen_rewards[n] - rejected_rewards[n];
    // -ln sigma(x) as it is written, but for arguments at which exp overflows.
    const double minus_log_sigmoid = x < -700 ? -x : std::log1p(std::exp(-x));
    const double minus_log_sigmoid_of_minus_x = x > 700 ? x : std::log1p(std::exp(x));
    loss[n] = w * ((1 - flip) * minus_log_sigmoid + flip * minus_log_sigmoid_of_minus_x);
  }
}

void DpoBackwardRef(double* dchosen, double* drejected, const double* dloss,
                    const DpoPairs<double>& p) {
  for (int64_t n = 0; n < p.P; ++n) {
    dchosen[n] = drejected[n] = 0;
    const double w = p.weights ? p.weights[n] : 1;
    if (w == 0) continue;
    const double flip = p.flip ? p.flip[n] : 0;
    const double delta =
        (p.policy_chosen[n] - p.ref_chosen[n]) - (p.policy_rejected[n] - p.ref_rejected[n]);
    dchosen[n] = dloss[n] * w * p.beta * (flip - 1 / (1 + std::exp(p.beta * delta)));
    drejected[n] = -dchosen[n];
  }
}

}  // namespace chorus
