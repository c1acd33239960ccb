// evidential: Dirichlet loss of one row of logits against W soft labels.
//
//   logits (N, K) row stride `stride`, f32 or bf16     targets (N, W, K)     lambda (N, W) or null     weights (N) or null
//   loss, nll, kl (N)                                  dlogits (N, K) dense
//
// Equations, and what is refused, stand at chorus_evidential_* in chorus.h. Everything is computed in double. The loops take
// as many rows at once as a vector has doubles, one a lane: classes are few, and their sums then need no sum over lanes.
#ifndef CHORUS_OPS_EVIDENTIAL_H
#define CHORUS_OPS_EVIDENTIAL_H

#include <cstdint>

#include "chorus.h"
#include "simd/isa.h"

namespace chorus {

/** exp evidence above this is constant in the KL term: e^40 = 2e17, far beyond any useful
 * concentration. */
constexpr double kEvidentialMaxKlLogit = 40;

/** Averages of f32 labels may round to just above 1. */
constexpr float kEvidentialMaxLabel = 1 + 1e-5f;

/** Sizes and scalars of one call. */
struct EvidentialSpec {
  int64_t N;
  int64_t W;
  int64_t K;
  int64_t stride;
  int evidence;
  double kl_weight;
};

/** One call. Forward: loss and nll, and kl unless it is null. Backward: dlogits from dloss. Either's pointers may all be
 * null. */
template <typename In>
struct EvidentialCall {
  float* loss;
  float* nll;
  float* kl;
  float* dlogits;
  const float* dloss;
  const In* logits;
  const float* targets;
  const float* lambda;
  const float* weights;
  EvidentialSpec spec;
};

/** The vector loops: `rows` rows from `first` on, or those that are left of N; the first bad one, or -1. */
struct EvidentialTiles {
  int64_t rows;
  int64_t (*f32)(const EvidentialCall<float>& call, int64_t first);
  int64_t (*bf16)(const EvidentialCall<uint16_t>& call, int64_t first);
};

CHORUS_DECLARE_TABLE(EvidentialTiles, kEvidentialTiles)

/** In is float or uint16_t (bf16). CHORUS_INVALID_VALUE names the first bad row; what was written until then is of no use. */
template <typename In>
chorus_status EvidentialCpu(const char* op, const EvidentialCall<In>& call);

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
