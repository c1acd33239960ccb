// gated_activation: act(gate) up, between the products of a gated feed-forward layer (Shazeer, arXiv:2002.05202).
//
//   out, gate, up (N, F) f32 or bf16, row strides; out may be gate
//
// Equations, and what is refused, stand at chorus_gated_activation_* in chorus.h. Everything is computed in f32.
#ifndef CHORUS_OPS_GATED_ACTIVATION_H
#define CHORUS_OPS_GATED_ACTIVATION_H

#include <cstdint>

#include "chorus.h"
#include "simd/isa.h"

namespace chorus {

constexpr int kActivations = 3;

/** T is float, uint16_t (bf16), or double for the reference. */
template <typename T>
struct GatedActivation {
  T* out;
  const T* gate;
  const T* up;
  int64_t N, F;
  int64_t out_stride, gate_stride, up_stride;
  int activation;
};

/** One row, by activation. */
struct GatedActivationLoops {
  void (*f32[kActivations])(float* out, const float* gate, const float* up, int64_t F);
  void (*bf16[kActivations])(uint16_t* out, const uint16_t* gate, const uint16_t* up, int64_t F);
};

CHORUS_DECLARE_TABLE(GatedActivationLoops, kGatedActivationLoops)

template <typename T>
void GatedActivationCpu(const GatedActivation<T>& call);

/** The definition. */
void GatedActivationRef(const GatedActivation<double>& call);

}  // namespace chorus

#endif
