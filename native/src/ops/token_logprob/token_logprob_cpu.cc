#include "ops/token_logprob/token_logprob.h"

#include <cmath>

#include "common/checks.h"
#include "common/parallel.h"
#include "common/softmax_rows.h"
#include "common/status.h"
#include "common/target_row.h"

namespace chorus {

template <typename In>
chorus_status TokenLogprobForwardCpu(const char* op, float* logps, float* lse, float* entropy, const In* logits,
                                     const int64_t* targets, const float* weights, int64_t N, int64_t V,
                                     int64_t stride) {
  if (chorus_status bad = CheckTargets(op, targets, weights, N, V)) return bad;
  const SoftmaxRows& rows = CurrentSoftmaxRows();
  FirstBadRow bad_row;
  ParallelRows(N, V, [&](int64_t n) {
    if (IsSkipped(weights, n)) {
      logps[n] = lse[n] = entropy[n] = 0;
      return;
    }
    const In* z = logits + n * stride;
    if (!TargetRowForward(rows, z, V, targets[n], &logps[n], &lse[n], &entropy[n])) bad_row.Report(n);
  });
  const int64_t n = bad_row.Get();
  return n < 0 ? CHORUS_OK : FailRow(op, n, logits + n * stride, V, targets[n]);
}

template <typename In>
chorus_status TokenLogprobBackwardCpu(const char* op, In* logits, const int64_t* targets, const float* lse,
                                      const float* dlogps, const float* weights, int64_t N, int64_t V,
                                      int64_t stride) {
  if (chorus_status bad = CheckTargets(op, targets, weights, N, V)) return bad;
  for (int64_t n = 0; n < N; ++n) {
    if (!IsSkipped(weights, n) && !(std::isfinite(lse[n]) && std::isfinite(dlogps[n]))) {
      return Fail(CHORUS_INVALID_VALUE, "%s: row %lld: lse is %g and dlogps is %g, expected both finite", op,
                  static_cast<long long>(n), static_cast<double>(lse[n]), static_cast<double>(dlogps[n]));
    }
  }
  const SoftmaxRows& rows = CurrentSoftmaxRows();
  FirstBadRow bad_row;
  ParallelRows(N, V, [&](int64_t n) {
    In* z = logits + n * stride;
    if (IsSkipped(weights, n)) {
      for (int64_t v = 0; v < V; ++v) z[v] = 0;
      return;
    }
    const double scale = (weights ? static_cast<double>(weights[n]) : 1.0) * dlogps[n];
    // The row is gone, so what was wrong with it is said in fewer words than the forward's.
    if (!TargetRowBackward(rows, z, V, targets[n], lse[n], scale)) bad_row.Report(n);
  });
  const int64_t n = bad_row.Get();
  if (n < 0) return CHORUS_OK;
  return Fail(CHORUS_INVALID_VALUE,
              "%s: row %lld: it holds NaN or +infinity, or its target %lld is masked; the forward would have named it",
              op, static_cast<long long>(n), static_cast<long long>(targets[n]));
}

template chorus_status TokenLogprobForwardCpu(const char*, float*, float*, float*, const float*, const int64_t*,
                                              const float*, int64_t, int64_t, int64_t);
template chorus_status TokenLogprobForwardCpu(const char*, float*, float*, float*, const uint16_t*, const int64_t*,
                                              const float*, int64_t, int64_t, int64_t);
template chorus_status TokenLogprobBackwardCpu(const char*, float*, const int64_t*, const float*, const float*,
                                               const float*, int64_t, int64_t, int64_t);
template chorus_status TokenLogprobBackwardCpu(const char*, uint16_t*, const int64_t*, const float*, const float*,
                                               const float*, int64_t, int64_t, int64_t);

}  // namespace chorus
