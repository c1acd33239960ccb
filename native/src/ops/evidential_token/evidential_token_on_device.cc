// The functions of chorus.h for tests, by way of a device.
#include "testing/device/device_call.h"

using chorus_testing::DeviceCall;

extern "C" chorus_status chorus_evidential_token(const chorus_evidential_token_args* args) {
  DeviceCall call;
  chorus_evidential_token_args a = *args;
  call.Out({&a.loss, &a.nll, &a.kl}, a.N);
  call.OutRows(&a.logits, a.type, a.N, a.V, a.stride);
  call.In(&a.ids, a.N * a.k);
  call.In(&a.probabilities, a.N * a.k);
  call.In({&a.dloss, &a.weights}, a.N);
  call.In(&a.row_names, a.N);
  return call.Finish(chorus_cuda_evidential_token(&a, call.fault(), nullptr));
}
