// Marks functions that the host compiler and nvcc both compile.
#ifndef CHORUS_COMMON_HD_H
#define CHORUS_COMMON_HD_H

#if defined(__CUDACC__)
#define CHORUS_HD __host__ __device__
#else
#define CHORUS_HD
#endif

#endif
