// dpo: direct preference loss of pairs of sequence log-probabilities, with the conservative (label
// flip) form.
//
//   policy_chosen, policy_rejected, ref_chosen, ref_rejected (P)      weights, flip (P) or null
//   loss, chosen_rewards, rejected_rewards (P)                        dchosen, drejected (P)
//
// Equations, and what is refused, stand at chorus_dpo_* in chorus.h. The f32 entries compute in
// double.
#ifndef CHORUS_OPS_DPO_H
#define CHORUS_OPS_DPO_H

#include <cstdint>

#include "chorus.h"

namespace chorus {

/** The inputs of P pairs. */
template <typename T>
struct DpoPairs {
  const T* policy_chosen;
  const T* policy_rejected;
  const T* ref_chosen;
  const T* ref_rejected;
  const T* weights;  // nullable
  const T* flip;     // nullable
  int64_t P;
  double beta;
};

/** All checks are done first; CHORUS_INVALID_VALUE then names the first bad pair and nothing was
 * written. */
chorus_status DpoForwardCpu(float* loss, float* chosen_rewards, float* rejected_rewards,
                            const DpoPairs<float>& pairs);
chorus_status DpoBackwardCpu(float* dchosen, float* drejected, const float* dloss,
                             const DpoPairs<float>& pairs);

/** The definition, without checks. */
void DpoForwardRef(double* loss, double* chosen_rewards, double* rejected_rewards,
                   const DpoPairs<double>& pairs);
void DpoBackwardRef(double* dchosen, double* drejected, const double* dloss,
                    const DpoPairs<double>& pairs);

}  // namespace chorus

#endif
