// The functions of chorus.h for tests, by way of a device.
#include "testing/device/device_call.h"

using chorus_testing::DeviceCall;

extern "C" chorus_status chorus_linear_logprob_rows(const chorus_linear_logprob_rows_args* args) {
  DeviceCall call;
  chorus_linear_logprob_rows_args a = *args;
  call.Out({&a.logps, &a.kl, &a.lse, &a.entropy, &a.top1}, a.N);
  call.OutRows(&a.logits, a.type, a.N, a.V, a.stride);
  call.In(&a.bias, a.V);
  call.In(&a.ids, a.N * a.k);
  call.In(&a.probabilities, a.N * a.k);
  call.In(&a.dense, a.N * a.V);
  call.In({&a.weights, &a.dlogps}, a.N);
  call.In(&a.row_names, a.N);
  return call.Finish(chorus_cuda_linear_logprob_rows(&a, call.fault(), nullptr));
}
