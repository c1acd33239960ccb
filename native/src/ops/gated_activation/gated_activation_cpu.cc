#include "common/parallel.h"
#include "ops/gated_activation/gated_activation.h"

namespace chorus {

namespace {

void Row(const GatedActivationLoops& loops, int activation, float* out, const float* gate, const float* up, int64_t F) {
  loops.f32[activation](out, gate, up, F);
}
void Row(const GatedActivationLoops& loops, int activation, uint16_t* out, const uint16_t* gate, const uint16_t* up,
         int64_t F) {
  loops.bf16[activation](out, gate, up, F);
}

}  // namespace

template <typename T>
void GatedActivationCpu(const GatedActivation<T>& a) {
  const GatedActivationLoops& loops = CHORUS_PICK(kGatedActivationLoops);
  ParallelRows(a.N, a.F, [&](int64_t n) {
    Row(loops, a.activation, a.out + n * a.out_stride, a.gate + n * a.gate_stride, a.up + n * a.up_stride, a.F);
  });
}

template void GatedActivationCpu(const GatedActivation<float>&);
template void GatedActivationCpu(const GatedActivation<uint16_t>&);

}  // namespace chorus
