// The logarithm of a product of many numbers, at the price of one.
#ifndef CHORUS_CUDA_LOG_PRODUCT_H
#define CHORUS_CUDA_LOG_PRODUCT_H

#include <cmath>
#include <cstdint>
#include <cstring>

#include "cuda/team.h"

namespace chorus {
namespace cuda {

/** A product of finite numbers of at least 1, as mantissa 2^exponent: each factor adds 2^-24 to its relative error. */
struct LogProduct {
  float mantissa = 0.5f;  // in [1/2, 1)
  int exponent = 1;

  CHORUS_DEVICE void Multiply(float factor) {
    const float product = mantissa * factor;
    uint32_t bits;
    memcpy(&bits, &product, sizeof bits);
    exponent += static_cast<int>(bits >> 23) - 126;
    bits = (bits & 0x7fffffu) | 0x3f000000u;
    memcpy(&mantissa, &bits, sizeof bits);
  }

  CHORUS_DEVICE double Log() const {
    // Of 1, which is no factor yet, it is 0 without an error.
    return logf(2 * mantissa) + (exponent - 1) * 0.69314718055994530942;
  }

  /** Together with that of another lane. After five times the mantissa is in [2^-32, 1). */
  CHORUS_DEVICE void Combine(int mask) {
    mantissa *= ShuffleXor(mantissa, mask);
    exponent += ShuffleXor(exponent, mask);
  }
};

}  // namespace cuda
}  // namespace chorus

#endif
