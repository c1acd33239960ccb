// The CUDA language for the kernels: nvcc's, or the one that testing/simt/ plays on the host, where the same kernels are then
// tested without a GPU.
//
// A kernel keeps to what both have: threadIdx and blockIdx (x only), __syncthreads, the shuffles below, atomicMin, and shared
// memory by CHORUS_SHARED. All 32 lanes of a warp take part in a shuffle.
#ifndef CHORUS_CUDA_LANGUAGE_H
#define CHORUS_CUDA_LANGUAGE_H

#if defined(__CUDACC__)

#include <cuda_runtime.h>

/** `type name[count]` in the block's shared memory. */
#define CHORUS_SHARED(type, name, count) __shared__ type name[count]
#define CHORUS_DEVICE __device__ __forceinline__
#define CHORUS_UNROLL _Pragma("unroll")
#define CHORUS_NO_UNROLL _Pragma("unroll 1")

#else

#include "testing/simt/simt.h"

#define CHORUS_DEVICE inline
#define CHORUS_UNROLL
#define CHORUS_NO_UNROLL

#endif

namespace chorus {
namespace cuda {

constexpr int kWarp = 32;

#if defined(__CUDACC__)

/** The value of the lane whose number differs by `mask`. */
template <typename T>
CHORUS_DEVICE T ShuffleXor(T value, int mask) {
  return __shfl_xor_sync(0xffffffffu, value, mask);
}

/** 2^x with a relative error of 2^-22; 0 for results below 2^-126. */
CHORUS_DEVICE float Exp2(float x) {
  float y;
  asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
  return y;
}

/** The larger one; NaN if either is. */
CHORUS_DEVICE float MaxOrNan(float a, float b) {
  float y;
  asm("max.NaN.f32 %0, %1, %2;" : "=f"(y) : "f"(a), "f"(b));
  return y;
}

/** Data that is read once, past the first-level cache. */
CHORUS_DEVICE uint4 LoadOnce(const uint4* p) { return __ldcs(p); }

#else

template <typename T>
T ShuffleXor(T value, int mask) {
  return simt::ShuffleXor(value, mask);
}
inline float Exp2(float x) { return std::exp2(x); }
inline float MaxOrNan(float a, float b) { return a != a || b != b ? NAN : (a > b ? a : b); }
inline uint4 LoadOnce(const uint4* p) { return *p; }

#endif

}  // namespace cuda
}  // namespace chorus

#endif
