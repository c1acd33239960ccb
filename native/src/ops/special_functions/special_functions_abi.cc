// The C interface of special_functions.
#include "common/abi.h"
#include "ops/special_functions/special_functions.h"

namespace {

using namespace chorus;

template <typename Real>
chorus_status Apply(const char* op, SpecialFunction function, Real* y, const Real* x, int64_t count) {
  return Guard(op, [&]() -> chorus_status {
    if (count < 0) {
      return Fail(CHORUS_INVALID_ARGUMENT, "%s: count = %lld, expected >= 0", op, static_cast<long long>(count));
    }
    if (count == 0) return CHORUS_OK;
    if (chorus_status bad = CheckPointers(op, {{"y", y}, {"x", x}})) return bad;
    return SpecialFunctionCpu(op, function, y, x, count);
  });
}

}  // namespace

extern "C" {

chorus_status chorus_lngamma_f64(double* y, const double* x, int64_t count) {
  return Apply("lngamma_f64", SpecialFunction::kLnGamma, y, x, count);
}
chorus_status chorus_lngamma_f32(float* y, const float* x, int64_t count) {
  return Apply("lngamma_f32", SpecialFunction::kLnGamma, y, x, count);
}
chorus_status chorus_digamma_f64(double* y, const double* x, int64_t count) {
  return Apply("digamma_f64", SpecialFunction::kDigamma, y, x, count);
}
chorus_status chorus_digamma_f32(float* y, const float* x, int64_t count) {
  return Apply("digamma_f32", SpecialFunction::kDigamma, y, x, count);
}
chorus_status chorus_trigamma_f64(double* y, const double* x, int64_t count) {
  return Apply("trigamma_f64", SpecialFunction::kTrigamma, y, x, count);
}
chorus_status chorus_trigamma_f32(float* y, const float* x, int64_t count) {
  return Apply("trigamma_f32", SpecialFunction::kTrigamma, y, x, count);
}

}  // extern "C"
