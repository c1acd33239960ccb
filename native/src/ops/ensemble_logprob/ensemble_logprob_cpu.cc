#include "ops/ensemble_logprob/ensemble_logprob.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "common/checks.h"
#include "common/parallel.h"
#include "common/softmax_rows.h"
#include "common/status.h"
#include "common/target_row.h"

namespace chorus {

namespace {

/** An exponential and what goes with it, in the elements that ParallelRows counts. */
constexpr int64_t kExpWork = 16;

/** "op: model w", which the messages about rows go on from. */
class Where {
 public:
  Where(const char* op, int64_t w) {
    std::snprintf(text_, sizeof text_, "%s: model %lld", op, static_cast<long long>(w));
  }
  operator const char*() const { return text_; }

 private:
  char text_[96];
};

/** ln sum_w omega_w e^x_w. The largest x of a model that counts is taken out; the smallest f32 omega is 1e-45, so what is
 * lost beside it is nothing even if it has that. */
struct Mixture {
  double max;
  double sum;

  double Log() const { return max + std::log(sum); }
  /** The model's responsibility, the derivative of Log by its x; 0 of one that is not looked at. */
  double Share(float omega, double x) const { return omega == 0 ? 0 : omega * std::exp(x - max) / sum; }
};

/** x(w) is asked for models with omega above 0 only. */
template <typename X>
Mixture Mix(const float* omega, int64_t W, const X& x) {
  double max = -INFINITY;
  for (int64_t w = 0; w < W; ++w) {
    if (omega[w] > 0) max = std::max(max, x(w));
  }
  double sum = 0;
  for (int64_t w = 0; w < W; ++w) {
    if (omega[w] > 0) sum += omega[w] * std::exp(x(w) - max);
  }
  return {max, sum};
}

chorus_status CheckOmega(const char* op, const float* omega, int64_t W) {
  double sum = 0;
  for (int64_t w = 0; w < W; ++w) {
    if (!IsWeight(omega[w])) {
      return Fail(CHORUS_INVALID_VALUE, "%s: model %lld: omega is %g, expected finite and >= 0", op,
                  static_cast<long long>(w), static_cast<double>(omega[w]));
    }
    sum += omega[w];
  }
  // Rounding each omega to f32 moves the sum by 6e-8 at most; more is a mixture that nobody normalised.
  if (std::fabs(sum - 1) < 1e-6) return CHORUS_OK;
  return Fail(CHORUS_INVALID_VALUE, "%s: omega sums to %.9g over %lld models, expected 1 within 1e-6", op, sum,
              static_cast<long long>(W));
}

chorus_status CheckOffsets(const char* op, const int64_t* offsets, int64_t S, int64_t N) {
  for (int64_t s = 0; s <= S; ++s) {
    const int64_t low = s == 0 ? 0 : offsets[s - 1];
    const bool end = (s == 0 && offsets[s] != 0) || (s == S && offsets[s] != N);
    if (end || offsets[s] < low || offsets[s] > N) {
      return Fail(CHORUS_INVALID_VALUE,
                  "%s: offset %lld: it is %lld, expected none to fall, the first 0, the last %lld", op,
                  static_cast<long long>(s), static_cast<long long>(offsets[s]), static_cast<long long>(N));
    }
  }
  return CHORUS_OK;
}

/** The sequence that row n lies in; empty ones are passed over. */
int64_t SequenceOf(const int64_t* offsets, int64_t S, int64_t n) {
  return std::upper_bound(offsets, offsets + S + 1, n) - offsets - 1;
}

double WeightOf(const float* weights, int64_t n) { return weights ? static_cast<double>(weights[n]) : 1.0; }

/** sum of w_n x_n over rows [first, last), from the first to the last. */
double WeightedSum(const float* x, const float* weights, int64_t first, int64_t last) {
  double sum = 0;
  for (int64_t n = first; n < last; ++n) sum += WeightOf(weights, n) * x[n];
  return sum;
}

double SumOfWeights(const float* weights, int64_t first, int64_t last) {
  if (!weights) return static_cast<double>(last - first);
  double sum = 0;
  for (int64_t n = first; n < last; ++n) sum += weights[n];
  return sum;
}

/** coefficient (1[v = t] - p) over the row; false if it cannot be. */
template <typename In>
bool BackwardRow(const SoftmaxRows& rows, In* z, int64_t V, int64_t target, float lse, double coefficient) {
  if (coefficient == 0) {
    std::fill(z, z + V, In(0));
    return true;
  }
  if (!std::isfinite(static_cast<float>(coefficient)) || !std::isfinite(lse)) return false;
  return TargetRowBackward(rows, z, V, target, lse, coefficient);
}

/** Says what was wrong with a row that BackwardRow refused and perhaps destroyed. */
chorus_status FailBackwardRow(const char* where, int64_t n, int64_t target, float lse, double coefficient) {
  const long long row = n;
  if (!std::isfinite(static_cast<float>(coefficient))) {
    return Fail(CHORUS_INVALID_VALUE,
                "%s: row %lld: its gradient has the factor %g; log-probabilities and incoming gradients must be finite",
                where, row, coefficient);
  }
  if (!std::isfinite(lse)) {
    return Fail(CHORUS_INVALID_VALUE, "%s: row %lld: lse is %g, expected finite", where, row,
                static_cast<double>(lse));
  }
  return Fail(CHORUS_INVALID_VALUE,
              "%s: row %lld: it holds NaN or +infinity, or its target %lld is masked; the forward would have named it",
              where, row, static_cast<long long>(target));
}

chorus_status CheckEnsemble(const char* op, const Ensemble& e) {
  if (chorus_status bad = CheckOmega(op, e.omega, e.W)) return bad;
  if (e.offsets) {
    if (chorus_status bad = CheckOffsets(op, e.offsets, e.S, e.N)) return bad;
  }
  return CheckTargets(op, e.targets, e.weights, e.N, e.V);
}

chorus_status CheckEnsemble(const char* op, const RaggedEnsemble& e) {
  if (chorus_status bad = CheckOmega(op, e.omega, e.W)) return bad;
  for (int64_t w = 0; w < e.W; ++w) {
    const Where where(op, w);
    if (chorus_status bad = CheckOffsets(where, e.offsets[w], e.S, e.rows[w])) return bad;
    const float* weights = e.weights ? e.weights[w] : nullptr;
    if (chorus_status bad = CheckTargets(where, e.targets[w], weights, e.rows[w], e.vocabularies[w])) return bad;
  }
  return CHORUS_OK;
}

}  // namespace

template <typename In>
chorus_status EnsembleLogprobForwardCpu(const char* op, const EnsembleResult& r, const In* const* logits,
                                        const Ensemble& e) {
  if (chorus_status bad = CheckEnsemble(op, e)) return bad;
  const SoftmaxRows& rows = CurrentSoftmaxRows();
  FirstBadRow bad_row;
  ParallelRows(e.W * e.N, e.V, [&](int64_t i) {
    const int64_t w = i / e.N, n = i % e.N;
    if (IsSkipped(e.weights, n)) {
      r.logps[i] = r.lse[i] = 0;
      if (r.entropy) r.entropy[i] = 0;
      return;
    }
    const In* z = logits[w] + n * e.strides[w];
    float* entropy = r.entropy ? r.entropy + i : nullptr;
    if (!TargetRowForward(rows, z, e.V, e.targets[n], r.logps + i, r.lse + i, entropy)) bad_row.Report(i);
  });
  if (const int64_t i = bad_row.Get(); i >= 0) {
    const int64_t w = i / e.N, n = i % e.N;
    return FailRow(Where(op, w), n, logits[w] + n * e.strides[w], e.V, e.targets[n]);
  }
  ParallelRows(e.N, e.W * kExpWork, [&](int64_t n) {
    const auto logp = [&](int64_t w) -> double { return r.logps[w * e.N + n]; };
    r.mixture[n] = IsSkipped(e.weights, n) ? 0 : static_cast<float>(Mix(e.omega, e.W, logp).Log());
  });
  if (!e.offsets) return CHORUS_OK;
  for (int64_t s = 0; s < e.S; ++s) {
    const int64_t first = e.offsets[s], last = e.offsets[s + 1];
    for (int64_t w = 0; w < e.W; ++w) {
      r.sequence_logps[w * e.S + s] = static_cast<float>(WeightedSum(r.logps + w * e.N, e.weights, first, last));
    }
    r.sequence_mixture[s] = static_cast<float>(WeightedSum(r.mixture, e.weights, first, last));
  }
  return CHORUS_OK;
}

template <typename In>
chorus_status EnsembleLogprobBackwardCpu(const char* op, In* const* logits, const EnsembleUpstream& u,
                                         const Ensemble& e) {
  if (chorus_status bad = CheckEnsemble(op, e)) return bad;
  const bool mixes = u.dmixture || u.dsequence_mixture;
  const auto coefficient = [&](int64_t w, int64_t n) {
    const int64_t s = u.dsequence || u.dsequence_mixture ? SequenceOf(e.offsets, e.S, n) : 0;
    double d = 0;
    if (u.dlogps) d += u.dlogps[w * e.N + n];
    if (u.dsequence) d += u.dsequence[w * e.S + s];
    if (mixes && e.omega[w] > 0) {
      const auto logp = [&](int64_t i) -> double { return u.logps[i * e.N + n]; };
      const double of_mixture = (u.dmixture ? static_cast<double>(u.dmixture[n]) : 0.0) +
                                (u.dsequence_mixture ? static_cast<double>(u.dsequence_mixture[s]) : 0.0);
      d += of_mixture * Mix(e.omega, e.W, logp).Share(e.omega[w], logp(w));
    }
    return WeightOf(e.weights, n) * d;
  };
  const SoftmaxRows& rows = CurrentSoftmaxRows();
  FirstBadRow bad_row;
  ParallelRows(e.W * e.N, e.V, [&](int64_t i) {
    const int64_t w = i / e.N, n = i % e.N;
    In* z = logits[w] + n * e.strides[w];
    const double c = IsSkipped(e.weights, n) ? 0 : coefficient(w, n);
    if (!BackwardRow(rows, z, e.V, e.targets[n], u.lse[i], c)) bad_row.Report(i);
  });
  const int64_t i = bad_row.Get();
  if (i < 0) return CHORUS_OK;
  const int64_t w = i / e.N, n = i % e.N;
  return FailBackwardRow(Where(op, w), n, e.targets[n], u.lse[i], coefficient(w, n));
}

template <typename In>
chorus_status RaggedEnsembleLogprobForwardCpu(const char* op, const RaggedEnsembleResult& r, const In* const* logits,
                                              const RaggedEnsemble& e) {
  if (chorus_status bad = CheckEnsemble(op, e)) return bad;
  const SoftmaxRows& rows = CurrentSoftmaxRows();
  const auto weights_of = [&](int64_t w) { return e.weights ? e.weights[w] : nullptr; };
  // Model by model: rows of one vocabulary cost the same, so each thread's share takes the same time.
  for (int64_t w = 0; w < e.W; ++w) {
    const float* weights = weights_of(w);
    float* entropy = r.entropy ? r.entropy[w] : nullptr;
    const int64_t V = e.vocabularies[w];
    FirstBadRow bad_row;
    ParallelRows(e.rows[w], V, [&](int64_t n) {
      if (IsSkipped(weights, n)) {
        r.logps[w][n] = r.lse[w][n] = 0;
        if (entropy) entropy[n] = 0;
        return;
      }
      const In* z = logits[w] + n * e.strides[w];
      if (!TargetRowForward(rows, z, V, e.targets[w][n], r.logps[w] + n, r.lse[w] + n, entropy ? entropy + n : nullptr)) {
        bad_row.Report(n);
      }
    });
    if (const int64_t n = bad_row.Get(); n >= 0) {
      return FailRow(Where(op, w), n, logits[w] + n * e.strides[w], V, e.targets[w][n]);
    }
  }
  for (int64_t s = 0; s < e.S; ++s) {
    // Added up again for each use, since there is nowhere to keep doubles; next to the rows it is nothing.
    const auto sum = [&](int64_t w) {
      return WeightedSum(r.logps[w], weights_of(w), e.offsets[w][s], e.offsets[w][s + 1]);
    };
    for (int64_t w = 0; w < e.W; ++w) {
      const double of_model = sum(w);
      const double tokens = SumOfWeights(weights_of(w), e.offsets[w][s], e.offsets[w][s + 1]);
      r.sequence_logps[w * e.S + s] = static_cast<float>(of_model);
      r.sequence_means[w * e.S + s] = tokens > 0 ? static_cast<float>(of_model / tokens) : 0;
    }
    r.sequence_mixture[s] = static_cast<float>(Mix(e.omega, e.W, sum).Log());
  }
  return CHORUS_OK;
}

template <typename In>
chorus_status RaggedEnsembleLogprobBackwardCpu(const char* op, In* const* logits, const RaggedEnsembleUpstream& u,
                                               const RaggedEnsemble& e) {
  if (chorus_status bad = CheckEnsemble(op, e)) return bad;
  const SoftmaxRows& rows = CurrentSoftmaxRows();
  for (int64_t w = 0; w < e.W; ++w) {
    const float* weights = e.weights ? e.weights[w] : nullptr;
    const auto coefficient = [&](int64_t n) {
      const int64_t s = SequenceOf(e.offsets[w], e.S, n);
      double d = 0;
      if (u.dsequence) d += u.dsequence[w * e.S + s];
      if (u.dsequence_mixture && e.omega[w] > 0) {
        const auto sum = [&](int64_t i) -> double { return u.sequence_logps[i * e.S + s]; };
        d += u.dsequence_mixture[s] * Mix(e.omega, e.W, sum).Share(e.omega[w], sum(w));
      }
      return WeightOf(weights, n) * d;
    };
    const int64_t V = e.vocabularies[w];
    FirstBadRow bad_row;
    ParallelRows(e.rows[w], V, [&](int64_t n) {
      In* z = logits[w] + n * e.strides[w];
      const double c = IsSkipped(weights, n) ? 0 : coefficient(n);
      if (!BackwardRow(rows, z, V, e.targets[w][n], u.lse[w][n], c)) bad_row.Report(n);
    });
    if (const int64_t n = bad_row.Get(); n >= 0) {
      return FailBackwardRow(Where(op, w), n, e.targets[w][n], u.lse[w][n], coefficient(n));
    }
  }
  return CHORUS_OK;
}

template chorus_status EnsembleLogprobForwardCpu(const char*, const EnsembleResult&, const float* const*,
                                                 const Ensemble&);
template chorus_status EnsembleLogprobForwardCpu(const char*, const EnsembleResult&, const uint16_t* const*,
                                                 const Ensemble&);
template chorus_status EnsembleLogprobBackwardCpu(const char*, float* const*, const EnsembleUpstream&, const Ensemble&);
template chorus_status EnsembleLogprobBackwardCpu(const char*, uint16_t* const*, const EnsembleUpstream&,
                                                  const Ensemble&);
template chorus_status RaggedEnsembleLogprobForwardCpu(const char*, const RaggedEnsembleResult&, const float* const*,
                                                       const RaggedEnsemble&);
template chorus_status RaggedEnsembleLogprobForwardCpu(const char*, const RaggedEnsembleResult&, const uint16_t* const*,
                                                       const RaggedEnsemble&);
template chorus_status RaggedEnsembleLogprobBackwardCpu(const char*, float* const*, const RaggedEnsembleUpstream&,
                                                        const RaggedEnsemble&);
template chorus_status RaggedEnsembleLogprobBackwardCpu(const char*, uint16_t* const*, const RaggedEnsembleUpstream&,
                                                        const RaggedEnsemble&);

}  // namespace chorus
