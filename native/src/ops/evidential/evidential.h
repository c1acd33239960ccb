// evidential: Dirichlet loss of one row of logits against W soft labels.
//
//   logits (N, K) row stride `stride`   targets (N, W, K)   lambda (N, W) or null   weights (N) or
//   null loss, nll, kl (N)                   dlogits (N, K) dense
//
// Equations, and what is refused, stand at chorus_evidential_* in chorus.h. The f32 entries compute
// in double.
#ifndef CHORUS_OPS_EVIDENTIAL_H
#define CHORUS_OPS_EVIDENTIAL_H

#include <cstdint>

#include "chorus.h"

namespace chorus {

/** exp evidence above this is constant in the KL term: e^40 = 2e17, far beyond any useful
 * concentration. */
constexpr double kEvidentialMaxKlLogit = 40;

/** Sizes and scalars of one call. */
struct EvidentialSpec {
  int64_t N;
  int64_t W;
  int64_t K;
  int64_t stride;
  int evidence;
  double kl_weight;
};

/** All checks are done first; CHORUS_INVALID_VALUE then names the first bad row and nothing was
 * written. */
chorus_status EvidentialForwardCpu(float* loss, float* nll, float* kl, const float* logits,
                                   const float* targets, const float* lambda, const float* weights,
                                   const EvidentialSpec& spec);
chorus_status EvidentialBackwardCpu(float* dlogits, const float* dloss, const float* logits,
                                    const float* targets, const float* lambda, const float* weights,
                                    const EvidentialSpec& spec);

/** The definition as the papers write it, without checks. Loses digits where alpha is beyond about
 * 1e8. */
void EvidentialForwardRef(double* loss, double* nll, double* kl, const double* logits,
                          const double* targets, const double* lambda, const double* weights,
                          const EvidentialSpec& spec);
void EvidentialBackwardRef(double* dlogits, const double* dloss, const double* logits,
                           const double* targets, const double* lambda, const double* weights,
                           const EvidentialSpec& spec);

}  // namespace chorus

#endif
