// The C interface of thin_linear.
#include "common/abi.h"
#include "ops/thin_linear/thin_linear.h"

namespace {

using namespace chorus;

template <typename T>
chorus_status Run(const char* op, const ThinLinear<T>& a) {
  return Guard(op, [&]() -> chorus_status {
    if (chorus_status bad = CheckMatrix(op, a.N, "O of y", a.O, a.y_stride)) return bad;
    if (chorus_status bad = CheckMatrix(op, a.N, "I of x", a.I, a.x_stride)) return bad;
    if (a.N == 0) return CHORUS_OK;
    if (chorus_status bad = CheckPointers(op, {{"y", a.y}, {"x", a.x}, {"weight", a.weight}})) return bad;
    ThinLinearCpu(a);
    return CHORUS_OK;
  });
}

}  // namespace

extern "C" {

chorus_status chorus_thin_linear_f32(float* y, const float* x, const float* weight, const float* bias, int64_t N,
                                     int64_t I, int64_t O, int64_t y_stride, int64_t x_stride) {
  return Run<float>("thin_linear_f32", {y, x, weight, bias, N, I, O, y_stride, x_stride});
}

chorus_status chorus_thin_linear_bf16(chorus_bf16* y, const chorus_bf16* x, const chorus_bf16* weight,
                                      const chorus_bf16* bias, int64_t N, int64_t I, int64_t O, int64_t y_stride,
                                      int64_t x_stride) {
  return Run<uint16_t>("thin_linear_bf16", {y, x, weight, bias, N, I, O, y_stride, x_stride});
}

}  // extern "C"
