// Checks of values that several ops share.
#ifndef CHORUS_COMMON_CHECKS_H
#define CHORUS_COMMON_CHECKS_H

#include <cmath>
#include <cstdint>

#include "common/rows.h"
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

/** NaN and +infinity are refused; -infinity is legal. */
inline chorus_status CheckLogits(const char* op, int64_t row, const float* z, int64_t count) {
  if (!RowHasBadLogit(z, count)) return CHORUS_OK;
  for (int64_t i = 0; i < count; ++i) {
    if (std::isnan(z[i]) || z[i] == INFINITY) {
      return Fail(CHORUS_INVALID_VALUE, "%s: row %lld: logit %lld is %s", op,
                  static_cast<long long>(row), static_cast<long long>(i),
                  std::isnan(z[i]) ? "NaN" : "+infinity");
    }
  }
  return CHORUS_OK;
}

}  // namespace chorus

#endif
