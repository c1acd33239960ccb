// The C interface of thin_linear.
#include "common/abi.h"
#include "ops/thin_linear/thin_linear.h"

using namespace chorus;

extern "C" chorus_status chorus_thin_linear(void* y, const void* x, const void* weight, const void* bias, int64_t N,
                                            int64_t I, int64_t O, int64_t y_stride, int64_t x_stride, int type) {
  return WithElements("thin_linear", type, [&](const char* op, auto element) -> chorus_status {
    using T = decltype(element);
    if (chorus_status bad = CheckMatrix(op, N, "O of y", O, y_stride)) return bad;
    if (chorus_status bad = CheckMatrix(op, N, "I of x", I, x_stride)) return bad;
    if (N == 0) return CHORUS_OK;
    if (chorus_status bad = CheckPointers(op, {{"y", y}, {"x", x}, {"weight", weight}})) return bad;
    ThinLinearCpu<T>({static_cast<T*>(y), static_cast<const T*>(x), static_cast<const T*>(weight),
                      static_cast<const T*>(bias), N, I, O, y_stride, x_stride});
    return CHORUS_OK;
  });
}
