#include <cmath>

#include "common/checks.h"
#include "common/elementwise.h"
#include "common/softmax.h"
#include "common/special.h"
#include "common/status.h"
#include "ops/evidential/evidential.h"

namespace chorus {

namespace {

/** Averages of f32 labels may round to just above 1. */
constexpr float kMaxLabel = 1 + 1e-5f;

/** Labels whose partial results are held at once; more labels than these meet in f32. */
constexpr int64_t kLabelBlock = 64;

double Evidence(int kind, double z) {
  switch (kind) {
    case CHORUS_EVIDENCE_EXP:
      return std::exp(z);
    case CHORUS_EVIDENCE_SOFTPLUS:
      return Softplus(z);
    default:
      return z > 0 ? z : 0;
  }
}

/** ln alpha = ln(1 + e(z)), finite for every z < +infinity. */
double LogAlpha(int kind, double z) {
  return kind == CHORUS_EVIDENCE_EXP ? Softplus(z) : std::log1p(Evidence(kind, z));
}

/** d ln alpha / dz = e'(z) / (1 + e(z)). */
double LogAlphaSlope(int kind, double z) {
  switch (kind) {
    case CHORUS_EVIDENCE_EXP:
      return Sigmoid(z);
    case CHORUS_EVIDENCE_SOFTPLUS:
      return Sigmoid(z) / (1 + Softplus(z));
    default:
      return z > 0 ? 1 / (1 + z) : 0;
  }
}

/** ln S = ln(K + sum_k e(z_k)). */
double LogStrength(int kind, const float* z, int64_t K) {
  if (kind == CHORUS_EVIDENCE_EXP) {
    OnlineSoftmax<double> row;
    for (int64_t k = 0; k < K; ++k) row.Add(z[k]);
    // Of a row without any evidence the log-sum-exp is -infinity, and S = K.
    return LogAddExp(row.Lse(), std::log(static_cast<double>(K)));
  }
  double evidence = 0;
  for (int64_t k = 0; k < K; ++k) evidence += Evidence(kind, z[k]);
  return std::log(K + evidence);
}

/** e'(z) / S, with S by its logarithm so that e^z need not exist. */
double SlopeOverStrength(int kind, double z, double log_strength) {
  switch (kind) {
    case CHORUS_EVIDENCE_EXP:
      return std::exp(z - log_strength);
    case CHORUS_EVIDENCE_SOFTPLUS:
      return Sigmoid(z) * std::exp(-log_strength);
    default:
      return z > 0 ? std::exp(-log_strength) : 0;
  }
}

/** Evidence in the KL term: exp is clamped. */
double KlEvidence(int kind, double z) {
  return Evidence(
      kind, kind == CHORUS_EVIDENCE_EXP && z > kEvidentialMaxKlLogit ? kEvidentialMaxKlLogit : z);
}

double KlEvidenceSlope(int kind, double z) {
  switch (kind) {
    case CHORUS_EVIDENCE_EXP:
      return z > kEvidentialMaxKlLogit ? 0 : std::exp(z);
    case CHORUS_EVIDENCE_SOFTPLUS:
      return Sigmoid(z);
    default:
      return z > 0 ? 1 : 0;
  }
}

/** 1 - y; never negative, or a label rounded to above 1 would make a concentration negative. */
double Rest(float y) { return y < 1 ? 1 - static_cast<double>(y) : 0; }

/** Sum of the KL term's concentrations 1 + (1 - y) e. */
double KlStrength(int kind, const float* z, const float* y, int64_t K) {
  double strength = static_cast<double>(K);
  for (int64_t k = 0; k < K; ++k) strength += Rest(y[k]) * KlEvidence(kind, z[k]);
  return strength;
}

double KlDivergence(int kind, const float* z, const float* y, int64_t K) {
  const double classes = static_cast<double>(K);
  double kl = -DirichletKlTerm(KlStrength(kind, z, y, K), classes) - LnGamma(classes);
  for (int64_t k = 0; k < K; ++k)
    kl += DirichletKlTerm(1 + Rest(y[k]) * KlEvidence(kind, z[k]), 1.0);
  // Rounding may leave a zero divergence at -1e-15.
  return kl < 0 ? 0 : kl;
}

double Weight(const float* weights, int64_t n) {
  return weights ? static_cast<double>(weights[n]) : 1.0;
}

double Lambda(const float* lambda, int64_t n, int64_t i, int64_t W) {
  return lambda ? static_cast<double>(lambda[n * W + i]) : 1.0 / static_cast<double>(W);
}

bool IsSkipped(const float* lambda, const float* weights, int64_t n, int64_t W) {
  if (weights && weights[n] == 0) return true;
  for (int64_t i = 0; i < W; ++i) {
    if (Lambda(lambda, n, i, W) != 0) return false;
  }
  return true;
}

chorus_status CheckRows(const char* op, const float* logits, const float* targets,
                        const float* lambda, const float* weights, const EvidentialSpec& s) {
  if (chorus_status bad = CheckWeights(op, "row", weights, s.N)) return bad;
  for (int64_t n = 0; n < s.N; ++n) {
    if (weights && weights[n] == 0) continue;
    const long long row = n;
    for (int64_t i = 0; lambda && i < s.W; ++i) {
      if (!IsWeight(lambda[n * s.W + i])) {
        return Fail(CHORUS_INVALID_VALUE,
                    "%s: row %lld: lambda of label %lld is %g, expected finite and >= 0", op, row,
                    static_cast<long long>(i), static_cast<double>(lambda[n * s.W + i]));
      }
    }
    if (IsSkipped(lambda, weights, n, s.W)) continue;
    if (chorus_status bad = CheckLogits(op, n, logits + n * s.stride, s.K)) return bad;
    for (int64_t i = 0; i < s.W; ++i) {
      if (Lambda(lambda, n, i, s.W) == 0) continue;
      const float* y = targets + (n * s.W + i) * s.K;
      for (int64_t k = 0; k < s.K; ++k) {
        if (!(y[k] >= 0 && y[k] <= kMaxLabel)) {
          return Fail(CHORUS_INVALID_VALUE,
                      "%s: row %lld: label %lld gives class %lld %g, expected [0, 1]", op, row,
                      static_cast<long long>(i), static_cast<long long>(k),
                      static_cast<double>(y[k]));
        }
      }
    }
  }
  return CHORUS_OK;
}

/**
 * d [K] += scale times the gradient of labels [first, end) of one row. Labels are summed in double
 * for each class, so they must be together; what each needs beside z_k is kept on the stack,
 * because kernels allocate nothing.
 */
void AddLabels(float* d, const float* z, const float* targets, const float* lambda, int64_t first,
               int64_t end, double log_strength, double scale, const EvidentialSpec& s) {
  const double classes = static_cast<double>(s.K);
  double part[kLabelBlock];
  double kl_strength_slope[kLabelBlock];
  double mass = 0;  // sum_i lambda_i sum_k y_ik
  for (int64_t i = first; i < end; ++i) {
    part[i - first] = Lambda(lambda, 0, i, s.W);
    if (part[i - first] == 0) continue;
    const float* y = targets + i * s.K;
    double label_mass = 0;
    for (int64_t k = 0; k < s.K; ++k) label_mass += y[k];
    mass += part[i - first] * label_mass;
    if (s.kl_weight != 0) {
      kl_strength_slope[i - first] = DirichletKlSlope(KlStrength(s.evidence, z, y, s.K), classes);
    }
  }
  for (int64_t k = 0; k < s.K; ++k) {
    const double kl_evidence = KlEvidence(s.evidence, z[k]);
    const double kl_evidence_slope = KlEvidenceSlope(s.evidence, z[k]);
    double label = 0;  // sum_i lambda_i y_ik
    double kl = 0;     // sum_i lambda_i dKL_i / dalpha_k
    for (int64_t i = first; i < end; ++i) {
      if (part[i - first] == 0) continue;
      const float y = targets[i * s.K + k];
      label += part[i - first] * y;
      if (s.kl_weight == 0 || kl_evidence_slope == 0) continue;
      const double slope =
          DirichletKlSlope(1 + Rest(y) * kl_evidence, 1.0) - kl_strength_slope[i - first];
      kl += part[i - first] * Rest(y) * slope;
    }
    const double nll = mass * SlopeOverStrength(s.evidence, z[k], log_strength) -
                       label * LogAlphaSlope(s.evidence, z[k]);
    d[k] = static_cast<float>(d[k] + scale * (nll + s.kl_weight * kl * kl_evidence_slope));
  }
}

}  // namespace

chorus_status EvidentialForwardCpu(float* loss, float* nll, float* kl, const float* logits,
                                   const float* targets, const float* lambda, const float* weights,
                                   const EvidentialSpec& s) {
  if (chorus_status bad = CheckRows("evidential_forward_f32", logits, targets, lambda, weights, s))
    return bad;
  for (int64_t n = 0; n < s.N; ++n) {
    if (IsSkipped(lambda, weights, n, s.W)) {
      loss[n] = nll[n] = kl[n] = 0;
      continue;
    }
    const float* z = logits + n * s.stride;
    const double log_strength = LogStrength(s.evidence, z, s.K);
    double row_nll = 0;
    double row_kl = 0;
    for (int64_t i = 0; i < s.W; ++i) {
      const double part = Lambda(lambda, n, i, s.W);
      if (part == 0) continue;
      const float* y = targets + (n * s.W + i) * s.K;
      double label_nll = 0;
      for (int64_t k = 0; k < s.K; ++k)
        label_nll += y[k] * (log_strength - LogAlpha(s.evidence, z[k]));
      row_nll += part * label_nll;
      row_kl += part * KlDivergence(s.evidence, z, y, s.K);
    }
    loss[n] = static_cast<float>(Weight(weights, n) * (row_nll + s.kl_weight * row_kl));
    nll[n] = static_cast<float>(row_nll);
    kl[n] = static_cast<float>(row_kl);
  }
  return CHORUS_OK;
}

chorus_status EvidentialBackwardCpu(float* dlogits, const float* dloss, const float* logits,
                                    const float* targets, const float* lambda, const float* weights,
                                    const EvidentialSpec& s) {
  const char* op = "evidential_backward_f32";
  if (chorus_status bad = CheckRows(op, logits, targets, lambda, weights, s)) return bad;
  for (int64_t n = 0; n < s.N; ++n) {
    if (!IsSkipped(lambda, weights, n, s.W) && !std::isfinite(dloss[n])) {
      return Fail(CHORUS_INVALID_VALUE, "%s: row %lld: dloss is %g, expected finite", op,
                  static_cast<long long>(n), static_cast<double>(dloss[n]));
    }
  }
  for (int64_t n = 0; n < s.N; ++n) {
    float* d = dlogits + n * s.K;
    for (int64_t k = 0; k < s.K; ++k) d[k] = 0;
    if (IsSkipped(lambda, weights, n, s.W)) continue;
    const float* z = logits + n * s.stride;
    const double scale = Weight(weights, n) * dloss[n];
    const double log_strength = LogStrength(s.evidence, z, s.K);
    for (int64_t first = 0; first < s.W; first += kLabelBlock) {
      const int64_t end = first + kLabelBlock < s.W ? first + kLabelBlock : s.W;
      AddLabels(d, z, targets + n * s.W * s.K, lambda ? lambda + n * s.W : nullptr, first, end,
                log_strength, scale, s);
    }
  }
  return CHORUS_OK;
}

}  // namespace chorus
