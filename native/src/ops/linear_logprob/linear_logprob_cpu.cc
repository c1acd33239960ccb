#include <cmath>

#include "common/bf16.h"
#include "common/checks.h"
#include "common/parallel.h"
#include "common/softmax_rows.h"
#include "ops/linear_logprob/linear_logprob.h"

namespace chorus {

namespace {

const HeadRows& CurrentHeadRows() { return CHORUS_PICK(kHeadRows); }

void TransformRow(const HeadRows& rows, float* z, const float* bias, const HeadSpec& s) {
  rows.transform_f32(z, bias, s.V, s.scale, s.soft_cap);
}
void TransformRow(const HeadRows& rows, uint16_t* z, const float* bias, const HeadSpec& s) {
  rows.transform_bf16(z, bias, s.V, s.scale, s.soft_cap);
}
DenseSums Dense(const HeadRows& rows, const float* t, const float* z, int64_t V, bool with_log) {
  return rows.dense_f32(t, z, V, with_log);
}
DenseSums Dense(const HeadRows& rows, const float* t, const uint16_t* z, int64_t V, bool with_log) {
  return rows.dense_bf16(t, z, V, with_log);
}
void Gradient(const HeadRows& rows, float* z, const float* t, int64_t V, float shift, float a, float b, float cap) {
  rows.gradient_f32(z, t, V, shift, a, b, cap);
}
void Gradient(const HeadRows& rows, uint16_t* z, const float* t, int64_t V, float shift, float a, float b, float cap) {
  rows.gradient_bf16(z, t, V, shift, a, b, cap);
}

/** One row at work: its logits after the transform, and its sums. */
template <typename In>
struct Row {
  const SoftmaxRows& softmax;
  const HeadRows& head;
  const HeadSpec& spec;
  In* z;
  SoftmaxSums sums;
  double log_sum;
  double lse;

  double LogP(int64_t v) const { return (static_cast<double>(Widen(z[v])) - sums.max) - log_sum; }
  /** d logit / d (h W^T). */
  double Slope(double logit) const {
    const double ratio = spec.soft_cap > 0 ? logit / spec.soft_cap : 0;
    return spec.scale * std::fmax(0, 1 - ratio * ratio);
  }
  /** z = c (a t + b p) times the slope, in place. */
  void SetGradient(const float* t, double a, double b) {
    const float scaled = static_cast<float>(b * spec.scale / sums.sum);
    if (!t && spec.soft_cap == 0) {
      RowScaledExp(softmax, z, spec.V, sums.max, scaled);
    } else {
      Gradient(head, z, t, spec.V, sums.max, static_cast<float>(a * spec.scale), scaled,
               static_cast<float>(spec.soft_cap));
    }
  }
};

/** What a target gives. */
struct RowResult {
  double logps;
  double kl;
  bool good;
};

/** The target is one token. coefficient is null without a gradient. */
template <typename In>
RowResult TokenRow(Row<In>& row, int64_t id, const double* coefficient) {
  const float target = Widen(row.z[id]);
  if (target == -INFINITY) return {0, 0, false};
  const double logp = row.LogP(id);
  if (coefficient) {
    row.SetGradient(nullptr, 0, -*coefficient);
    // 1 - p without the rounding of p to float.
    row.z[id] = Narrow<In>(static_cast<float>(-*coefficient * std::expm1(logp) * row.Slope(target)));
  }
  return {logp, -logp, true};
}

/** Named tokens and the rest of the mass, which keeps the shape of the row's own softmax. */
template <typename In>
RowResult NamedRow(Row<In>& row, const int64_t* ids, const float* probabilities, int64_t k, const double* coefficient) {
  const int64_t V = row.spec.V;
  In logit[kMaxNamed];
  double p[kMaxNamed];
  double mass = 0, named = 0, logps = 0, kl = 0, named_entropy = 0;
  int64_t used = 0;
  for (int64_t i = 0; i < k; ++i) {
    if (ids[i] < 0) continue;
    ++used;
    logit[i] = row.z[ids[i]];
    const double logp = row.LogP(ids[i]);
    p[i] = std::exp(logp);
    named += p[i];
    named_entropy += p[i] > 0 ? p[i] * logp : 0;
    const double s = probabilities[i];
    mass += s;
    if (s == 0) continue;
    if (Widen(logit[i]) == -INFINITY) return {0, 0, false};
    logps += s * logp;
    kl += s * (std::log(s) - logp);
  }
  const double left = mass < 1 ? 1 - mass : 0;

  // The rest's mass, and the mean of ln p under its shape. Where little is left, 1 - named would be rounding noise: the row
  // is summed again without the named tokens.
  double log_rest = std::log1p(-named);
  double mean_logp = (-row.sums.Entropy() - named_entropy) / (1 - named);
  if (named > 0.5) {
    for (int64_t i = 0; i < k; ++i) {
      if (ids[i] >= 0) row.z[ids[i]] = Narrow<In>(-INFINITY);
    }
    const SoftmaxSums rest = RowSums(row.softmax, row.z, V);
    for (int64_t i = 0; i < k; ++i) {
      if (ids[i] >= 0) row.z[ids[i]] = logit[i];
    }
    log_rest = rest.IsEmpty() ? -INFINITY : rest.Lse() - row.lse;
    mean_logp = rest.IsEmpty() ? 0 : rest.max + rest.dot / rest.sum - row.lse;
  }
  const bool even = std::exp(log_rest) < kLeastRest;
  double share = 0;  // of each token of an even rest
  if (even && left > 0) {
    int64_t open = -used;
    double sum = 0;
    for (int64_t v = 0; v < V; ++v) {
      if (Widen(row.z[v]) == -INFINITY) continue;
      ++open;
      sum += row.LogP(v);
    }
    for (int64_t i = 0; i < k; ++i) {
      if (ids[i] < 0) continue;
      if (Widen(logit[i]) == -INFINITY) {
        ++open;  // it was not counted as open above
      } else {
        sum -= row.LogP(ids[i]);
      }
    }
    if (open <= 0 && left > kProbabilitySlack) return {0, 0, false};
    if (open > 0) {
      share = left / static_cast<double>(open);
      logps += share * sum;
      kl += left * std::log(share) - share * sum;
    }
  } else if (left > 0) {
    logps += left * mean_logp;
    kl += left * (std::log(left) - log_rest);
  }
  if (coefficient) {
    const double total = mass + left;
    const double shape = even ? 0 : left * std::exp(-log_rest);
    if (share > 0) {
      for (int64_t v = 0; v < V; ++v) {
        const float z = Widen(row.z[v]);
        const double g = z == -INFINITY ? 0 : *coefficient * (share - total * std::exp(row.LogP(v))) * row.Slope(z);
        row.z[v] = Narrow<In>(static_cast<float>(g));
      }
    } else {
      row.SetGradient(nullptr, 0, *coefficient * (shape - total));
    }
    for (int64_t i = 0; i < k; ++i) {
      if (ids[i] < 0) continue;
      const float z = Widen(logit[i]);
      const double g = z == -INFINITY ? 0 : *coefficient * (probabilities[i] - total * p[i]) * row.Slope(z);
      row.z[ids[i]] = Narrow<In>(static_cast<float>(g));
    }
  }
  return {logps, kl, true};
}

template <typename In>
RowResult DenseRow(Row<In>& row, const float* t, bool with_kl, const double* coefficient) {
  const DenseSums sums = Dense(row.head, t, row.z, row.spec.V, with_kl);
  const double logps = sums.dot - sums.mass * row.lse;
  // A target on a masked logit, or one that is not finite.
  if (sums.negative || !std::isfinite(logps)) return {0, 0, false};
  if (coefficient) row.SetGradient(t, *coefficient, -*coefficient * sums.mass);
  return {logps, sums.log - logps, true};
}

int64_t RowName(const HeadSpec& s, int64_t n) { return s.row_names ? s.row_names[n] : n; }

bool IsSkipped(const float* weights, int64_t n) { return weights && weights[n] == 0; }

chorus_status CheckNamed(const char* op, int64_t n, const HeadTargets& t, const HeadSpec& spec) {
  const int64_t* ids = t.ids + n * t.k;
  const int64_t row = RowName(spec, n);
  double mass = 0;
  for (int64_t i = 0; i < t.k; ++i) {
    if (t.probabilities && ids[i] == -1) continue;
    if (chorus_status bad = CheckTarget(op, row, ids[i], spec.V)) return bad;
    if (!t.probabilities) continue;
    const float s = t.probabilities[n * t.k + i];
    mass += s;
    if (!(s >= 0) || mass > 1 + kProbabilitySlack) {
      return Fail(CHORUS_INVALID_VALUE, "%s: row %lld: probability %g of token %lld, expected at least 0 and a sum of at most 1",
                  op, static_cast<long long>(row), static_cast<double>(s), static_cast<long long>(ids[i]));
    }
    for (int64_t j = 0; j < i; ++j) {
      if (ids[j] == ids[i]) {
        return Fail(CHORUS_INVALID_VALUE, "%s: row %lld: token %lld is named twice", op, static_cast<long long>(row),
                    static_cast<long long>(ids[i]));
      }
    }
  }
  return CHORUS_OK;
}

chorus_status CheckRows(const char* op, const HeadTargets& targets, const float* weights, const float* dlogps,
                        const HeadSpec& s) {
  for (int64_t n = 0; n < s.N; ++n) {
    if (weights && !IsWeight(weights[n])) {
      return Fail(CHORUS_INVALID_VALUE, "%s: row %lld: weight is %g, expected finite and >= 0", op,
                  static_cast<long long>(RowName(s, n)), static_cast<double>(weights[n]));
    }
    if (IsSkipped(weights, n)) continue;
    if (dlogps && !std::isfinite(dlogps[n])) {
      return Fail(CHORUS_INVALID_VALUE, "%s: row %lld: dlogps is %g, expected finite", op, static_cast<long long>(RowName(s, n)),
                  static_cast<double>(dlogps[n]));
    }
    if (!targets.dense) {
      if (chorus_status bad = CheckNamed(op, n, targets, s)) return bad;
    }
  }
  return CHORUS_OK;
}

/** Says what is wrong with a row whose target could not be used. */
template <typename In>
chorus_status FailTarget(const char* op, int64_t n, const In* z, const HeadTargets& targets, const HeadSpec& s) {
  const int64_t row = RowName(s, n);
  if (chorus_status bad = CheckLogits(op, row, z, s.V)) return bad;
  if (targets.dense) {
    return Fail(CHORUS_INVALID_VALUE,
                "%s: row %lld: the dense target is negative or not finite, or has mass where the logit is -infinity (masked)",
                op, static_cast<long long>(row));
  }
  if (targets.probabilities) {
    return Fail(CHORUS_INVALID_VALUE, "%s: row %lld: mass on a logit that is -infinity (masked), or for a rest of no tokens",
                op, static_cast<long long>(row));
  }
  return FailRow(op, row, z, s.V, targets.ids[n * targets.k]);
}

}  // namespace

template <typename In>
chorus_status LinearLogprobRowsCpu(const char* op, const HeadOutputs& out, In* logits, const float* bias,
                                   const HeadTargets& targets, const float* weights, const float* dlogps,
                                   const HeadSpec& s) {
  if (chorus_status bad = CheckRows(op, targets, weights, dlogps, s)) return bad;
  const SoftmaxRows& softmax = CurrentSoftmaxRows();
  const HeadRows& head = CurrentHeadRows();
  const bool transform = bias || s.scale != 1 || s.soft_cap > 0;
  FirstBadRow bad_row;
  ParallelRows(s.N, 2 * s.V, [&](int64_t n) {
    In* z = logits + n * s.stride;
    if (IsSkipped(weights, n)) {
      out.logps[n] = out.lse[n] = out.entropy[n] = 0;
      if (out.kl) out.kl[n] = 0;
      if (out.top1) out.top1[n] = 0;
      for (int64_t v = 0; dlogps && v < s.V; ++v) z[v] = 0;
      return;
    }
    if (transform) TransformRow(head, z, bias, s);
    Row<In> row = {softmax, head, s, z, RowSums(softmax, z, s.V), 0, 0};
    if (row.sums.HasBadLogit() || row.sums.IsEmpty()) return bad_row.Report(n);
    row.log_sum = row.sums.LogSum();
    row.lse = row.sums.max + row.log_sum;
    const double c = dlogps ? (weights ? static_cast<double>(weights[n]) : 1.0) * dlogps[n] : 0;
    const double* coefficient = dlogps ? &c : nullptr;
    const RowResult result =
        targets.dense           ? DenseRow(row, targets.dense + n * s.V, out.kl != nullptr, coefficient)
        : targets.probabilities ? NamedRow(row, targets.ids + n * targets.k, targets.probabilities + n * targets.k,
                                           targets.k, coefficient)
                                : TokenRow(row, targets.ids[n], coefficient);
    if (!result.good) return bad_row.Report(n);
    out.logps[n] = static_cast<float>(result.logps);
    if (out.kl) out.kl[n] = static_cast<float>(result.kl);
    out.lse[n] = static_cast<float>(row.lse);
    out.entropy[n] = static_cast<float>(row.sums.Entropy());
    if (out.top1) out.top1[n] = static_cast<float>(row.sums.Top());
  });
  const int64_t n = bad_row.Get();
  return n < 0 ? CHORUS_OK : FailTarget(op, n, logits + n * s.stride, targets, s);
}

template chorus_status LinearLogprobRowsCpu(const char*, const HeadOutputs&, float*, const float*, const HeadTargets&,
                                            const float*, const float*, const HeadSpec&);
template chorus_status LinearLogprobRowsCpu(const char*, const HeadOutputs&, uint16_t*, const float*, const HeadTargets&,
                                            const float*, const float*, const HeadSpec&);

}  // namespace chorus
