// Rows of a matrix turned into lanes and back. Only *_simd.cc files include this.
#ifndef CHORUS_SIMD_TRANSPOSE_H
#define CHORUS_SIMD_TRANSPOSE_H

#include "simd/vec.h"

namespace chorus {
namespace CHORUS_ISA {

CHORUS_INLINE void StoreHalf(float* p, HalfF32 v) { std::memcpy(p, &v, sizeof v); }

CHORUS_INLINE float WidenOne(float x) { return x; }
CHORUS_INLINE float WidenOne(uint16_t x) { return BitCast<float>(static_cast<uint32_t>(x) << 16); }

/** a0 b0 a1 b1 ... of the lower and of the upper halves. */
CHORUS_INLINE HalfF32 InterleaveLow(HalfF32 a, HalfF32 b) {
#if CHORUS_VEC_BYTES == 64
  return __builtin_shufflevector(a, b, 0, 8, 1, 9, 2, 10, 3, 11);
#elif CHORUS_VEC_BYTES == 32
  return __builtin_shufflevector(a, b, 0, 4, 1, 5);
#else
  return __builtin_shufflevector(a, b, 0, 2);
#endif
}
CHORUS_INLINE HalfF32 InterleaveHigh(HalfF32 a, HalfF32 b) {
#if CHORUS_VEC_BYTES == 64
  return __builtin_shufflevector(a, b, 4, 12, 5, 13, 6, 14, 7, 15);
#elif CHORUS_VEC_BYTES == 32
  return __builtin_shufflevector(a, b, 2, 6, 3, 7);
#else
  return __builtin_shufflevector(a, b, 1, 3);
#endif
}

/** A square of kF64 rows. Interleaving the first half of the rows with the second, log2 kF64 times, transposes it. */
CHORUS_INLINE void Transpose(HalfF32 (&rows)[kF64]) {
  for (int step = 1; step < kF64; step *= 2) {
    HalfF32 next[kF64];
    for (int i = 0; i < kF64 / 2; ++i) {
      next[2 * i] = InterleaveLow(rows[i], rows[i + kF64 / 2]);
      next[2 * i + 1] = InterleaveHigh(rows[i], rows[i + kF64 / 2]);
    }
    for (int i = 0; i < kF64; ++i) rows[i] = next[i];
  }
}

/** lanes [columns, kF64] = the first `columns` elements of each of kF64 rows; of a row that is null, zeros. */
template <typename In>
CHORUS_INLINE void RowsToLanes(float* lanes, const In* const (&rows)[kF64], int64_t columns) {
  if (columns < kF64) {
    for (int l = 0; l < kF64; ++l) {
      for (int64_t k = 0; k < columns; ++k) lanes[k * kF64 + l] = rows[l] ? WidenOne(rows[l][k]) : 0.0f;
    }
    return;
  }
  for (int64_t k = 0; k < columns; k += kF64) {
    // The last square goes over columns of the one before rather than beyond the row.
    const int64_t first = columns - k < kF64 ? columns - kF64 : k;
    HalfF32 square[kF64];
    for (int l = 0; l < kF64; ++l) square[l] = rows[l] ? LoadHalf(rows[l] + first) : HalfF32{};
    Transpose(square);
    for (int j = 0; j < kF64; ++j) StoreHalf(lanes + (first + j) * kF64, square[j]);
  }
}

/** The way back; a row that is null is left out. */
CHORUS_INLINE void LanesToRows(float* const (&rows)[kF64], const float* lanes, int64_t columns) {
  if (columns < kF64) {
    for (int l = 0; l < kF64; ++l) {
      for (int64_t k = 0; rows[l] && k < columns; ++k) rows[l][k] = lanes[k * kF64 + l];
    }
    return;
  }
  for (int64_t k = 0; k < columns; k += kF64) {
    const int64_t first = columns - k < kF64 ? columns - kF64 : k;
    HalfF32 square[kF64];
    for (int j = 0; j < kF64; ++j) square[j] = LoadHalf(lanes + (first + j) * kF64);
    Transpose(square);
    for (int l = 0; l < kF64; ++l) {
      if (rows[l]) StoreHalf(rows[l] + first, square[l]);
    }
  }
}

}  // namespace CHORUS_ISA
}  // namespace chorus

#endif
