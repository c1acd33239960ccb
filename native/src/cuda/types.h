// Elements of tensors on a device: f32, bf16 and f16 by their own types, and 16 bytes of them at a time.
#ifndef CHORUS_CUDA_TYPES_H
#define CHORUS_CUDA_TYPES_H

#include <cstdint>
#include <cstring>

#include "common/bf16.h"
#include "common/f16.h"
#include "cuda/language.h"

namespace chorus {
namespace cuda {

struct Bf16 {
  uint16_t bits;
};
struct F16 {
  uint16_t bits;
};

CHORUS_DEVICE float ToFloat(float x) { return x; }
CHORUS_DEVICE float ToFloat(Bf16 x) {
#if defined(__CUDA_ARCH__)
  return __uint_as_float(static_cast<unsigned>(x.bits) << 16);
#else
  return Widen(x.bits);
#endif
}
CHORUS_DEVICE float ToFloat(F16 x) {
#if defined(__CUDA_ARCH__)
  float f;
  asm("cvt.f32.f16 %0, %1;" : "=f"(f) : "h"(x.bits));
  return f;
#else
  return F16ToFloat(x.bits);
#endif
}

/** Rounded to the nearest, ties to even. */
template <typename T>
CHORUS_DEVICE T FromFloat(float x);
template <>
CHORUS_DEVICE float FromFloat<float>(float x) {
  return x;
}
template <>
CHORUS_DEVICE Bf16 FromFloat<Bf16>(float x) {
#if defined(__CUDA_ARCH__)
  Bf16 y;
  asm("cvt.rn.bf16.f32 %0, %1;" : "=h"(y.bits) : "f"(x));
  return y;
#else
  return {Narrow<uint16_t>(x)};
#endif
}
template <>
CHORUS_DEVICE F16 FromFloat<F16>(float x) {
#if defined(__CUDA_ARCH__)
  F16 y;
  asm("cvt.rn.f16.f32 %0, %1;" : "=h"(y.bits) : "f"(x));
  return y;
#else
  return {FloatToF16(x)};
#endif
}

/** 16 bytes of T, as one load or store moves them. */
template <typename T>
struct alignas(16) Pack {
  static constexpr int kCount = 16 / static_cast<int>(sizeof(T));
  T at[kCount];
};

/** A pack's elements. */
template <typename T>
CHORUS_DEVICE void Unpack(const Pack<T>& pack, float (&x)[Pack<T>::kCount]) {
  CHORUS_UNROLL
  for (int j = 0; j < Pack<T>::kCount; ++j) x[j] = ToFloat(pack.at[j]);
}
#if defined(__CUDA_ARCH__)
// One instruction an element, where halves of a register on their own would be two.
CHORUS_DEVICE void Unpack(const Pack<Bf16>& pack, float (&x)[Pack<Bf16>::kCount]) {
  unsigned pairs[4];
  memcpy(pairs, &pack, sizeof pairs);
  CHORUS_UNROLL
  for (int j = 0; j < 4; ++j) {
    x[2 * j] = __uint_as_float(pairs[j] << 16);
    x[2 * j + 1] = __uint_as_float(pairs[j] & 0xffff0000u);
  }
}
#endif

/** p is 16-byte aligned. */
template <typename T>
CHORUS_DEVICE Pack<T> LoadPack(const T* p) {
  const uint4 bits = *reinterpret_cast<const uint4*>(p);
  Pack<T> pack;
  memcpy(&pack, &bits, sizeof bits);
  return pack;
}

/** The same for data that nobody reads again soon. */
template <typename T>
CHORUS_DEVICE Pack<T> LoadPackOnce(const T* p) {
  const uint4 bits = LoadOnce(reinterpret_cast<const uint4*>(p));
  Pack<T> pack;
  memcpy(&pack, &bits, sizeof bits);
  return pack;
}

/** p is in global memory and 16-byte aligned. */
template <typename T>
CHORUS_DEVICE void StorePack(T* p, const Pack<T>& pack) {
  uint4 bits;
  memcpy(&bits, &pack, sizeof bits);
  StoreWhole(reinterpret_cast<uint4*>(p), bits);
}

}  // namespace cuda
}  // namespace chorus

#endif
