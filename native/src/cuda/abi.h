// What every function of the CUDA interface does before it launches.
#ifndef CHORUS_CUDA_ABI_H
#define CHORUS_CUDA_ABI_H

#include <cstdint>
#include <cstdio>
#include <initializer_list>

#include "common/abi.h"
#include "cuda/fault.h"
#include "cuda/geometry.h"

namespace chorus {
namespace cuda {

/** Columns are counted in int by the kernels. */
constexpr int64_t kMostColumns = 1 << 30;

/** Whether a launch can have so many rows of such a length. */
inline chorus_status CheckLaunch(const char* op, int64_t N, const char* name, int64_t width) {
  if (FitsRows(N) && width <= kMostColumns) return CHORUS_OK;
  return Fail(CHORUS_INVALID_ARGUMENT, "%s: N = %lld, %s = %lld, a launch has at most %lld rows of %lld elements", op,
              static_cast<long long>(N), name, static_cast<long long>(width), static_cast<long long>(kMostBlocks),
              static_cast<long long>(kMostColumns));
}

/** The same of what else the kernels count in int. */
inline chorus_status CheckMost(const char* op, const char* name, int64_t count) {
  if (count <= kMostColumns) return CHORUS_OK;
  return Fail(CHORUS_INVALID_ARGUMENT, "%s: %s = %lld, at most %lld", op, name, static_cast<long long>(count),
              static_cast<long long>(kMostColumns));
}

inline Faults FaultsOf(uint64_t* word, Op op) {
  static_assert(sizeof(FaultWord) == sizeof(uint64_t), "one word");
  return {reinterpret_cast<FaultWord*>(word), op};
}

struct Size {
  const char* name;
  int64_t value;
};

/** "bf16 [N = 8, V = 100]" for messages. */
class Shape {
 public:
  Shape(int type, std::initializer_list<Size> sizes) {
    const char* names[] = {"f32", "bf16", "f16"};
    int used = std::snprintf(text_, sizeof text_, "%s [", type >= 0 && type < 3 ? names[type] : "?");
    const char* separator = "";
    for (const Size& size : sizes) {
      used += std::snprintf(text_ + used, sizeof text_ - static_cast<size_t>(used), "%s%s = %lld", separator, size.name,
                            static_cast<long long>(size.value));
      separator = ", ";
      if (used > static_cast<int>(sizeof text_) - 40) break;
    }
    std::snprintf(text_ + used, sizeof text_ - static_cast<size_t>(used), "]");
  }
  operator const char*() const { return text_; }

 private:
  char text_[160];
};

}  // namespace cuda
}  // namespace chorus

#endif
