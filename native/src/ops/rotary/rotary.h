// rotary: pairs of channels turned by an angle that grows with the position.
//
//   x (N, heads, d) f32 or bf16, row stride, in place   cos, sin (rows, r / 2) f32   positions (N)
//
// Equations, and what is refused, stand at chorus_rotary_* in chorus.h.
#ifndef CHORUS_OPS_ROTARY_H
#define CHORUS_OPS_ROTARY_H

#include <cstdint>

#include "chorus.h"
#include "simd/isa.h"

namespace chorus {

/** T is float, uint16_t (bf16), or double for the reference. */
template <typename T>
struct Rotary {
  T* x;
  const float* cos;
  const float* sin;
  const int64_t* positions;
  int64_t N, heads, d, r, rows, stride;
};

/** All heads of one token; cos and sin are its position's. */
struct RotaryLoops {
  void (*f32)(float* x, const float* cos, const float* sin, int64_t heads, int64_t d, int64_t half);
  void (*bf16)(uint16_t* x, const float* cos, const float* sin, int64_t heads, int64_t d, int64_t half);
};

CHORUS_DECLARE_TABLE(RotaryLoops, kRotaryLoops)

template <typename T>
chorus_status RotaryCpu(const char* op, const Rotary<T>& call);

/** The definition, without checks. */
void RotaryRef(const Rotary<double>& call);

}  // namespace chorus

#endif
