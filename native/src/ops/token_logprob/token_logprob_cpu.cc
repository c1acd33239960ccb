#include <cmath>

#include "common/checks.h"
#include "common/rows.h"
#include "common/softmax.h"
#include "common/status.h"
#include "ops/token_logprob/token_logprob.h"

namespace chorus {

namespace {

bool IsSkipped(const float* weights, int64_t n) { return weights && weights[n] == 0; }

chorus_status CheckRows(const char* op, const float* logits, const int64_t* targets,
                        const float* weights, int64_t N, int64_t V, int64_t stride) {
  if (chorus_status bad = CheckWeights(op, "row", weights, N)) return bad;
  for (int64_t n = 0; n < N; ++n) {
    if (IsSkipped(weights, n)) continue;
    if (targets[n] < 0 || targets[n] >= V) {
      return Fail(CHORUS_INVALID_VALUE, "%s: row %lld: target %lld is outside [0, %lld)", op,
                  static_cast<long long>(n), static_cast<long long>(targets[n]),
                  static_cast<long long>(V));
    }
    const float* z = logits + n * stride;
    if (chorus_status bad = CheckLogits(op, n, z, V)) return bad;
    // Its log-probability would be -infinity, or NaN where the whole row is masked.
    if (z[targets[n]] == -INFINITY) {
      return Fail(CHORUS_INVALID_VALUE,
                  "%s: row %lld: the logit of target %lld is -infinity (masked)", op,
                  static_cast<long long>(n), static_cast<long long>(targets[n]));
    }
  }
  return CHORUS_OK;
}

}  // namespace

chorus_status TokenLogprobForwardCpu(float* logps, float* lse, float* entropy, const float* logits,
                                     const int64_t* targets, const float* weights, int64_t N,
                                     int64_t V, int64_t stride) {
  if (chorus_status bad =
          CheckRows("token_logprob_forward_f32", logits, targets, weights, N, V, stride))
    return bad;
  for (int64_t n = 0; n < N; ++n) {
    if (IsSkipped(weights, n)) {
      logps[n] = lse[n] = entropy[n] = 0;
      continue;
    }
    const float* z = logits + n * stride;
    // Two passes over a row that stays in the cache: without the running maximum both are free of branches.
    OnlineSoftmax<double> row;
    row.max = RowMax(z, V);
    const ExpSums sums = RowExpSums(z, V, static_cast<float>(row.max));
    row.sum = sums.sum;
    row.dot = sums.dot;
    // (z - max) - ln sum, not z - lse: the first difference is exact for neighbours, so large
    // logits lose nothing.
    logps[n] = static_cast<float>((z[targets[n]] - row.max) - row.LogSum());
    lse[n] = static_cast<float>(row.Lse());
    entropy[n] = static_cast<float>(row.Entropy());
  }
  return CHORUS_OK;
}

chorus_status TokenLogprobBackwardCpu(float* logits, const int64_t* targets, const float* lse,
                                      const float* dlogps, const float* weights, int64_t N,
                                      int64_t V, int64_t stride) {
  const char* op = "token_logprob_backward_f32";
  if (chorus_status bad = CheckRows(op, logits, targets, weights, N, V, stride)) return bad;
  for (int64_t n = 0; n < N; ++n) {
    if (!IsSkipped(weights, n) && !(std::isfinite(lse[n]) && std::isfinite(dlogps[n]))) {
      return Fail(CHORUS_INVALID_VALUE,
                  "%s: row %lld: lse is %g and dlogps is %g, expected both finite", op,
                  static_cast<long long>(n), static_cast<double>(lse[n]),
                  static_cast<double>(dlogps[n]));
    }
  }
  for (int64_t n = 0; n < N; ++n) {
    float* z = logits + n * stride;
    if (IsSkipped(weights, n)) {
      for (int64_t v = 0; v < V; ++v) z[v] = 0;
      continue;
    }
    const double scale = (weights ? static_cast<double>(weights[n]) : 1.0) * dlogps[n];
    const double target = z[targets[n]];
    RowScaledSoftmax(z, V, lse[n], scale);
    // 1 - p without the rounding of p to float.
    z[targets[n]] = static_cast<float>(-scale * std::expm1(target - lse[n]));
  }
  return CHORUS_OK;
}

}  // namespace chorus
