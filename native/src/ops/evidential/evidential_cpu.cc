#include <cmath>

#include "common/bf16.h"
#include "common/checks.h"
#include "common/parallel.h"
#include "common/status.h"
#include "ops/evidential/evidential.h"

namespace chorus {

namespace {

/** Says what is wrong with a row that the loops have found bad. */
template <typename In>
chorus_status FailBadRow(const char* op, const EvidentialCall<In>& c, int64_t n) {
  const EvidentialSpec& s = c.spec;
  const long long row = n;
  if (c.weights && !IsWeight(c.weights[n])) {
    return Fail(CHORUS_INVALID_VALUE, "%s: row %lld: weight is %g, expected finite and >= 0", op, row,
                static_cast<double>(c.weights[n]));
  }
  for (int64_t i = 0; c.lambda && i < s.W; ++i) {
    if (!IsWeight(c.lambda[n * s.W + i])) {
      return Fail(CHORUS_INVALID_VALUE, "%s: row %lld: lambda of label %lld is %g, expected finite and >= 0", op, row,
                  static_cast<long long>(i), static_cast<double>(c.lambda[n * s.W + i]));
    }
  }
  if (chorus_status bad = CheckLogits(op, n, c.logits + n * s.stride, s.K)) return bad;
  for (int64_t i = 0; i < s.W; ++i) {
    if (c.lambda && c.lambda[n * s.W + i] == 0) continue;
    const float* y = c.targets + (n * s.W + i) * s.K;
    for (int64_t k = 0; k < s.K; ++k) {
      if (!(y[k] >= 0 && y[k] <= kEvidentialMaxLabel)) {
        return Fail(CHORUS_INVALID_VALUE, "%s: row %lld: label %lld gives class %lld %g, expected [0, 1]", op, row,
                    static_cast<long long>(i), static_cast<long long>(k), static_cast<double>(y[k]));
      }
    }
  }
  return Fail(CHORUS_INVALID_VALUE, "%s: row %lld: dloss is %g, expected finite", op, row,
              c.dloss ? static_cast<double>(c.dloss[n]) : 0.0);
}

int64_t RunTile(const EvidentialTiles& tiles, const EvidentialCall<float>& call, int64_t first) {
  return tiles.f32(call, first);
}
int64_t RunTile(const EvidentialTiles& tiles, const EvidentialCall<uint16_t>& call, int64_t first) {
  return tiles.bf16(call, first);
}

}  // namespace

template <typename In>
chorus_status EvidentialCpu(const char* op, const EvidentialCall<In>& call) {
  const EvidentialSpec& s = call.spec;
  const EvidentialTiles& tiles = CHORUS_PICK(kEvidentialTiles);
  FirstBadRow bad_row;
  // A label element takes about a nanosecond.
  ParallelRows((s.N + tiles.rows - 1) / tiles.rows, tiles.rows * (s.W + 1) * s.K, [&](int64_t tile) {
    const int64_t bad = RunTile(tiles, call, tile * tiles.rows);
    if (bad >= 0) bad_row.Report(bad);
  });
  const int64_t n = bad_row.Get();
  return n < 0 ? CHORUS_OK : FailBadRow(op, call, n);
}

template chorus_status EvidentialCpu(const char*, const EvidentialCall<float>&);
template chorus_status EvidentialCpu(const char*, const EvidentialCall<uint16_t>&);

}  // namespace chorus
