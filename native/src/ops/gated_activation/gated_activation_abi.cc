// The C interface of gated_activation.
#include "common/abi.h"
#include "ops/gated_activation/gated_activation.h"

namespace {

using namespace chorus;

template <typename T>
chorus_status Run(const char* op, const GatedActivation<T>& a) {
  return Guard(op, [&]() -> chorus_status {
    if (chorus_status bad = CheckMatrix(op, a.N, "F of out", a.F, a.out_stride)) return bad;
    if (chorus_status bad = CheckMatrix(op, a.N, "F of gate", a.F, a.gate_stride)) return bad;
    if (chorus_status bad = CheckMatrix(op, a.N, "F of up", a.F, a.up_stride)) return bad;
    if (a.activation < 0 || a.activation >= kActivations) {
      return Fail(CHORUS_INVALID_ARGUMENT, "%s: activation = %d, expected one of CHORUS_ACTIVATION_*", op, a.activation);
    }
    if (a.N == 0) return CHORUS_OK;
    if (chorus_status bad = CheckPointers(op, {{"out", a.out}, {"gate", a.gate}, {"up", a.up}})) return bad;
    if (a.out == a.gate && a.out_stride != a.gate_stride) {
      return Fail(CHORUS_INVALID_ARGUMENT, "%s: out is gate, but their strides are %lld and %lld", op,
                  static_cast<long long>(a.out_stride), static_cast<long long>(a.gate_stride));
    }
    GatedActivationCpu(a);
    return CHORUS_OK;
  });
}

}  // namespace

extern "C" {

chorus_status chorus_gated_activation_f32(float* out, const float* gate, const float* up, int64_t N, int64_t F,
                                          int64_t out_stride, int64_t gate_stride, int64_t up_stride, int activation) {
  return Run<float>("gated_activation_f32", {out, gate, up, N, F, out_stride, gate_stride, up_stride, activation});
}

chorus_status chorus_gated_activation_bf16(chorus_bf16* out, const chorus_bf16* gate, const chorus_bf16* up, int64_t N,
                                           int64_t F, int64_t out_stride, int64_t gate_stride, int64_t up_stride,
                                           int activation) {
  return Run<uint16_t>("gated_activation_bf16", {out, gate, up, N, F, out_stride, gate_stride, up_stride, activation});
}

}  // extern "C"
