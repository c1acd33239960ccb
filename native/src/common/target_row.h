// One row of logits and its target: what the log-probability ops do with it.
//
// Every op that asks for log softmax(z)_t goes through here, so that they agree bit for bit.
#ifndef CHORUS_COMMON_TARGET_ROW_H
#define CHORUS_COMMON_TARGET_ROW_H

#include <cmath>
#include <cstdint>

#include "common/bf16.h"
#include "common/checks.h"
#include "common/softmax_rows.h"

namespace chorus {

inline bool IsSkipped(const float* weights, int64_t n) { return weights && weights[n] == 0; }

/** Weights, and the targets of the rows that are looked at. */
inline chorus_status CheckTargets(const char* op, const int64_t* targets, const float* weights, int64_t N, int64_t V) {
  if (chorus_status bad = CheckWeights(op, "row", weights, N)) return bad;
  for (int64_t n = 0; n < N; ++n) {
    if (IsSkipped(weights, n)) continue;
    if (chorus_status bad = CheckTarget(op, n, targets[n], V)) return bad;
  }
  return CHORUS_OK;
}

/** False where the row holds NaN or +infinity or its target is masked; then nothing is written. entropy may be null. */
template <typename In>
bool TargetRowForward(const SoftmaxRows& rows, const In* z, int64_t V, int64_t target, float* logp, float* lse,
                      float* entropy) {
  const SoftmaxSums sums = RowSums(rows, z, V);
  const float z_target = Widen(z[target]);
  if (sums.HasBadLogit() || z_target == -INFINITY) return false;
  // (z - max) - ln sum, not z - lse: the first difference is exact for neighbours, so large logits lose nothing.
  *logp = static_cast<float>((static_cast<double>(z_target) - sums.max) - sums.LogSum());
  *lse = static_cast<float>(sums.Lse());
  if (entropy) *entropy = static_cast<float>(sums.Entropy());
  return true;
}

/** z[v] = scale (1[v = target] - e^(z[v] - lse)). False as in the forward; the row is then gone. */
template <typename In>
bool TargetRowBackward(const SoftmaxRows& rows, In* z, int64_t V, int64_t target, float lse, double scale) {
  const double z_target = Widen(z[target]);
  const bool good = RowScaledExp(rows, z, V, lse, static_cast<float>(-scale));
  // 1 - p without the rounding of p to float.
  z[target] = Narrow<In>(static_cast<float>(-scale * std::expm1(z_target - lse)));
  return good && z_target != -INFINITY;
}

}  // namespace chorus

#endif
