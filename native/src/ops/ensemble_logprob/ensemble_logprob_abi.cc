// The C interface of ensemble_logprob.
#include "ops/ensemble_logprob/ensemble_logprob_checks.h"

namespace {

using namespace chorus;

template <typename In>
chorus_status Forward(const char* op, const EnsembleResult& r, const In* const* logits, const Ensemble& e) {
  return Guard(op, [&]() -> chorus_status {
    if (chorus_status bad = CheckForward(op, r, logits, e)) return bad;
    if (e.N == 0) {
      // No model is looked at: every sequence is empty.
      for (int64_t i = 0; i < e.W * e.S; ++i) r.sequence_logps[i] = 0;
      for (int64_t s = 0; s < e.S; ++s) r.sequence_mixture[s] = 0;
      return CHORUS_OK;
    }
    return EnsembleLogprobForwardCpu(op, r, logits, e);
  });
}

template <typename In>
chorus_status Backward(const char* op, In* const* logits, const EnsembleUpstream& u, const Ensemble& e) {
  return Guard(op, [&]() -> chorus_status {
    if (chorus_status bad = CheckBackward(op, logits, u, e)) return bad;
    if (e.N == 0) return CHORUS_OK;
    return EnsembleLogprobBackwardCpu(op, logits, u, e);
  });
}

template <typename In>
chorus_status RaggedForward(const char* op, const RaggedEnsembleResult& r, const In* const* logits,
                            const RaggedEnsemble& e) {
  return Guard(op, [&]() -> chorus_status {
    if (chorus_status bad = CheckRaggedForward(op, r, logits, e)) return bad;
    return RaggedEnsembleLogprobForwardCpu(op, r, logits, e);
  });
}

template <typename In>
chorus_status RaggedBackward(const char* op, In* const* logits, const RaggedEnsembleUpstream& u,
                             const RaggedEnsemble& e) {
  return Guard(op, [&]() -> chorus_status {
    if (chorus_status bad = CheckRaggedBackward(op, logits, u, e)) return bad;
    return RaggedEnsembleLogprobBackwardCpu(op, logits, u, e);
  });
}

}  // namespace

extern "C" {

chorus_status chorus_ensemble_logprob_forward_f32(float* logps, float* lse, float* entropy, float* mixture,
                                                  float* sequence_logps, float* sequence_mixture,
                                                  const float* const* logits, const int64_t* targets,
                                                  const float* weights, const float* omega, const int64_t* offsets,
                                                  int64_t W, int64_t N, int64_t V, const int64_t* strides, int64_t S) {
  return Forward("ensemble_logprob_forward_f32", {logps, lse, entropy, mixture, sequence_logps, sequence_mixture},
                 logits, {targets, weights, omega, offsets, W, N, V, strides, S});
}

chorus_status chorus_ensemble_logprob_forward_bf16(float* logps, float* lse, float* entropy, float* mixture,
                                                   float* sequence_logps, float* sequence_mixture,
                                                   const chorus_bf16* const* logits, const int64_t* targets,
                                                   const float* weights, const float* omega, const int64_t* offsets,
                                                   int64_t W, int64_t N, int64_t V, const int64_t* strides,
                                                   int64_t S) {
  return Forward("ensemble_logprob_forward_bf16", {logps, lse, entropy, mixture, sequence_logps, sequence_mixture},
                 logits, {targets, weights, omega, offsets, W, N, V, strides, S});
}

chorus_status chorus_ensemble_logprob_backward_f32(float* const* logits, const int64_t* targets, const float* lse,
                                                   const float* logps, const float* dlogps, const float* dmixture,
                                                   const float* dsequence, const float* dsequence_mixture,
                                                   const float* weights, const float* omega, const int64_t* offsets,
                                                   int64_t W, int64_t N, int64_t V, const int64_t* strides,
                                                   int64_t S) {
  return Backward("ensemble_logprob_backward_f32", logits,
                  {lse, logps, dlogps, dmixture, dsequence, dsequence_mixture},
                  {targets, weights, omega, offsets, W, N, V, strides, S});
}

chorus_status chorus_ensemble_logprob_backward_bf16(chorus_bf16* const* logits, const int64_t* targets,
                                                    const float* lse, const float* logps, const float* dlogps,
                                                    const float* dmixture, const float* dsequence,
                                                    const float* dsequence_mixture, const float* weights,
                                                    const float* omega, const int64_t* offsets, int64_t W, int64_t N,
                                                    int64_t V, const int64_t* strides, int64_t S) {
  return Backward("ensemble_logprob_backward_bf16", logits,
                  {lse, logps, dlogps, dmixture, dsequence, dsequence_mixture},
                  {targets, weights, omega, offsets, W, N, V, strides, S});
}

chorus_status chorus_ragged_ensemble_logprob_forward_f32(
    float* const* logps, float* const* lse, float* const* entropy, float* sequence_logps, float* sequence_means,
    float* sequence_mixture, const float* const* logits, const int64_t* const* targets, const float* const* weights,
    const float* omega, const int64_t* const* offsets, int64_t W, const int64_t* rows, const int64_t* vocabularies,
    const int64_t* strides, int64_t S) {
  return RaggedForward("ragged_ensemble_logprob_forward_f32",
                       {logps, lse, entropy, sequence_logps, sequence_means, sequence_mixture}, logits,
                       {targets, weights, omega, offsets, W, rows, vocabularies, strides, S});
}

chorus_status chorus_ragged_ensemble_logprob_forward_bf16(
    float* const* logps, float* const* lse, float* const* entropy, float* sequence_logps, float* sequence_means,
    float* sequence_mixture, const chorus_bf16* const* logits, const int64_t* const* targets,
    const float* const* weights, const float* omega, const int64_t* const* offsets, int64_t W, const int64_t* rows,
    const int64_t* vocabularies, const int64_t* strides, int64_t S) {
  return RaggedForward("ragged_ensemble_logprob_forward_bf16",
                       {logps, lse, entropy, sequence_logps, sequence_means, sequence_mixture}, logits,
                       {targets, weights, omega, offsets, W, rows, vocabularies, strides, S});
}

chorus_status chorus_ragged_ensemble_logprob_backward_f32(
    float* const* logits, const int64_t* const* targets, const float* const* lse, const float* sequence_logps,
    const float* dsequence, const float* dsequence_mixture, const float* const* weights, const float* omega,
    const int64_t* const* offsets, int64_t W, const int64_t* rows, const int64_t* vocabularies, const int64_t* strides,
    int64_t S) {
  return RaggedBackward("ragged_ensemble_logprob_backward_f32", logits,
                        {lse, sequence_logps, dsequence, dsequence_mixture},
                        {targets, weights, omega, offsets, W, rows, vocabularies, strides, S});
}

chorus_status chorus_ragged_ensemble_logprob_backward_bf16(
    chorus_bf16* const* logits, const int64_t* const* targets, const float* const* lse, const float* sequence_logps,
    const float* dsequence, const float* dsequence_mixture, const float* const* weights, const float* omega,
    const int64_t* const* offsets, int64_t W, const int64_t* rows, const int64_t* vocabularies, const int64_t* strides,
    int64_t S) {
  return RaggedBackward("ragged_ensemble_logprob_backward_bf16", logits,
                        {lse, sequence_logps, dsequence, dsequence_mixture},
                        {targets, weights, omega, offsets, W, rows, vocabularies, strides, S});
}

}  // extern "C"
