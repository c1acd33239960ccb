#include "simd/isa.h"

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <initializer_list>

#include "chorus.h"

namespace chorus {

namespace {

Isa Detect() {
#if defined(CHORUS_X86_SIMD)
  // Also asks whether the system saves the wide registers.
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl")) {
    return Isa::kAvx512;
  }
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return Isa::kAvx2;
#endif
  return Isa::kBaseline;
}

Isa FromEnvironment() {
  const char* name = std::getenv("CHORUS_ISA");
  if (name != nullptr) {
    for (Isa isa : {Isa::kBaseline, Isa::kAvx2}) {
      if (std::strcmp(name, IsaName(isa)) == 0) return isa;
    }
  }
  return Isa::kAvx512;
}

std::atomic<Isa>& Limit() {
  static std::atomic<Isa> limit{FromEnvironment()};
  return limit;
}

}  // namespace

Isa BestIsa() {
  static const Isa best = Detect();
  return best;
}

Isa CurrentIsa() {
  const Isa limit = Limit().load(std::memory_order_relaxed);
  const Isa best = BestIsa();
  return limit < best ? limit : best;
}

void LimitIsa(Isa limit) { Limit().store(limit, std::memory_order_relaxed); }

const char* IsaName(Isa isa) {
  switch (isa) {
    case Isa::kAvx512:
      return "avx512";
    case Isa::kAvx2:
      return "avx2";
    default:
      return "baseline";
  }
}

}  // namespace chorus

extern "C" const char* chorus_isa(void) { return chorus::IsaName(chorus::CurrentIsa()); }
