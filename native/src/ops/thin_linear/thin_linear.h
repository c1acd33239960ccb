// thin_linear: y = x W^T + b for few rows x, as in generation, where every weight is read for a few dozen tokens.
//
//   y (N, O), x (N, I) f32 or bf16, row strides; W (O, I) of x's type, dense; b (O) of x's type or null
//
// A general product packs W first, which reads and writes it once more; here it is read once and stays in registers for all
// rows. Equations, and what is refused, stand at chorus_thin_linear_* in chorus.h. Sums are f32.
#ifndef CHORUS_OPS_THIN_LINEAR_H
#define CHORUS_OPS_THIN_LINEAR_H

#include <cstdint>

#include "chorus.h"
#include "simd/isa.h"

namespace chorus {

/** T is float, uint16_t (bf16), or double for the reference. */
template <typename T>
struct ThinLinear {
  T* y;
  const T* x;
  const T* weight;
  const T* bias;
  int64_t N, I, O;
  int64_t y_stride, x_stride;
};

/** Outputs [from, to) of all rows. */
struct ThinLinearLoops {
  void (*f32)(const ThinLinear<float>& call, int64_t from, int64_t to);
  void (*bf16)(const ThinLinear<uint16_t>& call, int64_t from, int64_t to);
};

CHORUS_DECLARE_TABLE(ThinLinearLoops, kThinLinearLoops)

template <typename T>
void ThinLinearCpu(const ThinLinear<T>& call);

/** The definition. */
void ThinLinearRef(const ThinLinear<double>& call);

}  // namespace chorus

#endif
