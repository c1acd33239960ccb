// The functions of chorus.h for tests, by way of a device.
#include "testing/device/device_call.h"

using chorus_testing::DeviceCall;

namespace {

/** How much N, W and K ask for, or -1 for what no test means. */
int64_t Count(int64_t N, int64_t W, int64_t K) { return N < 0 || W < 0 || K < 0 || W > (1 << 20) ? -1 : N * W * K; }

}  // namespace

extern "C" chorus_status chorus_dirichlet_posterior(const chorus_dirichlet_posterior_args* args) {
  DeviceCall call;
  chorus_dirichlet_posterior_args a = *args;
  call.Out({&a.alpha, &a.p, &a.belief, &a.variance}, Count(a.N, 1, a.K));
  call.Out(&a.label, a.N);
  call.Out({&a.total, &a.expected, &a.mutual, &a.differential, &a.epkl, &a.vacuity}, a.N);
  a.answers = call.InOf(a.answers, a.type, Count(a.N, a.W, a.type == CHORUS_TYPE_I64 ? 1 : a.K));
  call.In(&a.lambda, Count(a.N, a.W, 1));
  call.In(&a.labeler_weights, Count(1, a.W, 1));
  call.In(&a.prior, a.K);
  call.In(&a.weights, a.N);
  return call.Finish(chorus_cuda_dirichlet_posterior(&a, call.fault(), nullptr));
}
