// The functions of chorus.h for tests, by way of a device.
#include "testing/device/device_call.h"

using chorus_testing::DeviceCall;

namespace {

/** W labels of K classes a row, or -1 for what no test means. */
int64_t Labels(int64_t N, int64_t W, int64_t K) { return N < 0 || W < 0 || K < 0 || W > (1 << 20) ? -1 : N * W * K; }

}  // namespace

extern "C" chorus_status chorus_evidential(const chorus_evidential_args* args) {
  DeviceCall call;
  chorus_evidential_args a = *args;
  call.Out({&a.loss, &a.nll, &a.kl}, a.N);
  a.dlogits = call.OutRows(a.dlogits, a.N, a.K, a.K);
  call.InRows(&a.logits, a.type, a.N, a.K, a.stride);
  call.In(&a.targets, Labels(a.N, a.W, a.K));
  call.In(&a.lambda, Labels(a.N, a.W, 1));
  call.In({&a.dloss, &a.weights}, a.N);
  return call.Finish(chorus_cuda_evidential(&a, call.fault(), nullptr));
}
