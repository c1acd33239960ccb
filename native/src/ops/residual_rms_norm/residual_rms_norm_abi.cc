// The C interface of residual_rms_norm.
#include "common/abi.h"
#include "ops/residual_rms_norm/residual_rms_norm.h"

namespace {

using namespace chorus;

bool IsType(int type) { return type == CHORUS_TYPE_F32 || type == CHORUS_TYPE_BF16; }

}  // namespace

extern "C" chorus_status chorus_residual_rms_norm(void* y, float* x, const void* delta, const void* weight, int64_t N,
                                                  int64_t C, int64_t y_stride, int64_t x_stride, int64_t delta_stride,
                                                  int y_type, int delta_type, int weight_type, double eps, double offset) {
  const char* op = "residual_rms_norm";
  return Guard(op, [&]() -> chorus_status {
    if (chorus_status bad = CheckMatrix(op, N, "C of y", C, y_stride)) return bad;
    if (chorus_status bad = CheckMatrix(op, N, "C of x", C, x_stride)) return bad;
    if (delta) {
      if (chorus_status bad = CheckMatrix(op, N, "C of delta", C, delta_stride)) return bad;
    }
    if (!IsType(y_type) || !IsType(delta_type) || !IsType(weight_type)) {
      return Fail(CHORUS_INVALID_ARGUMENT, "%s: y_type = %d, delta_type = %d, weight_type = %d, expected 0 (f32) or 1 (bf16)",
                  op, y_type, delta_type, weight_type);
    }
    if (!(eps > 0 && std::isfinite(eps) && std::isfinite(offset))) {
      return Fail(CHORUS_INVALID_ARGUMENT, "%s: eps = %g, offset = %g, expected both finite and eps > 0", op, eps, offset);
    }
    if (N == 0) return CHORUS_OK;
    if (chorus_status bad = CheckPointers(op, {{"y", y}, {"x", x}, {"weight", weight}})) return bad;
    ResidualRmsNormCpu({y, x, delta, weight, N, C, y_stride, x_stride, delta_stride, y_type, delta_type, weight_type, eps,
                        offset});
    return CHORUS_OK;
  });
}
