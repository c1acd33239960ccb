// The CUDA language for the kernels: nvcc's, or the one that testing/simt/ plays on the host, where the same kernels are then
// tested without a GPU.
//
// A kernel keeps to what both have: threadIdx and blockIdx (x only), __syncthreads, the shuffles below, atomicMin, atomicOr, and
// shared memory by CHORUS_SHARED. All 32 lanes of a warp take part in a shuffle.
#ifndef CHORUS_CUDA_LANGUAGE_H
#define CHORUS_CUDA_LANGUAGE_H

#if defined(__CUDACC__)

#include <cuda_runtime.h>

/** `type name[count]` in the block's shared memory, where 16 bytes at a time can be moved. */
#define CHORUS_SHARED(type, name, count) __shared__ __align__(16) type name[count]
#define CHORUS_DEVICE __device__ __forceinline__
/** Of a kernel's structure with arrays, which is then read where the launch has put it. */
#define CHORUS_PARAMETER __grid_constant__
#define CHORUS_UNROLL _Pragma("unroll")
#define CHORUS_NO_UNROLL _Pragma("unroll 1")

#else

#include "testing/simt/simt.h"

#define CHORUS_DEVICE inline
#define CHORUS_PARAMETER
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

/** The logarithm to base 2 of a normal number: an absolute error of 2^-22 in [1/2, 2], a relative one outside. */
CHORUS_DEVICE float Log2(float x) {
  float y;
  asm("lg2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
  return y;
}

/** 1 / x with a relative error of 2^-23; 0 for results below 2^-126. */
CHORUS_DEVICE float Reciprocal(float x) {
  float y;
  asm("rcp.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
  return y;
}

/** The larger one; NaN if either is. */
CHORUS_DEVICE float MaxOrNan(float a, float b) {
  float y;
  asm("max.NaN.f32 %0, %1, %2;" : "=f"(y) : "f"(a), "f"(b));
  return y;
}

/** This thread's lane, asked for anew each time: what is computed from it is not kept in registers from one use to the next. */
CHORUS_DEVICE int LaneAnew() {
  int lane;
  asm volatile("mov.u32 %0, %%laneid;" : "=r"(lane));
  return lane;
}

/** Data that is read once: the first to leave the caches. */
CHORUS_DEVICE uint4 LoadOnce(const uint4* p) { return __ldcs(p); }

/** 16 bytes of global memory at once. The compiler takes an assignment apart where it does not see the alignment. */
CHORUS_DEVICE void StoreWhole(uint4* p, uint4 value) {
  asm volatile("st.global.v4.u32 [%0], {%1, %2, %3, %4};" ::"l"(__cvta_generic_to_global(p)), "r"(value.x), "r"(value.y),
               "r"(value.z), "r"(value.w)
               : "memory");
}

/** The same for data that nobody reads again soon. */
CHORUS_DEVICE void StoreOnce(float4* p, float4 value) { __stcs(p, value); }

/** p, for a load that is known to be aligned where the same is loaded piecemeal if not: GCC would make one aligned load of
 * both. */
template <typename T>
CHORUS_DEVICE const T* AlignedHere(const T* p) {
  return p;
}

/** Begins to copy 4 or 16 bytes to shared memory: they are there once this thread has waited for its copies. */
CHORUS_DEVICE void CopyToShared(float* to, const float* from) {
  const auto address = static_cast<unsigned>(__cvta_generic_to_shared(to));
  asm volatile("cp.async.ca.shared.global [%0], [%1], 4;" ::"r"(address), "l"(from) : "memory");
}
CHORUS_DEVICE void CopyToShared(uint4* to, const uint4* from) {
  const auto address = static_cast<unsigned>(__cvta_generic_to_shared(to));
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16;" ::"r"(address), "l"(from) : "memory");
}
CHORUS_DEVICE void WaitForCopies() { asm volatile("cp.async.wait_all;" ::: "memory"); }

#else

template <typename T>
T ShuffleXor(T value, int mask) {
  return simt::ShuffleXor(value, mask);
}
inline float Exp2(float x) {
  return x == 0 ? 1.0f : simt::Approximate(std::exp2(static_cast<double>(x)), 0x1p-22, 0);
}
inline float Log2(float x) {
  const bool is_near_one = x >= 0.5f && x <= 2;
  return simt::Approximate(std::log2(static_cast<double>(x)), is_near_one ? 0 : 0x1p-22, is_near_one ? 0x1p-22 : 0);
}
inline float Reciprocal(float x) { return simt::Approximate(1 / static_cast<double>(x), 0x1p-23, 0); }
inline float MaxOrNan(float a, float b) { return a != a || b != b ? NAN : (a > b ? a : b); }
inline int LaneAnew() { return static_cast<int>(threadIdx.x % kWarp); }
inline uint4 LoadOnce(const uint4* p) { return *p; }
inline void StoreWhole(uint4* p, uint4 value) { *p = value; }
inline void StoreOnce(float4* p, float4 value) { *p = value; }
template <typename T>
const T* AlignedHere(const T* p) {
#if defined(__GNUC__)
  asm("" : "+r"(p));
#endif
  return p;
}
inline void CopyToShared(float* to, const float* from) { simt::CopyLater(to, from, sizeof *to); }
inline void CopyToShared(uint4* to, const uint4* from) { simt::CopyLater(to, from, sizeof *to); }
inline void WaitForCopies() { simt::WaitForCopies(); }

#endif

}  // namespace cuda
}  // namespace chorus

#endif
