// token_logprob: log-probability, log-sum-exp and entropy of one target a row.
//
//   logits  (N, V) row stride `stride`, f32 or bf16      targets (N)      weights (N) or null
//   logps, lse, entropy (N)                              dlogits written over logits
//
// Equations, and what is refused, stand at chorus_token_logprob_* in chorus.h. Elements are computed in f32, sums are
// collected in double (common/softmax_rows.h).
#ifndef CHORUS_OPS_TOKEN_LOGPROB_H
#define CHORUS_OPS_TOKEN_LOGPROB_H

#include <cstdint>

#include "chorus.h"

namespace chorus {

/** In is float or uint16_t (bf16). CHORUS_INVALID_VALUE names the first bad row; what was written until then is of no use. */
template <typename In>
chorus_status TokenLogprobForwardCpu(const char* op, float* logps, float* lse, float* entropy, const In* logits,
                                     const int64_t* targets, const float* weights, int64_t N, int64_t V,
                                     int64_t stride);
template <typename In>
chorus_status TokenLogprobBackwardCpu(const char* op, In* logits, const int64_t* targets, const float* lse,
                                      const float* dlogps, const float* weights, int64_t N, int64_t V,
                                      int64_t stride);

/** The definition, without checks; dlogits (N, V) is dense and separate. */
void TokenLogprobForwardRef(double* logps, double* lse, double* entropy, const double* logits,
                            const int64_t* targets, const double* weights, int64_t N, int64_t V,
                            int64_t stride);
void TokenLogprobBackwardRef(double* dlogits, const double* logits, const int64_t* targets,
                             const double* dlogps, const double* weights, int64_t N, int64_t V,
                             int64_t stride);

}  // namespace chorus

#endif
