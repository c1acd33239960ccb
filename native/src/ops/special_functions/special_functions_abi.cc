// The C interface of special_functions.
#include "common/abi.h"
#include "ops/special_functions/special_functions.h"

using namespace chorus;

namespace {

chorus_status Apply(const char* function, SpecialFunction which, void* y, const void* x, int64_t count, int type) {
  const auto run = [&](const char* op, auto element) -> chorus_status {
    using Real = decltype(element);
    if (count < 0) {
      return Fail(CHORUS_INVALID_ARGUMENT, "%s: count = %lld, expected >= 0", op, static_cast<long long>(count));
    }
    if (count == 0) return CHORUS_OK;
    if (chorus_status bad = CheckPointers(op, {{"y", y}, {"x", x}})) return bad;
    return SpecialFunctionCpu(op, which, static_cast<Real*>(y), static_cast<const Real*>(x), count);
  };
  switch (type) {
    case CHORUS_TYPE_F32:
      return GuardTyped<float>(function, "f32", run);
    case CHORUS_TYPE_F64:
      return GuardTyped<double>(function, "f64", run);
    default:
      return Fail(CHORUS_INVALID_ARGUMENT, "%s: type %d, expected f32 (%d) or f64 (%d)", function, type,
                  CHORUS_TYPE_F32, CHORUS_TYPE_F64);
  }
}

}  // namespace

extern "C" chorus_status chorus_lngamma(void* y, const void* x, int64_t count, int type) {
  return Apply("lngamma", SpecialFunction::kLnGamma, y, x, count, type);
}

extern "C" chorus_status chorus_digamma(void* y, const void* x, int64_t count, int type) {
  return Apply("digamma", SpecialFunction::kDigamma, y, x, count, type);
}

extern "C" chorus_status chorus_trigamma(void* y, const void* x, int64_t count, int type) {
  return Apply("trigamma", SpecialFunction::kTrigamma, y, x, count, type);
}
