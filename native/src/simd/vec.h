// Vectors as wide as the instruction set that the including file is compiled for, in that set's namespace.
//
// They are the compiler's vector types: + - * / and comparisons work lane by lane, `mask ? a : b` selects, and one source
// serves AVX-512, AVX2, SSE2 and NEON. Only *_simd.cc files include this. Whatever such a file uses is in its own
// namespace or always inlined: a plain inline function compiled here would be merged by the linker with one of the same
// name compiled elsewhere, and could bring AVX-512 to a machine that lacks it. A test looks for such symbols.
#ifndef CHORUS_SIMD_VEC_H
#define CHORUS_SIMD_VEC_H

#include <cstdint>
#include <cstring>

#if defined(__AVX2__)
#include <immintrin.h>
#endif

#if !defined(CHORUS_ISA) || !defined(CHORUS_VEC_BYTES)
#error "only for files that cmake/Simd.cmake compiles"
#endif

#define CHORUS_INLINE inline __attribute__((always_inline))

namespace chorus {
namespace CHORUS_ISA {

typedef float F32 __attribute__((vector_size(CHORUS_VEC_BYTES)));
typedef double F64 __attribute__((vector_size(CHORUS_VEC_BYTES)));
typedef int32_t I32 __attribute__((vector_size(CHORUS_VEC_BYTES)));
typedef int64_t I64 __attribute__((vector_size(CHORUS_VEC_BYTES)));
typedef uint32_t U32 __attribute__((vector_size(CHORUS_VEC_BYTES)));
typedef uint64_t U64 __attribute__((vector_size(CHORUS_VEC_BYTES)));
/** As many floats as F64 has doubles; as many bf16 as F32 has floats. */
typedef float HalfF32 __attribute__((vector_size(CHORUS_VEC_BYTES / 2)));
typedef uint16_t HalfU16 __attribute__((vector_size(CHORUS_VEC_BYTES / 2)));

constexpr int kF32 = CHORUS_VEC_BYTES / 4;
constexpr int kF64 = CHORUS_VEC_BYTES / 8;

template <typename Vec>
struct LaneOf;
template <>
struct LaneOf<F32> {
  typedef float Type;
};
template <>
struct LaneOf<F64> {
  typedef double Type;
};

/** All lanes x. */
template <typename Vec>
CHORUS_INLINE Vec Splat(typename LaneOf<Vec>::Type x) {
  return x - Vec{};
}

template <typename To, typename From>
CHORUS_INLINE To BitCast(From from) {
  static_assert(sizeof(To) == sizeof(From), "a cast keeps the size");
  To to;
  std::memcpy(&to, &from, sizeof to);
  return to;
}

/** The larger and the smaller; b where either is NaN. Without the intrinsics GCC 12 makes a comparison and a move;
 * its unmasked AVX-512 ones warn of an uninitialised operand. */
CHORUS_INLINE F32 Max(F32 a, F32 b) {
#if defined(__AVX512F__)
  return _mm512_maskz_max_ps(-1, a, b);
#elif defined(__AVX2__)
  return _mm256_max_ps(a, b);
#else
  return a > b ? a : b;
#endif
}
CHORUS_INLINE F64 Max(F64 a, F64 b) {
#if defined(__AVX512F__)
  return _mm512_maskz_max_pd(-1, a, b);
#elif defined(__AVX2__)
  return _mm256_max_pd(a, b);
#else
  return a > b ? a : b;
#endif
}
CHORUS_INLINE F64 Min(F64 a, F64 b) {
#if defined(__AVX512F__)
  return _mm512_maskz_min_pd(-1, a, b);
#elif defined(__AVX2__)
  return _mm256_min_pd(a, b);
#else
  return a < b ? a : b;
#endif
}

/* ---- memory: float and bf16 come in as F32, double as F64; no alignment is asked for ---- */

CHORUS_INLINE F32 Load(const float* p) {
  F32 v;
  std::memcpy(&v, p, sizeof v);
  return v;
}
CHORUS_INLINE F64 Load(const double* p) {
  F64 v;
  std::memcpy(&v, p, sizeof v);
  return v;
}
/** bf16 is the upper half of a float. */
CHORUS_INLINE F32 Load(const uint16_t* p) {
  HalfU16 v;
  std::memcpy(&v, p, sizeof v);
  return BitCast<F32>(__builtin_convertvector(v, U32) << 16);
}
/** Twice as many elements as a vector has lanes, in an order of its own that StorePair undoes; for bf16 it saves the
 * widening shuffles: the elements of even and of odd index. */
struct Pair {
  F32 a, b;
};
CHORUS_INLINE Pair LoadPair(const float* p) { return {Load(p), Load(p + kF32)}; }
CHORUS_INLINE Pair LoadPair(const uint16_t* p) {
  U32 v;
  std::memcpy(&v, p, sizeof v);
  return {BitCast<F32>(v << 16), BitCast<F32>(v & 0xffff0000)};
}
/** kF64 elements as floats: half a vector. */
CHORUS_INLINE HalfF32 LoadHalf(const float* p) {
  HalfF32 v;
  std::memcpy(&v, p, sizeof v);
  return v;
}
CHORUS_INLINE HalfF32 LoadHalf(const uint16_t* p) {
  typedef uint16_t QuarterU16 __attribute__((vector_size(CHORUS_VEC_BYTES / 4)));
  typedef uint32_t HalfU32 __attribute__((vector_size(CHORUS_VEC_BYTES / 2)));
  QuarterU16 v;
  std::memcpy(&v, p, sizeof v);
  return BitCast<HalfF32>(__builtin_convertvector(v, HalfU32) << 16);
}
/** kF64 floats, widened. */
CHORUS_INLINE F64 WidenToF64(HalfF32 v) {
#if defined(__AVX512F__)
  // GCC 12 would convert two halves and join them.
  return _mm512_maskz_cvtps_pd(-1, v);
#else
  return __builtin_convertvector(v, F64);
#endif
}
/** kF64 elements of any type that the ops take. */
CHORUS_INLINE F64 LoadF64(const float* p) { return WidenToF64(LoadHalf(p)); }
CHORUS_INLINE F64 LoadF64(const uint16_t* p) { return WidenToF64(LoadHalf(p)); }
CHORUS_INLINE F64 LoadF64(const double* p) { return Load(p); }
CHORUS_INLINE F64 LoadF64(const int64_t* p) {
  I64 v;
  std::memcpy(&v, p, sizeof v);
  return __builtin_convertvector(v, F64);
}

CHORUS_INLINE void Store(float* p, F32 v) { std::memcpy(p, &v, sizeof v); }
CHORUS_INLINE void Store(double* p, F64 v) { std::memcpy(p, &v, sizeof v); }
/** The nearest bf16, ties to even, in the upper half of each lane; the lower half is rubbish. NaN stays NaN. */
CHORUS_INLINE U32 RoundToBf16(F32 v) {
  const U32 bits = BitCast<U32>(v);
  return v == v ? bits + 0x7fff + ((bits >> 16) & 1) : bits | 0x400000;
}
CHORUS_INLINE void Store(uint16_t* p, F32 v) {
  const HalfU16 half = __builtin_convertvector(RoundToBf16(v) >> 16, HalfU16);
  std::memcpy(p, &half, sizeof half);
}
CHORUS_INLINE void StorePair(float* p, Pair v) {
  Store(p, v.a);
  Store(p + kF32, v.b);
}
CHORUS_INLINE void StorePair(uint16_t* p, Pair v) {
  const U32 both = (RoundToBf16(v.a) >> 16) | (RoundToBf16(v.b) & 0xffff0000);
  std::memcpy(p, &both, sizeof both);
}
/** kF64 doubles, rounded to float. */
CHORUS_INLINE void StoreF32(float* p, F64 v) {
#if defined(__AVX512F__)
  const HalfF32 half = _mm512_maskz_cvtpd_ps(-1, v);
#else
  const HalfF32 half = __builtin_convertvector(v, HalfF32);
#endif
  std::memcpy(p, &half, sizeof half);
}

/** The first `count` < kF32 elements; the other lanes are `fill`, an element of the array's type. */
template <typename T>
CHORUS_INLINE F32 LoadFirst(const T* p, int64_t count, T fill) {
  T buffer[kF32];
  for (int i = 0; i < kF32; ++i) buffer[i] = fill;
  for (int64_t i = 0; i < count; ++i) buffer[i] = p[i];
  return Load(buffer);
}
template <typename T>
CHORUS_INLINE void StoreFirst(T* p, int64_t count, F32 v) {
  T buffer[kF32];
  Store(buffer, v);
  for (int64_t i = 0; i < count; ++i) p[i] = buffer[i];
}

/* ---- across lanes ---- */

/** The lower and the upper half of the lanes, widened. */
CHORUS_INLINE F64 WidenLow(F32 v) {
  HalfF32 half;
  std::memcpy(&half, &v, sizeof half);
  return __builtin_convertvector(half, F64);
}
CHORUS_INLINE F64 WidenHigh(F32 v) {
  HalfF32 half;
  std::memcpy(&half, reinterpret_cast<const char*>(&v) + sizeof half, sizeof half);
  return __builtin_convertvector(half, F64);
}

/** In the order of the lanes: the same bits whatever the optimizer does. */
CHORUS_INLINE double Sum(F64 v) {
  double sum = v[0];
  for (int i = 1; i < kF64; ++i) sum += v[i];
  return sum;
}
CHORUS_INLINE double Sum(F32 v) { return Sum(WidenLow(v) + WidenHigh(v)); }
CHORUS_INLINE float MaxLane(F32 v) {
  float max = v[0];
  for (int i = 1; i < kF32; ++i) max = v[i] > max ? v[i] : max;
  return max;
}
/** Whether a lane of a comparison's result is true. */
CHORUS_INLINE bool Any(I64 mask) {
#if defined(__AVX512F__)
  return _mm512_test_epi64_mask(BitCast<__m512i>(mask), BitCast<__m512i>(mask)) != 0;
#elif defined(__AVX2__)
  return _mm256_testz_si256(BitCast<__m256i>(mask), BitCast<__m256i>(mask)) == 0;
#else
  int64_t any = 0;
  for (int i = 0; i < kF64; ++i) any |= mask[i];
  return any != 0;
#endif
}
CHORUS_INLINE bool Any(I32 mask) { return Any(BitCast<I64>(mask)); }

}  // namespace CHORUS_ISA
}  // namespace chorus

#endif
