// The functions of chorus.h for tests, by way of a device.
#include "testing/device/device_call.h"

using chorus_testing::DeviceCall;

namespace {

/** The host's workspace is counted in doubles. */
int64_t Doubles(int64_t bytes) { return (bytes + 7) / 8; }

}  // namespace

extern "C" int64_t chorus_preference_workspace(int kind, int64_t P) {
  return Doubles(chorus_cuda_preference_workspace(kind, P));
}

extern "C" int64_t chorus_preference_tokens_workspace(int kind, int64_t P) {
  return Doubles(chorus_cuda_preference_tokens_workspace(kind, P));
}

extern "C" chorus_status chorus_preference(const chorus_preference_args* args) {
  DeviceCall call;
  chorus_preference_args a = *args;
  call.Out({&a.loss, &a.dchosen, &a.drejected, &a.chosen_rewards, &a.rejected_rewards}, a.P);
  call.Out(&a.totals, CHORUS_PREFERENCE_TOTALS);
  if (a.workspace) a.workspace = call.Workspace(chorus_cuda_preference_workspace(a.kind, a.P));
  for (const void** logps : {&a.policy_chosen, &a.policy_rejected, &a.ref_chosen, &a.ref_rejected}) {
    *logps = call.InOf(*logps, a.type, a.P);
  }
  call.In(&a.chosen_lengths, a.P);
  call.In(&a.rejected_lengths, a.P);
  call.In({&a.weights, &a.flip, &a.dloss}, a.P);
  return call.Finish(chorus_cuda_preference(&a, call.fault(), nullptr));
}

extern "C" chorus_status chorus_preference_tokens(const chorus_preference_tokens_args* args) {
  DeviceCall call;
  chorus_preference_tokens_args a = *args;
  const int64_t tokens = a.offsets && a.P > 0 ? a.offsets[2 * a.P] : 0;
  call.Out({&a.loss, &a.chosen_rewards, &a.rejected_rewards}, a.P);
  call.Out(&a.dtokens, tokens);
  call.Out(&a.totals, CHORUS_PREFERENCE_TOTALS);
  if (a.workspace) a.workspace = call.Workspace(chorus_cuda_preference_tokens_workspace(a.kind, a.P));
  a.policy_tokens = call.InOf(a.policy_tokens, a.type, tokens);
  a.ref_tokens = call.InOf(a.ref_tokens, a.type, tokens);
  call.In(&a.offsets, a.P < 0 ? a.P : 2 * a.P + 1);
  call.In(&a.token_weights, tokens);
  call.In({&a.ref_chosen, &a.ref_rejected, &a.weights, &a.flip, &a.dloss}, a.P);
  return call.Finish(chorus_cuda_preference_tokens(&a, call.fault(), nullptr));
}
