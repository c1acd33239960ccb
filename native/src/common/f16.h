// f16 (IEEE binary16), kept as uint16_t: one at a time, for the host. Devices have instructions for it.
#ifndef CHORUS_COMMON_F16_H
#define CHORUS_COMMON_F16_H

#include <cstdint>
#include <cstring>

namespace chorus {

inline float F16ToFloat(uint16_t x) {
  const uint32_t sign = static_cast<uint32_t>(x & 0x8000u) << 16;
  const uint32_t exponent = x >> 10 & 31, fraction = x & 0x3ffu;
  float magnitude;
  if (exponent == 0) {
    magnitude = static_cast<float>(fraction) * 0x1p-24f;
  } else {
    const uint32_t bits = exponent == 31 ? 0x7f800000u | fraction << 13 : (exponent + 112) << 23 | fraction << 13;
    std::memcpy(&magnitude, &bits, sizeof bits);
  }
  uint32_t bits;
  std::memcpy(&bits, &magnitude, sizeof bits);
  bits |= sign;
  float result;
  std::memcpy(&result, &bits, sizeof bits);
  return result;
}

/** Rounded to the nearest, ties to even; beyond 65,504 infinity, and NaN stays. */
inline uint16_t FloatToF16(float x) {
  uint32_t bits;
  std::memcpy(&bits, &x, sizeof bits);
  const uint16_t sign = static_cast<uint16_t>(bits >> 16 & 0x8000u);
  const uint32_t magnitude = bits & 0x7fffffffu;
  if (magnitude > 0x7f800000u) return static_cast<uint16_t>(sign | 0x7e00u);
  // From 65,520, the middle between the largest number and what would be the next.
  if (magnitude >= 0x477ff000u) return static_cast<uint16_t>(sign | 0x7c00u);
  if (magnitude < 0x38800000u) {
    // Denormal: adding 1/2 leaves the multiple of 2^-24 in the lowest bits of the sum, rounded.
    float f;
    std::memcpy(&f, &magnitude, sizeof f);
    f += 0.5f;
    std::memcpy(&bits, &f, sizeof bits);
    return static_cast<uint16_t>(sign | (bits - 0x3f000000u));
  }
  const uint32_t rounded = magnitude + 0xfffu + (magnitude >> 13 & 1);
  return static_cast<uint16_t>(sign | ((rounded >> 13) - (112u << 10)));
}

}  // namespace chorus

#endif
