// Marks functions that the host compiler and nvcc both compile.
#ifndef CHORUS_COMMON_HD_H
#define CHORUS_COMMON_HD_H

#if defined(__CUDACC__)
#define CHORUS_HD __host__ __device__
#else
#define CHORUS_HD
#endif

// For templates that vector loops use: the host compiler must leave no symbol of them behind (simd/vec.h says why).
#if defined(__CUDACC__)
#define CHORUS_HD_INLINE __host__ __device__ __forceinline__
#else
#define CHORUS_HD_INLINE inline __attribute__((always_inline))
#endif

#endif
