#include <cmath>

#include "common/parallel.h"
#include "ops/residual_rms_norm/residual_rms_norm.h"

namespace chorus {

namespace {

int64_t Bytes(int type) { return type == CHORUS_TYPE_F32 ? 4 : 2; }

}  // namespace

void ResidualRmsNormCpu(const ResidualRmsNorm& a) {
  const ResidualRmsNormLoops& loops = CHORUS_PICK(kResidualRmsNormLoops);
  ParallelRows(a.N, a.C, [&](int64_t n) {
    float* x = a.x + n * a.x_stride;
    const char* delta = static_cast<const char*>(a.delta);
    const double squares =
        delta ? loops.add[a.delta_type](x, delta + n * a.delta_stride * Bytes(a.delta_type), a.C) : loops.squares(x, a.C);
    const double factor = 1 / std::sqrt(squares / static_cast<double>(a.C) + a.eps);
    loops.scale[a.y_type][a.weight_type](static_cast<char*>(a.y) + n * a.y_stride * Bytes(a.y_type), x, a.weight, a.C,
                                         static_cast<float>(factor), static_cast<float>(a.offset));
  });
}

}  // namespace chorus
