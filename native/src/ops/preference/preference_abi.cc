// The C interface of preference.
#include "ops/preference/preference_checks.h"

namespace {

using namespace chorus;

/** The sums of no pairs. */
chorus_status NoPairs(double* totals) {
  for (int i = 0; totals && i < CHORUS_PREFERENCE_TOTALS; ++i) totals[i] = 0;
  return CHORUS_OK;
}

template <typename In>
chorus_status Sequences(const char* op, PreferenceBatch<In> b, double* workspace) {
  return Guard(op, [&]() -> chorus_status {
    if (chorus_status bad = CheckSequences(op, &b)) return bad;
    if (b.P == 0) return NoPairs(b.totals);
    if (chorus_status bad = CheckWorkspace(op, workspace, PreferenceWorkspace(b.spec.kind, b.P), "doubles")) return bad;
    return PreferenceCpu(op, b, workspace);
  });
}

template <typename In>
chorus_status Tokens(const char* op, PreferenceTokens<In> x, double* workspace) {
  return Guard(op, [&]() -> chorus_status {
    if (chorus_status bad = CheckTokens(op, &x)) return bad;
    if (x.P == 0) return NoPairs(x.totals);
    if (chorus_status bad = CheckWorkspace(op, workspace, PreferenceTokensWorkspace(x.spec.kind, x.P), "doubles")) {
      return bad;
    }
    return PreferenceTokensCpu(op, x, workspace);
  });
}

}  // namespace

extern "C" {

int64_t chorus_preference_workspace(int kind, int64_t P) { return PreferenceWorkspace(kind, P); }

int64_t chorus_preference_tokens_workspace(int kind, int64_t P) { return PreferenceTokensWorkspace(kind, P); }

chorus_status chorus_preference_f32(float* loss, float* dchosen, float* drejected, float* chosen_rewards,
                                    float* rejected_rewards, double* totals, double* workspace,
                                    const float* policy_chosen, const float* policy_rejected, const float* ref_chosen,
                                    const float* ref_rejected, const int64_t* chosen_lengths,
                                    const int64_t* rejected_lengths, const float* weights, const float* flip,
                                    const float* dloss, int64_t P, int kind, double beta, double epsilon,
                                    double parameter, int divergence, double alpha, double upstream) {
  const PreferenceBatch<float> batch = {loss,
                                        dchosen,
                                        drejected,
                                        chosen_rewards,
                                        rejected_rewards,
                                        totals,
                                        policy_chosen,
                                        policy_rejected,
                                        ref_chosen,
                                        ref_rejected,
                                        chosen_lengths,
                                        rejected_lengths,
                                        weights,
                                        flip,
                                        dloss,
                                        P,
                                        upstream,
                                        {kind, beta, epsilon, parameter, divergence, alpha},
                                        {}};
  return Sequences("preference_f32", batch, workspace);
}

chorus_status chorus_preference_bf16(float* loss, float* dchosen, float* drejected, float* chosen_rewards,
                                     float* rejected_rewards, double* totals, double* workspace,
                                     const chorus_bf16* policy_chosen, const chorus_bf16* policy_rejected,
                                     const chorus_bf16* ref_chosen, const chorus_bf16* ref_rejected,
                                     const int64_t* chosen_lengths, const int64_t* rejected_lengths,
                                     const float* weights, const float* flip, const float* dloss, int64_t P, int kind,
                                     double beta, double epsilon, double parameter, int divergence, double alpha,
                                     double upstream) {
  const PreferenceBatch<uint16_t> batch = {loss,
                                           dchosen,
                                           drejected,
                                           chosen_rewards,
                                           rejected_rewards,
                                           totals,
                                           policy_chosen,
                                           policy_rejected,
                                           ref_chosen,
                                           ref_rejected,
                                           chosen_lengths,
                                           rejected_lengths,
                                           weights,
                                           flip,
                                           dloss,
                                           P,
                                           upstream,
                                           {kind, beta, epsilon, parameter, divergence, alpha},
                                           {}};
  return Sequences("preference_bf16", batch, workspace);
}

chorus_status chorus_preference_tokens_f32(float* loss, float* dtokens, float* chosen_rewards, float* rejected_rewards,
                                           double* totals, double* workspace, const float* policy_tokens,
                                           const float* ref_tokens, const float* ref_chosen, const float* ref_rejected,
                                           const int64_t* offsets, const float* token_weights, const float* weights,
                                           const float* flip, const float* dloss, int64_t P, int kind, double beta,
                                           double epsilon, double parameter, int divergence, double alpha,
                                           double upstream) {
  const PreferenceTokens<float> tokens = {loss,
                                          dtokens,
                                          chosen_rewards,
                                          rejected_rewards,
                                          totals,
                                          policy_tokens,
                                          ref_tokens,
                                          ref_chosen,
                                          ref_rejected,
                                          offsets,
                                          token_weights,
                                          weights,
                                          flip,
                                          dloss,
                                          P,
                                          upstream,
                                          {kind, beta, epsilon, parameter, divergence, alpha},
                                          {}};
  return Tokens("preference_tokens_f32", tokens, workspace);
}

chorus_status chorus_preference_tokens_bf16(float* loss, float* dtokens, float* chosen_rewards, float* rejected_rewards,
                                            double* totals, double* workspace, const chorus_bf16* policy_tokens,
                                            const chorus_bf16* ref_tokens, const float* ref_chosen,
                                            const float* ref_rejected, const int64_t* offsets,
                                            const float* token_weights, const float* weights, const float* flip,
                                            const float* dloss, int64_t P, int kind, double beta, double epsilon,
                                            double parameter, int divergence, double alpha, double upstream) {
  const PreferenceTokens<uint16_t> tokens = {loss,
                                             dtokens,
                                             chosen_rewards,
                                             rejected_rewards,
                                             totals,
                                             policy_tokens,
                                             ref_tokens,
                                             ref_chosen,
                                             ref_rejected,
                                             offsets,
                                             token_weights,
                                             weights,
                                             flip,
                                             dloss,
                                             P,
                                             upstream,
                                             {kind, beta, epsilon, parameter, divergence, alpha},
                                             {}};
  return Tokens("preference_tokens_bf16", tokens, workspace);
}

}  // extern "C"
