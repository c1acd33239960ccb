// The C interface of rotary.
#include "common/abi.h"
#include "ops/rotary/rotary.h"

namespace {

using namespace chorus;

template <typename T>
chorus_status Run(const char* op, const Rotary<T>& a) {
  return Guard(op, [&]() -> chorus_status {
    if (!(a.heads >= 1 && a.d >= 1 && a.heads <= INT64_MAX / 8 / a.d && a.r >= 0 && a.r <= a.d && a.r % 2 == 0 &&
          a.rows >= 0)) {
      return Fail(CHORUS_INVALID_ARGUMENT,
                  "%s: heads = %lld, d = %lld, r = %lld, rows = %lld, expected heads and d >= 1, r even in [0, d], rows >= 0",
                  op, static_cast<long long>(a.heads), static_cast<long long>(a.d), static_cast<long long>(a.r),
                  static_cast<long long>(a.rows));
    }
    if (chorus_status bad = CheckMatrix(op, a.N, "heads d", a.heads * a.d, a.stride)) return bad;
    if (a.N == 0) return CHORUS_OK;
    if (chorus_status bad =
            CheckPointers(op, {{"x", a.x}, {"cos", a.cos}, {"sin", a.sin}, {"positions", a.positions}})) {
      return bad;
    }
    return RotaryCpu(op, a);
  });
}

}  // namespace

extern "C" {

chorus_status chorus_rotary_f32(float* x, const float* cos, const float* sin, const int64_t* positions, int64_t N,
                                int64_t heads, int64_t d, int64_t r, int64_t rows, int64_t stride) {
  return Run<float>("rotary_f32", {x, cos, sin, positions, N, heads, d, r, rows, stride});
}

chorus_status chorus_rotary_bf16(chorus_bf16* x, const float* cos, const float* sin, const int64_t* positions, int64_t N,
                                 int64_t heads, int64_t d, int64_t r, int64_t rows, int64_t stride) {
  return Run<uint16_t>("rotary_bf16", {x, cos, sin, positions, N, heads, d, r, rows, stride});
}

}  // extern "C"
