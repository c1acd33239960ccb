// The vector functions of math.h over arrays, for tests: dispatched like every loop.
#ifndef CHORUS_SIMD_MATH_LOOPS_H
#define CHORUS_SIMD_MATH_LOOPS_H

#include <cstdint>

#include "simd/isa.h"

namespace chorus {

struct MathLoops {
  void (*exp_f32)(float* y, const float* x, int64_t count);
  void (*tanh_f32)(float* y, const float* x, int64_t count);
  void (*exp)(double* y, const double* x, int64_t count);
  void (*log)(double* y, const double* x, int64_t count);
  void (*log1p)(double* y, const double* x, int64_t count);
};

CHORUS_DECLARE_TABLE(MathLoops, kMathLoops)

inline const MathLoops& CurrentMathLoops() { return CHORUS_PICK(kMathLoops); }

}  // namespace chorus

#endif
