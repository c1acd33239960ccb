// Checks of values that several ops share.
#ifndef CHORUS_COMMON_CHECKS_H
#define CHORUS_COMMON_CHECKS_H

#include <cmath>
#include <cstdint>

#include "common/bf16.h"
#include "common/status.h"

namespace chorus {

/** A weight multiplies a loss: finite, and not negative (a negative one would turn learning round
 * unseen). */
inline bool IsWeight(float w) { return std::isfinite(w) && w >= 0; }

inline chorus_status CheckWeights(const char* op, const char* row, const float* weights,
                                  int64_t N) {
  for (int64_t n = 0; weights && n < N; ++n) {
    if (!IsWeight(weights[n])) {
      return Fail(CHORUS_INVALID_VALUE, "%s: %s %lld: weight is %g, expected finite and >= 0", op,
                  row, static_cast<long long>(n), static_cast<double>(weights[n]));
    }
  }
  return CHORUS_OK;
}

inline chorus_status CheckTarget(const char* op, int64_t row, int64_t target, int64_t V) {
  if (target >= 0 && target < V) return CHORUS_OK;
  return Fail(CHORUS_INVALID_VALUE, "%s: row %lld: target %lld is outside [0, %lld)", op, static_cast<long long>(row),
              static_cast<long long>(target), static_cast<long long>(V));
}

/** NaN and +infinity are refused; -infinity is legal. */
template <typename In>
chorus_status CheckLogits(const char* op, int64_t row, const In* z, int64_t count) {
  for (int64_t i = 0; i < count; ++i) {
    const float value = Widen(z[i]);
    // NaN compares false.
    if (!(value < INFINITY)) {
      return Fail(CHORUS_INVALID_VALUE, "%s: row %lld: logit %lld is %s", op, static_cast<long long>(row),
                  static_cast<long long>(i), std::isnan(value) ? "NaN" : "+infinity");
    }
  }
  return CHORUS_OK;
}

/** Says what is wrong with a row that a loop over it has found bad. */
template <typename In>
chorus_status FailRow(const char* op, int64_t row, const In* z, int64_t V, int64_t target) {
  if (chorus_status bad = CheckLogits(op, row, z, V)) return bad;
  // Its log-probability would be -infinity, or NaN where the whole row is masked.
  return Fail(CHORUS_INVALID_VALUE, "%s: row %lld: the logit of target %lld is -infinity (masked)", op,
              static_cast<long long>(row), static_cast<long long>(target));
}

}  // namespace chorus

#endif
