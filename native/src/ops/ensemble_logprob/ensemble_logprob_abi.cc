// The C interface of ensemble_logprob.
#include "ops/ensemble_logprob/ensemble_logprob_checks.h"

using namespace chorus;

namespace {

/** Arrays of models' pointers by their type: an element type's pointers are void's. */
template <typename In>
const In* const* Typed(const void* const* logits) {
  return reinterpret_cast<const In* const*>(logits);
}
template <typename In>
In* const* Typed(void* const* logits) {
  return reinterpret_cast<In* const*>(logits);
}

}  // namespace

extern "C" chorus_status chorus_ensemble_logprob_forward(const chorus_ensemble_logprob_forward_args* args) {
  return WithElementsOf("ensemble_logprob_forward", args, [args](const char* op, auto element) -> chorus_status {
    const auto& a = *args;
    if (chorus_status bad = CheckForward(op, a)) return bad;
    if (a.N == 0) {
      // No model is looked at: every sequence is empty.
      for (int64_t i = 0; i < a.W * a.S; ++i) a.sequence_logps[i] = 0;
      for (int64_t s = 0; s < a.S; ++s) a.sequence_mixture[s] = 0;
      return CHORUS_OK;
    }
    return EnsembleLogprobForwardCpu(op, ResultOf(a), Typed<decltype(element)>(a.logits), EnsembleOf(a));
  });
}

extern "C" chorus_status chorus_ensemble_logprob_backward(const chorus_ensemble_logprob_backward_args* args) {
  return WithElementsOf("ensemble_logprob_backward", args, [args](const char* op, auto element) -> chorus_status {
    const auto& a = *args;
    if (chorus_status bad = CheckBackward(op, a)) return bad;
    if (a.N == 0) return CHORUS_OK;
    return EnsembleLogprobBackwardCpu(op, Typed<decltype(element)>(a.logits), UpstreamOf(a), EnsembleOf(a));
  });
}

extern "C" chorus_status chorus_ragged_ensemble_logprob_forward(
    const chorus_ragged_ensemble_logprob_forward_args* args) {
  return WithElementsOf("ragged_ensemble_logprob_forward", args, [args](const char* op, auto element) -> chorus_status {
    const auto& a = *args;
    if (chorus_status bad = CheckForward(op, a)) return bad;
    return RaggedEnsembleLogprobForwardCpu(
        op, {a.logps, a.lse, a.entropy, a.sequence_logps, a.sequence_means, a.sequence_mixture},
        Typed<decltype(element)>(a.logits), RaggedEnsembleOf(a));
  });
}

extern "C" chorus_status chorus_ragged_ensemble_logprob_backward(
    const chorus_ragged_ensemble_logprob_backward_args* args) {
  return WithElementsOf(
      "ragged_ensemble_logprob_backward", args, [args](const char* op, auto element) -> chorus_status {
        const auto& a = *args;
        if (chorus_status bad = CheckBackward(op, a)) return bad;
        return RaggedEnsembleLogprobBackwardCpu(op, Typed<decltype(element)>(a.logits),
                                                {a.lse, a.sequence_logps, a.dsequence, a.dsequence_mixture},
                                                RaggedEnsembleOf(a));
      });
}
