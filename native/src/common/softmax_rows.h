// The two loops over a row of logits that every language-model op stands on: the sums of its softmax, and its gradient.
//
// Elements are f32 or bf16 (as uint16_t) and are computed in f32, sixteen at a time on AVX-512; sums are collected in
// double every few thousand elements. Each loop reads a row once. The order of a sum depends on the instruction set and
// on V alone, so one machine always gives the same bits, whatever the number of threads.
#ifndef CHORUS_COMMON_SOFTMAX_ROWS_H
#define CHORUS_COMMON_SOFTMAX_ROWS_H

#include <cmath>
#include <cstdint>

#include "simd/isa.h"

namespace chorus {

/**
 * A row's logits z, or a share of them:
 *
 *   sum = sum e^(z - max),   dot = sum e^(z - max) (z - max)
 *   lse = max + ln sum,      entropy = ln sum - dot / sum
 *
 * The entropy never subtracts lse from a mean logit, so it does not cancel when logits are large. -infinity (masked)
 * contributes nothing.
 */
struct SoftmaxSums {
  float max;
  double sum;
  double dot;

  /** Whether there was NaN or +infinity, which make dot NaN. */
  bool HasBadLogit() const { return std::isnan(dot); }
  /** Whether every logit was -infinity. */
  bool IsEmpty() const { return sum == 0; }
  double LogSum() const { return std::log(sum); }
  double Lse() const { return max + std::log(sum); }
  double Entropy() const { return std::log(sum) - dot / sum; }
  /** The largest probability, e^(max - lse). */
  double Top() const { return 1 / sum; }
};

struct SoftmaxRows {
  SoftmaxSums (*sums_f32)(const float* z, int64_t V);
  SoftmaxSums (*sums_bf16)(const uint16_t* z, int64_t V);
  /** d[v] = factor e^(z[v] - shift), 0 where z is -infinity; d may be z. False if z holds NaN or +infinity. */
  bool (*scaled_exp_f32)(float* d, const float* z, int64_t V, float shift, float factor);
  bool (*scaled_exp_bf16)(uint16_t* d, const uint16_t* z, int64_t V, float shift, float factor);
};

CHORUS_DECLARE_TABLE(SoftmaxRows, kSoftmaxRows)

inline const SoftmaxRows& CurrentSoftmaxRows() { return CHORUS_PICK(kSoftmaxRows); }

/** The loops by element type. */
inline SoftmaxSums RowSums(const SoftmaxRows& rows, const float* z, int64_t V) { return rows.sums_f32(z, V); }
inline SoftmaxSums RowSums(const SoftmaxRows& rows, const uint16_t* z, int64_t V) { return rows.sums_bf16(z, V); }
inline bool RowScaledExp(const SoftmaxRows& rows, float* z, int64_t V, float shift, float factor) {
  return rows.scaled_exp_f32(z, z, V, shift, factor);
}
inline bool RowScaledExp(const SoftmaxRows& rows, uint16_t* z, int64_t V, float shift, float factor) {
  return rows.scaled_exp_bf16(z, z, V, shift, factor);
}

}  // namespace chorus

#endif
