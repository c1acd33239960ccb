#include "common/parallel.h"
#include "common/status.h"
#include "ops/special_functions/special_functions.h"

namespace chorus {

namespace {

/** Elements that one thread takes at a time: 32 KiB of double on either side. */
constexpr int64_t kChunk = 4096;

bool Run(const SpecialLoops& loops, int function, double* y, const double* x, int64_t count) {
  return loops.f64[function](y, x, count);
}
bool Run(const SpecialLoops& loops, int function, float* y, const float* x, int64_t count) {
  return loops.f32[function](y, x, count);
}

}  // namespace

template <typename Real>
chorus_status SpecialFunctionCpu(const char* op, SpecialFunction function, Real* y, const Real* x, int64_t count) {
  const SpecialLoops& loops = CHORUS_PICK(kSpecialLoops);
  FirstBadRow bad_chunk;
  ParallelRows((count - 1) / kChunk + 1, 4 * kChunk, [&](int64_t chunk) {
    const int64_t first = chunk * kChunk;
    const int64_t n = count - first < kChunk ? count - first : kChunk;
    if (!Run(loops, static_cast<int>(function), y + first, x + first, n)) bad_chunk.Report(chunk);
  });
  if (bad_chunk.Get() < 0) return CHORUS_OK;
  int64_t i = bad_chunk.Get() * kChunk;
  while (x[i] > 0) ++i;
  return Fail(CHORUS_INVALID_VALUE, "%s: element %lld is %g, expected above 0", op, static_cast<long long>(i),
              static_cast<double>(x[i]));
}

template chorus_status SpecialFunctionCpu(const char*, SpecialFunction, double*, const double*, int64_t);
template chorus_status SpecialFunctionCpu(const char*, SpecialFunction, float*, const float*, int64_t);

}  // namespace chorus
