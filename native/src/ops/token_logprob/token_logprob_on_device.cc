// The functions of chorus.h for tests, by way of a device.
#include "testing/device/device_call.h"

using chorus_testing::DeviceCall;

extern "C" chorus_status chorus_token_logprob_forward(const chorus_token_logprob_forward_args* args) {
  DeviceCall call;
  chorus_token_logprob_forward_args a = *args;
  call.Out({&a.logps, &a.lse, &a.entropy}, a.N);
  call.InRows(&a.logits, a.type, a.N, a.V, a.stride);
  call.In(&a.targets, a.N);
  call.In(&a.weights, a.N);
  return call.Finish(chorus_cuda_token_logprob_forward(&a, call.fault(), nullptr));
}

extern "C" chorus_status chorus_token_logprob_backward(const chorus_token_logprob_backward_args* args) {
  DeviceCall call;
  chorus_token_logprob_backward_args a = *args;
  call.OutRows(&a.logits, a.type, a.N, a.V, a.stride);
  call.In(&a.targets, a.N);
  call.In({&a.lse, &a.dlogps, &a.weights}, a.N);
  return call.Finish(chorus_cuda_token_logprob_backward(&a, call.fault(), nullptr));
}
