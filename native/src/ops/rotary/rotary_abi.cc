// The C interface of rotary.
#include "common/abi.h"
#include "ops/rotary/rotary.h"

using namespace chorus;

extern "C" chorus_status chorus_rotary(void* x, const float* cos, const float* sin, const int64_t* positions, int64_t N,
                                       int64_t heads, int64_t d, int64_t r, int64_t rows, int64_t stride, int type) {
  return WithElements("rotary", type, [&](const char* op, auto element) -> chorus_status {
    using T = decltype(element);
    if (!(heads >= 1 && d >= 1 && heads <= INT64_MAX / 8 / d && r >= 0 && r <= d && r % 2 == 0 && rows >= 0)) {
      return Fail(
          CHORUS_INVALID_ARGUMENT,
          "%s: heads = %lld, d = %lld, r = %lld, rows = %lld, expected heads and d >= 1, r even in [0, d], rows >= 0",
          op, static_cast<long long>(heads), static_cast<long long>(d), static_cast<long long>(r),
          static_cast<long long>(rows));
    }
    if (chorus_status bad = CheckMatrix(op, N, "heads d", heads * d, stride)) return bad;
    if (N == 0) return CHORUS_OK;
    if (chorus_status bad = CheckPointers(op, {{"x", x}, {"cos", cos}, {"sin", sin}, {"positions", positions}})) {
      return bad;
    }
    return RotaryCpu<T>(op, {static_cast<T*>(x), cos, sin, positions, N, heads, d, r, rows, stride});
  });
}
