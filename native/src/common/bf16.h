// bf16, the upper half of an IEEE float, kept as uint16_t: one at a time. The vector forms are in simd/vec.h.
#ifndef CHORUS_COMMON_BF16_H
#define CHORUS_COMMON_BF16_H

#include <cstdint>
#include <cstring>

#include "common/hd.h"

namespace chorus {

CHORUS_HD inline float Widen(float x) { return x; }
CHORUS_HD inline float Widen(uint16_t x) {
  const uint32_t bits = static_cast<uint32_t>(x) << 16;
  float f;
  std::memcpy(&f, &bits, sizeof f);
  return f;
}

/** To the element's type; to bf16 rounded to the nearest, ties to even, NaN staying NaN. */
template <typename T>
T Narrow(float x);
template <>
inline float Narrow<float>(float x) {
  return x;
}
template <>
inline uint16_t Narrow<uint16_t>(float x) {
  uint32_t bits;
  std::memcpy(&bits, &x, sizeof bits);
  if (x != x) return static_cast<uint16_t>((bits >> 16) | 0x40);
  return static_cast<uint16_t>((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
}

}  // namespace chorus

#endif
