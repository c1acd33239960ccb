// token_logprob: log-probability, log-sum-exp and entropy of one target a row.
//
//   logits  (N, V) row stride `stride`      targets (N)      weights (N) or null
//   logps, lse, entropy (N)                 dlogits written over logits
//
// Equations, and what is refused, stand at chorus_token_logprob_* in chorus.h. The f32 entries
// compute in double.
#ifndef CHORUS_OPS_TOKEN_LOGPROB_H
#define CHORUS_OPS_TOKEN_LOGPROB_H

#include <cstdint>

#include "chorus.h"

namespace chorus {

/** All checks are done first; CHORUS_INVALID_VALUE then names the first bad row and nothing was
 * written. */
chorus_status TokenLogprobForwardCpu(float* logps, float* lse, float* entropy, const float* logits,
                                     const int64_t* targets, const float* weights, int64_t N,
                                     int64_t V, int64_t stride);
chorus_status TokenLogprobBackwardCpu(float* logits, const int64_t* targets, const float* lse,
                                      const float* dlogps, const float* weights, int64_t N,
                                      int64_t V, int64_t stride);

/** The definition, without checks; dlogits (N, V) is dense and separate. */
void TokenLogprobForwardRef(double* logps, double* lse, double* entropy, const double* logits,
                            const int64_t* targets, const double* weights, int64_t N, int64_t V,
                            int64_t stride);
void TokenLogprobBackwardRef(double* dlogits, const double* logits, const int64_t* targets,
                             const double* dlogps, const double* weights, int64_t N, int64_t V,
                             int64_t stride);

}  // namespace chorus

#endif
