// dirichlet_posterior: Dirichlet posteriors of items from the answers of several labelers, and how unsure they are.
//
//   votes (N, W) int64, or labels (N, W, K) f32 or bf16     lambda (N, W) or null, with labels only
//   labeler_weights (W) or null                             prior (K)                weights (N) or null
//   alpha, p, belief, variance (N, K)                       label and the measures (N), each may be null
//
// Equations, and what is refused, stand at chorus_dirichlet_posterior_* in chorus.h. There is no gradient: a vote has none,
// and labels are data.
#ifndef CHORUS_OPS_DIRICHLET_POSTERIOR_H
#define CHORUS_OPS_DIRICHLET_POSTERIOR_H

#include <cstdint>

#include "chorus.h"
#include "simd/isa.h"

namespace chorus {

/** Labels may be averages rounded to f32. */
constexpr float kMaxSoftLabel = 1 + 1e-5f;

/** Answer is int64_t (a vote), float or uint16_t (an element of a soft label, f32 or bf16). */
template <typename Answer>
struct DirichletInputs {
  const Answer* answers;
  const float* lambda;
  const float* labeler_weights;
  const float* prior;
  const float* weights;
  int64_t N, W, K;
};

struct DirichletOutputs {
  float *alpha, *p, *belief, *variance;
  int64_t* label;
  float *total, *expected, *mutual, *differential, *epkl, *vacuity;
};

/** Rows [first, end), by type of answer; the first bad row among them, or -1. */
struct DirichletLoops {
  int64_t (*votes)(const DirichletOutputs& out, const DirichletInputs<int64_t>& in, int64_t first, int64_t end);
  int64_t (*f32)(const DirichletOutputs& out, const DirichletInputs<float>& in, int64_t first, int64_t end);
  int64_t (*bf16)(const DirichletOutputs& out, const DirichletInputs<uint16_t>& in, int64_t first, int64_t end);
};

CHORUS_DECLARE_TABLE(DirichletLoops, kDirichletLoops)

/** CHORUS_INVALID_VALUE names the first bad row; what was written until then is of no use. */
template <typename Answer>
chorus_status DirichletPosteriorCpu(const char* op, const DirichletOutputs& out, const DirichletInputs<Answer>& in);

/** Results of the definition: alpha .. variance [K], and the measures. */
struct DirichletRowRef {
  double *alpha, *p, *belief, *variance;
  int64_t label;
  double total, expected, mutual, differential, epkl, vacuity;
};

/** The definition for one item that is looked at, without checks: labels (W, K), where a missing answer is a row of zeros,
 * and w (W), the product of the labeler's weight and lambda. */
void DirichletPosteriorRef(DirichletRowRef& out, const double* labels, const double* w, const double* prior, int64_t W,
                           int64_t K);

}  // namespace chorus

#endif
