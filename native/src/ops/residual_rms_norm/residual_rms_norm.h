// residual_rms_norm: a residual stream takes in what a layer gave, and is normalised for the next one.
//
//   x (N, C) f32, in place   delta (N, C) f32, bf16 or null   y (N, C) f32 or bf16   weight (C) f32 or bf16   row strides
//
// Equations, and what is refused, stand at chorus_residual_rms_norm in chorus.h. A row is read twice, the second time from
// the cache. Squares are summed in f32 vectors and those in double.
#ifndef CHORUS_OPS_RESIDUAL_RMS_NORM_H
#define CHORUS_OPS_RESIDUAL_RMS_NORM_H

#include <cstdint>

#include "chorus.h"
#include "simd/isa.h"

namespace chorus {

struct ResidualRmsNorm {
  void* y;
  float* x;
  /** Nullable. */
  const void* delta;
  const void* weight;
  int64_t N, C;
  int64_t y_stride, x_stride, delta_stride;
  /** CHORUS_TYPE_F32 or CHORUS_TYPE_BF16. */
  int y_type, delta_type, weight_type;
  double eps, offset;
};

/** Of one row; arrays are indexed by the type of what is void. */
struct ResidualRmsNormLoops {
  /** x += delta; the sum of the squares. */
  double (*add[2])(float* x, const void* delta, int64_t C);
  double (*squares)(const float* x, int64_t C);
  /** y = x factor (weight + offset); [type of y][type of weight]. */
  void (*scale[2][2])(void* y, const float* x, const void* weight, int64_t C, float factor, float offset);
};

CHORUS_DECLARE_TABLE(ResidualRmsNormLoops, kResidualRmsNormLoops)

void ResidualRmsNormCpu(const ResidualRmsNorm& call);

/** The definition, dense: x (N, C) in place, y (N, C); delta may be null. */
void ResidualRmsNormRef(double* y, double* x, const double* delta, const double* weight, int64_t N, int64_t C, double eps,
                        double offset);

}  // namespace chorus

#endif
