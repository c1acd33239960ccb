#include "simd/math.h"
#include "simd/math_loops.h"

namespace chorus {
namespace CHORUS_ISA {

namespace {

template <F64 (*f)(F64)>
void Map(double* y, const double* x, int64_t count) {
  for (int64_t i = 0; i < count; i += kF64) {
    const int64_t n = count - i < kF64 ? count - i : kF64;
    double lanes[kF64];
    for (int j = 0; j < kF64; ++j) lanes[j] = j < n ? x[i + j] : 1;
    Store(lanes, f(Load(lanes)));
    for (int64_t j = 0; j < n; ++j) y[i + j] = lanes[j];
  }
}

F64 ExpOf(F64 x) { return Exp(x); }
F64 LogOf(F64 x) { return Log(x); }
F64 Log1pOf(F64 x) { return Log1p(x); }

template <F32 (*f)(F32)>
void MapF32(float* y, const float* x, int64_t count) {
  for (int64_t i = 0; i < count; i += kF32) {
    const int64_t n = count - i < kF32 ? count - i : kF32;
    StoreFirst(y + i, n, f(LoadFirst(x + i, n, 0.0f)));
  }
}

F32 ExpF32Of(F32 x) { return Exp(x); }
F32 TanhF32Of(F32 x) { return Tanh(x); }

}  // namespace

extern const MathLoops kMathLoops = {MapF32<ExpF32Of>, MapF32<TanhF32Of>, Map<ExpOf>, Map<LogOf>, Map<Log1pOf>};

}  // namespace CHORUS_ISA
}  // namespace chorus
