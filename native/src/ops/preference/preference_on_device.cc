// The functions of chorus.h for tests, by way of a device.
#include "testing/device/device_call.h"

namespace {

using chorus_testing::DeviceCall;

template <typename T>
chorus_status Sequences(float* loss, float* dchosen, float* drejected, float* chosen_rewards, float* rejected_rewards,
                        double* totals, double* workspace, const T* policy_chosen, const T* policy_rejected,
                        const T* ref_chosen, const T* ref_rejected, const int64_t* chosen_lengths,
                        const int64_t* rejected_lengths, const float* weights, const float* flip, const float* dloss,
                        int64_t P, int kind, double beta, double epsilon, double parameter, int divergence, double alpha,
                        double upstream, int type) {
  DeviceCall call;
  return call.Finish(chorus_cuda_preference(
      call.Out(loss, P), call.Out(dchosen, P), call.Out(drejected, P), call.Out(chosen_rewards, P),
      call.Out(rejected_rewards, P), call.Out(totals, CHORUS_PREFERENCE_TOTALS),
      workspace ? call.Workspace(chorus_cuda_preference_workspace(kind, P)) : nullptr, call.In(policy_chosen, P),
      call.In(policy_rejected, P), call.In(ref_chosen, P), call.In(ref_rejected, P), call.In(chosen_lengths, P),
      call.In(rejected_lengths, P), call.In(weights, P), call.In(flip, P), call.In(dloss, P), P, kind, beta, epsilon,
      parameter, divergence, alpha, upstream, type, call.fault(), nullptr));
}

template <typename T>
chorus_status Tokens(float* loss, float* dtokens, float* chosen_rewards, float* rejected_rewards, double* totals,
                     double* workspace, const T* policy_tokens, const T* ref_tokens, const float* ref_chosen,
                     const float* ref_rejected, const int64_t* offsets, const float* token_weights, const float* weights,
                     const float* flip, const float* dloss, int64_t P, int kind, double beta, double epsilon,
                     double parameter, int divergence, double alpha, double upstream, int type) {
  DeviceCall call;
  const int64_t tokens = offsets && P > 0 ? offsets[2 * P] : 0;
  return call.Finish(chorus_cuda_preference_tokens(
      call.Out(loss, P), call.Out(dtokens, tokens), call.Out(chosen_rewards, P), call.Out(rejected_rewards, P),
      call.Out(totals, CHORUS_PREFERENCE_TOTALS),
      workspace ? call.Workspace(chorus_cuda_preference_tokens_workspace(kind, P)) : nullptr,
      call.In(policy_tokens, tokens), call.In(ref_tokens, tokens), call.In(ref_chosen, P), call.In(ref_rejected, P),
      call.In(offsets, P < 0 ? P : 2 * P + 1), call.In(token_weights, tokens), call.In(weights, P), call.In(flip, P),
      call.In(dloss, P), P, kind, beta, epsilon, parameter, divergence, alpha, upstream, type, call.fault(), nullptr));
}

/** The host's workspace is counted in doubles. */
int64_t Doubles(int64_t bytes) { return (bytes + 7) / 8; }

}  // namespace

extern "C" {

int64_t chorus_preference_workspace(int kind, int64_t P) { return Doubles(chorus_cuda_preference_workspace(kind, P)); }

int64_t chorus_preference_tokens_workspace(int kind, int64_t P) {
  return Doubles(chorus_cuda_preference_tokens_workspace(kind, P));
}

chorus_status chorus_preference_f32(float* loss, float* dchosen, float* drejected, float* chosen_rewards,
                                    float* rejected_rewards, double* totals, double* workspace,
                                    const float* policy_chosen, const float* policy_rejected, const float* ref_chosen,
                                    const float* ref_rejected, const int64_t* chosen_lengths,
                                    const int64_t* rejected_lengths, const float* weights, const float* flip,
                                    const float* dloss, int64_t P, int kind, double beta, double epsilon,
                                    double parameter, int divergence, double alpha, double upstream) {
  return Sequences(loss, dchosen, drejected, chosen_rewards, rejected_rewards, totals, workspace, policy_chosen,
                   policy_rejected, ref_chosen, ref_rejected, chosen_lengths, rejected_lengths, weights, flip, dloss, P,
                   kind, beta, epsilon, parameter, divergence, alpha, upstream, CHORUS_TYPE_F32);
}

chorus_status chorus_preference_bf16(float* loss, float* dchosen, float* drejected, float* chosen_rewards,
                                     float* rejected_rewards, double* totals, double* workspace,
                                     const chorus_bf16* policy_chosen, const chorus_bf16* policy_rejected,
                                     const chorus_bf16* ref_chosen, const chorus_bf16* ref_rejected,
                                     const int64_t* chosen_lengths, const int64_t* rejected_lengths,
                                     const float* weights, const float* flip, const float* dloss, int64_t P, int kind,
                                     double beta, double epsilon, double parameter, int divergence, double alpha,
                                     double upstream) {
  return Sequences(loss, dchosen, drejected, chosen_rewards, rejected_rewards, totals, workspace, policy_chosen,
                   policy_rejected, ref_chosen, ref_rejected, chosen_lengths, rejected_lengths, weights, flip, dloss, P,
                   kind, beta, epsilon, parameter, divergence, alpha, upstream, CHORUS_TYPE_BF16);
}

chorus_status chorus_preference_tokens_f32(float* loss, float* dtokens, float* chosen_rewards, float* rejected_rewards,
                                           double* totals, double* workspace, const float* policy_tokens,
                                           const float* ref_tokens, const float* ref_chosen, const float* ref_rejected,
                                           const int64_t* offsets, const float* token_weights, const float* weights,
                                           const float* flip, const float* dloss, int64_t P, int kind, double beta,
                                           double epsilon, double parameter, int divergence, double alpha,
                                           double upstream) {
  return Tokens(loss, dtokens, chosen_rewards, rejected_rewards, totals, workspace, policy_tokens, ref_tokens, ref_chosen,
                ref_rejected, offsets, token_weights, weights, flip, dloss, P, kind, beta, epsilon, parameter, divergence,
                alpha, upstream, CHORUS_TYPE_F32);
}

chorus_status chorus_preference_tokens_bf16(float* loss, float* dtokens, float* chosen_rewards, float* rejected_rewards,
                                            double* totals, double* workspace, const chorus_bf16* policy_tokens,
                                            const chorus_bf16* ref_tokens, const float* ref_chosen,
                                            const float* ref_rejected, const int64_t* offsets,
                                            const float* token_weights, const float* weights, const float* flip,
                                            const float* dloss, int64_t P, int kind, double beta, double epsilon,
                                            double parameter, int divergence, double alpha, double upstream) {
  return Tokens(loss, dtokens, chosen_rewards, rejected_rewards, totals, workspace, policy_tokens, ref_tokens, ref_chosen,
                ref_rejected, offsets, token_weights, weights, flip, dloss, P, kind, beta, epsilon, parameter, divergence,
                alpha, upstream, CHORUS_TYPE_BF16);
}

}  // extern "C"
