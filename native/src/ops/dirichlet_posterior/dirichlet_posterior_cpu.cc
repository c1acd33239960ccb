#include <cmath>

#include "common/bf16.h"
#include "common/checks.h"
#include "common/parallel.h"
#include "common/status.h"
#include "ops/dirichlet_posterior/dirichlet_posterior.h"

namespace chorus {

namespace {

/** Rows that a thread takes at a time: whole tiles, whatever the instruction set. */
constexpr int64_t kRows = 256;

int64_t Run(const DirichletLoops& loops, const DirichletOutputs& out, const DirichletInputs<int64_t>& in, int64_t first,
            int64_t end) {
  return loops.votes(out, in, first, end);
}
int64_t Run(const DirichletLoops& loops, const DirichletOutputs& out, const DirichletInputs<float>& in, int64_t first,
            int64_t end) {
  return loops.f32(out, in, first, end);
}
int64_t Run(const DirichletLoops& loops, const DirichletOutputs& out, const DirichletInputs<uint16_t>& in, int64_t first,
            int64_t end) {
  return loops.bf16(out, in, first, end);
}

/** Says what is wrong with a row that a loop has found bad. */
chorus_status FailAnswers(const char* op, const DirichletInputs<int64_t>& in, int64_t n) {
  int64_t w = 0;
  const int64_t* votes = in.answers + n * in.W;
  while ((in.labeler_weights && in.labeler_weights[w] == 0) || (votes[w] >= -1 && votes[w] < in.K)) ++w;
  return Fail(CHORUS_INVALID_VALUE, "%s: row %lld: labeler %lld votes %lld, expected [0, %lld) or -1 for none", op,
              static_cast<long long>(n), static_cast<long long>(w), static_cast<long long>(votes[w]),
              static_cast<long long>(in.K));
}

template <typename Real>
chorus_status FailAnswers(const char* op, const DirichletInputs<Real>& in, int64_t n) {
  const long long row = n;
  for (int64_t w = 0; w < in.W; ++w) {
    const float lambda = in.lambda ? in.lambda[n * in.W + w] : 1;
    if ((in.labeler_weights && in.labeler_weights[w] == 0) || lambda == 0) continue;
    if (!IsWeight(lambda)) {
      return Fail(CHORUS_INVALID_VALUE, "%s: row %lld: lambda of labeler %lld is %g, expected finite and >= 0", op, row,
                  static_cast<long long>(w), static_cast<double>(lambda));
    }
    for (int64_t k = 0; k < in.K; ++k) {
      const float y = Widen(in.answers[(n * in.W + w) * in.K + k]);
      if (!(y >= 0 && y <= kMaxSoftLabel)) {
        return Fail(CHORUS_INVALID_VALUE, "%s: row %lld: labeler %lld gives class %lld %g, expected [0, 1]", op, row,
                    static_cast<long long>(w), static_cast<long long>(k), static_cast<double>(y));
      }
    }
  }
  return Fail(CHORUS_INTERNAL, "%s: row %lld changed during the call", op, row);
}

}  // namespace

template <typename Answer>
chorus_status DirichletPosteriorCpu(const char* op, const DirichletOutputs& out, const DirichletInputs<Answer>& in) {
  for (int64_t k = 0; k < in.K; ++k) {
    if (!(std::isfinite(in.prior[k]) && in.prior[k] > 0)) {
      return Fail(CHORUS_INVALID_VALUE, "%s: prior of class %lld is %g, expected finite and above 0", op,
                  static_cast<long long>(k), static_cast<double>(in.prior[k]));
    }
  }
  if (chorus_status bad = CheckWeights(op, "labeler", in.labeler_weights, in.W)) return bad;
  if (chorus_status bad = CheckWeights(op, "row", in.weights, in.N)) return bad;
  const DirichletLoops& loops = CHORUS_PICK(kDirichletLoops);
  FirstBadRow bad_row;
  // In nanoseconds or so: the measures of a class cost about ten times an answer. Bounded, so that nothing overflows.
  const int64_t work = in.K > kParallelFrom || in.W > kParallelFrom ? kParallelFrom : kRows * (in.W + 16 * in.K);
  ParallelRows((in.N - 1) / kRows + 1, work, [&](int64_t chunk) {
    const int64_t first = chunk * kRows;
    const int64_t bad = Run(loops, out, in, first, first + kRows < in.N ? first + kRows : in.N);
    if (bad >= 0) bad_row.Report(bad);
  });
  return bad_row.Get() < 0 ? CHORUS_OK : FailAnswers(op, in, bad_row.Get());
}

template chorus_status DirichletPosteriorCpu(const char*, const DirichletOutputs&, const DirichletInputs<int64_t>&);
template chorus_status DirichletPosteriorCpu(const char*, const DirichletOutputs&, const DirichletInputs<float>&);
template chorus_status DirichletPosteriorCpu(const char*, const DirichletOutputs&, const DirichletInputs<uint16_t>&);

}  // namespace chorus
