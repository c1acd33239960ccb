// ensemble_logprob: token and sequence log-probabilities of several models, and of their mixture.
//
//   same vocabulary    logits W pointers to (N, V), each with its row stride; targets, weights (N), offsets (S + 1)
//                      logps, lse, entropy (W, N)   mixture (N)   sequence_logps (W, S)   sequence_mixture (S)
//   ragged             model w: logits (N_w, V_w), targets, weights (N_w), offsets (S + 1); logps, lse, entropy (N_w)
//                      sequence_logps, sequence_means (W, S)   sequence_mixture (S)
//
// Equations, and what is refused, stand at chorus_ensemble_logprob_* and chorus_ragged_ensemble_logprob_* in chorus.h. Rows
// are those of token_logprob (common/target_row.h).
#ifndef CHORUS_OPS_ENSEMBLE_LOGPROB_H
#define CHORUS_OPS_ENSEMBLE_LOGPROB_H

#include <cstdint>

#include "chorus.h"

namespace chorus {

/** Models of one vocabulary, without their logits. */
struct Ensemble {
  const int64_t* targets;
  const float* weights;  // nullable
  const float* omega;
  const int64_t* offsets;  // nullable: no sequences
  int64_t W, N, V;
  const int64_t* strides;
  int64_t S;
};

/** Of the arguments of either direction. */
template <typename Args>
Ensemble EnsembleOf(const Args& a) {
  return {a.targets, a.weights, a.omega, a.offsets, a.W, a.N, a.V, a.strides, a.S};
}

struct EnsembleResult {
  float* logps;
  float* lse;
  float* entropy;  // nullable
  float* mixture;
  float* sequence_logps;
  float* sequence_mixture;
};

inline EnsembleResult ResultOf(const chorus_ensemble_logprob_forward_args& a) {
  return {a.logps, a.lse, a.entropy, a.mixture, a.sequence_logps, a.sequence_mixture};
}

/** The forward's results that the backward needs, and the gradients that come in, each nullable. */
struct EnsembleUpstream {
  const float* lse;
  const float* logps;
  const float* dlogps;
  const float* dmixture;
  const float* dsequence;
  const float* dsequence_mixture;
};

inline EnsembleUpstream UpstreamOf(const chorus_ensemble_logprob_backward_args& a) {
  return {a.lse, a.logps, a.dlogps, a.dmixture, a.dsequence, a.dsequence_mixture};
}

/** In is float or uint16_t (bf16). CHORUS_INVALID_VALUE names the first bad model and row. */
template <typename In>
chorus_status EnsembleLogprobForwardCpu(const char* op, const EnsembleResult& result, const In* const* logits,
                                        const Ensemble& ensemble);
template <typename In>
chorus_status EnsembleLogprobBackwardCpu(const char* op, In* const* logits, const EnsembleUpstream& upstream,
                                         const Ensemble& ensemble);

/** Models of different vocabularies and tokenizations, without their logits. */
struct RaggedEnsemble {
  const int64_t* const* targets;
  const float* const* weights;  // nullable, and so is each
  const float* omega;
  const int64_t* const* offsets;
  int64_t W;
  const int64_t* rows;
  const int64_t* vocabularies;
  const int64_t* strides;
  int64_t S;
};

template <typename Args>
RaggedEnsemble RaggedEnsembleOf(const Args& a) {
  return {a.targets, a.weights, a.omega, a.offsets, a.W, a.rows, a.vocabularies, a.strides, a.S};
}

struct RaggedEnsembleResult {
  float* const* logps;
  float* const* lse;
  float* const* entropy;  // nullable, and so is each
  float* sequence_logps;
  float* sequence_means;
  float* sequence_mixture;
};

struct RaggedEnsembleUpstream {
  const float* const* lse;
  const float* sequence_logps;
  const float* dsequence;
  const float* dsequence_mixture;
};

template <typename In>
chorus_status RaggedEnsembleLogprobForwardCpu(const char* op, const RaggedEnsembleResult& result,
                                              const In* const* logits, const RaggedEnsemble& ensemble);
template <typename In>
chorus_status RaggedEnsembleLogprobBackwardCpu(const char* op, In* const* logits,
                                               const RaggedEnsembleUpstream& upstream, const RaggedEnsemble& ensemble);

/** The definition, without checks; logits (W, N, V), entropy and offsets may not be null. */
void EnsembleLogprobForwardRef(double* logps, double* lse, double* entropy, double* mixture, double* sequence_logps,
                               double* sequence_mixture, const double* logits, const int64_t* targets,
                               const double* weights, const double* omega, const int64_t* offsets, int64_t W,
                               int64_t N, int64_t V, int64_t S);
/** dlogits (W, N, V). No upstream gradient may be null. */
void EnsembleLogprobBackwardRef(double* dlogits, const double* logits, const int64_t* targets, const double* dlogps,
                                const double* dmixture, const double* dsequence, const double* dsequence_mixture,
                                const double* weights, const double* omega, const int64_t* offsets, int64_t W,
                                int64_t N, int64_t V, int64_t S);

/** The definition for dense rows; logps [w] etc. are arrays of N_w. */
void RaggedEnsembleLogprobForwardRef(double* const* logps, double* const* lse, double* const* entropy,
                                     double* sequence_logps, double* sequence_means, double* sequence_mixture,
                                     const double* const* logits, const int64_t* const* targets,
                                     const double* const* weights, const double* omega, const int64_t* const* offsets,
                                     int64_t W, const int64_t* rows, const int64_t* vocabularies, int64_t S);
void RaggedEnsembleLogprobBackwardRef(double* const* dlogits, const double* const* logits,
                                      const int64_t* const* targets, const double* dsequence,
                                      const double* dsequence_mixture, const double* const* weights,
                                      const double* omega, const int64_t* const* offsets, int64_t W,
                                      const int64_t* rows, const int64_t* vocabularies, int64_t S);

}  // namespace chorus

#endif
