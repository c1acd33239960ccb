#include <cmath>

#include "common/checks.h"
#include "common/parallel.h"
#include "common/status.h"
#include "ops/evidential_token/evidential_token.h"

namespace chorus {

namespace {

int64_t RowName(const EvidentialTokenSpec& s, int64_t n) { return s.row_names ? s.row_names[n] : n; }

/** What is not per element of the vocabulary. */
template <typename In>
chorus_status CheckRow(const char* op, const EvidentialTokenCall<In>& c, int64_t n) {
  const EvidentialTokenSpec& s = c.spec;
  const long long row = RowName(s, n);
  const int64_t* ids = c.ids + n * s.named;
  const float* probs = c.probs + n * s.named;
  double sum = 0;
  for (int64_t j = 0; j < s.named; ++j) {
    if (ids[j] == -1) continue;
    if (ids[j] < 0 || ids[j] >= s.V) {
      return Fail(CHORUS_INVALID_VALUE, "%s: row %lld: id %lld is %lld, expected -1 or in [0, %lld)", op, row,
                  static_cast<long long>(j), static_cast<long long>(ids[j]), static_cast<long long>(s.V));
    }
    if (!(probs[j] >= 0 && probs[j] <= kEvidentialTokenMaxSum)) {
      return Fail(CHORUS_INVALID_VALUE, "%s: row %lld: probability %lld is %g, expected [0, 1]", op, row,
                  static_cast<long long>(j), static_cast<double>(probs[j]));
    }
    for (int64_t other = 0; other < j; ++other) {
      if (ids[other] != ids[j]) continue;
      return Fail(CHORUS_INVALID_VALUE, "%s: row %lld: id %lld is there twice", op, row,
                  static_cast<long long>(ids[j]));
    }
    sum += probs[j];
  }
  if (sum > kEvidentialTokenMaxSum) {
    return Fail(CHORUS_INVALID_VALUE, "%s: row %lld: probabilities sum to %g, expected at most 1", op, row, sum);
  }
  if (c.dloss && !std::isfinite(c.dloss[n])) {
    return Fail(CHORUS_INVALID_VALUE, "%s: row %lld: dloss is %g, expected finite", op, row,
                static_cast<double>(c.dloss[n]));
  }
  return CHORUS_OK;
}

bool RunRow(const EvidentialTokenRows& rows, const EvidentialTokenCall<float>& call, int64_t n) {
  return rows.f32(call, n);
}
bool RunRow(const EvidentialTokenRows& rows, const EvidentialTokenCall<uint16_t>& call, int64_t n) {
  return rows.bf16(call, n);
}

}  // namespace

template <typename In>
chorus_status EvidentialTokenCpu(const char* op, const EvidentialTokenCall<In>& c) {
  const EvidentialTokenSpec& s = c.spec;
  for (int64_t n = 0; n < s.N; ++n) {
    if (c.weights && !IsWeight(c.weights[n])) {
      return Fail(CHORUS_INVALID_VALUE, "%s: row %lld: weight is %g, expected finite and >= 0", op,
                  static_cast<long long>(RowName(s, n)), static_cast<double>(c.weights[n]));
    }
    if (c.weights && c.weights[n] == 0) continue;
    if (chorus_status bad = CheckRow(op, c, n)) return bad;
  }
  const EvidentialTokenRows& rows = CHORUS_PICK(kEvidentialTokenRows);
  FirstBadRow bad_row;
  // Each element takes a few nanoseconds.
  ParallelRows(s.N, 4 * s.V, [&](int64_t n) {
    if (c.weights && c.weights[n] == 0) {
      c.loss[n] = c.nll[n] = 0;
      if (c.kl) c.kl[n] = 0;
      for (int64_t v = 0; c.dloss && v < s.V; ++v) c.logits[n * s.stride + v] = 0;
    } else if (!RunRow(rows, c, n)) {
      bad_row.Report(n);
    }
  });
  const int64_t n = bad_row.Get();
  return n < 0 ? CHORUS_OK : CheckLogits(op, RowName(s, n), c.logits + n * s.stride, s.V);
}

template chorus_status EvidentialTokenCpu(const char*, const EvidentialTokenCall<float>&);
template chorus_status EvidentialTokenCpu(const char*, const EvidentialTokenCall<uint16_t>&);

}  // namespace chorus
