// The C interface of gated_activation.
#include "common/abi.h"
#include "ops/gated_activation/gated_activation.h"

using namespace chorus;

extern "C" chorus_status chorus_gated_activation(void* out, const void* gate, const void* up, int64_t N, int64_t F,
                                                 int64_t out_stride, int64_t gate_stride, int64_t up_stride,
                                                 int activation, int type) {
  return WithElements("gated_activation", type, [&](const char* op, auto element) -> chorus_status {
    using T = decltype(element);
    if (chorus_status bad = CheckMatrix(op, N, "F of out", F, out_stride)) return bad;
    if (chorus_status bad = CheckMatrix(op, N, "F of gate", F, gate_stride)) return bad;
    if (chorus_status bad = CheckMatrix(op, N, "F of up", F, up_stride)) return bad;
    if (activation < 0 || activation >= kActivations) {
      return Fail(CHORUS_INVALID_ARGUMENT, "%s: activation = %d, expected one of CHORUS_ACTIVATION_*", op, activation);
    }
    if (N == 0) return CHORUS_OK;
    if (chorus_status bad = CheckPointers(op, {{"out", out}, {"gate", gate}, {"up", up}})) return bad;
    if (out == gate && out_stride != gate_stride) {
      return Fail(CHORUS_INVALID_ARGUMENT, "%s: out is gate, but their strides are %lld and %lld", op,
                  static_cast<long long>(out_stride), static_cast<long long>(gate_stride));
    }
    GatedActivationCpu<T>({static_cast<T*>(out), static_cast<const T*>(gate), static_cast<const T*>(up), N, F,
                           out_stride, gate_stride, up_stride, activation});
    return CHORUS_OK;
  });
}
