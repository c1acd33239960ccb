#include <cmath>
#include <vector>

#include "common/special.h"
#include "ops/evidential/evidential.h"

namespace chorus {

namespace {

double Evidence(int kind, double z) {
  switch (kind) {
    case CHORUS_EVIDENCE_EXP:
      return std::exp(z);
    case CHORUS_EVIDENCE_SOFTPLUS:
      return std::log(1 + std::exp(z));
    default:
      return z > 0 ? z : 0;
  }
}

double EvidenceSlope(int kind, double z) {
  switch (kind) {
    case CHORUS_EVIDENCE_EXP:
      return std::exp(z);
    case CHORUS_EVIDENCE_SOFTPLUS:
      return 1 / (1 + std::exp(-z));
    default:
      return z > 0 ? 1 : 0;
  }
}

double KlLogit(int kind, double z) {
  return kind == CHORUS_EVIDENCE_EXP && z > kEvidentialMaxKlLogit ? kEvidentialMaxKlLogit : z;
}

/** 1 + (1 - y) (alpha - 1) of every class. */
std::vector<double> KlConcentration(int kind, const double* z, const double* y, int64_t K) {
  std::vector<double> alpha(K);
  for (int64_t k = 0; k < K; ++k) {
    alpha[k] = 1 + (1 - std::fmin(y[k], 1)) * Evidence(kind, KlLogit(kind, z[k]));
  }
  return alpha;
}

double Sum(const std::vector<double>& values) {
  double sum = 0;
  for (double value : values) sum += value;
  return sum;
}

double Lambda(const double* lambda, int64_t n, int64_t i, int64_t W) {
  return lambda ? lambda[n * W + i] : 1.0 / W;
}

}  // namespace

void EvidentialForwardRef(double* loss, double* nll, double* kl, const double* logits,
                          const double* targets, const double* lambda, const double* weights,
                          const EvidentialSpec& s) {
  for (int64_t n = 0; n < s.N; ++n) {
    loss[n] = nll[n] = kl[n] = 0;
    const double w = weights ? weights[n] : 1;
    if (w == 0) continue;
    const double* z = logits + n * s.stride;
    double S = 0;
    for (int64_t k = 0; k < s.K; ++k) S += 1 + Evidence(s.evidence, z[k]);
    for (int64_t i = 0; i < s.W; ++i) {
      const double part = Lambda(lambda, n, i, s.W);
      if (part == 0) continue;
      const double* y = targets + (n * s.W + i) * s.K;
      for (int64_t k = 0; k < s.K; ++k) {
        nll[n] += part * y[k] * (std::log(S) - std::log(1 + Evidence(s.evidence, z[k])));
      }
      const std::vector<double> alpha = KlConcentration(s.evidence, z, y, s.K);
      const double total = Sum(alpha);
      double divergence = LnGamma(total) - LnGamma(static_cast<double>(s.K));
      for (double a : alpha) divergence += (a - 1) * (Digamma(a) - Digamma(total)) - LnGamma(a);
      kl[n] += part * divergence;
    }
    loss[n] = w * (nll[n] + s.kl_weight * kl[n]);
  }
}

void EvidentialBackwardRef(double* dlogits, const double* dloss, const double* logits,
                           const double* targets, const double* lambda, const double* weights,
                           const EvidentialSpec& s) {
  for (int64_t n = 0; n < s.N; ++n) {
    double* d = dlogits + n * s.K;
    for (int64_t k = 0; k < s.K; ++k) d[k] = 0;
    const double w = weights ? weights[n] : 1;
    if (w == 0) continue;
    const double* z = logits + n * s.stride;
    double S = 0;
    for (int64_t k = 0; k < s.K; ++k) S += 1 + Evidence(s.evidence, z[k]);
    for (int64_t i = 0; i < s.W; ++i) {
      const double part = Lambda(lambda, n, i, s.W);
      if (part == 0) continue;
      const double* y = targets + (n * s.W + i) * s.K;
      double Y = 0;
      for (int64_t k = 0; k < s.K; ++k) Y += y[k];
      const std::vector<double> alpha = KlConcentration(s.evidence, z, y, s.K);
      const double total = Sum(alpha);
      for (int64_t k = 0; k < s.K; ++k) {
        const double dnll_dalpha = Y / S - y[k] / (1 + Evidence(s.evidence, z[k]));
        const double dkl_dalpha = (1 - std::fmin(y[k], 1)) * ((alpha[k] - 1) * Trigamma(alpha[k]) -
                                                              (total - s.K) * Trigamma(total));
        const double slope = EvidenceSlope(s.evidence, z[k]);
        const double kl_slope = KlLogit(s.evidence, z[k]) == z[k] ? slope : 0;
        d[k] += dloss[n] * w * part * (dnll_dalpha * slope + s.kl_weight * dkl_dalpha * kl_slope);
      }
    }
  }
}

}  // namespace chorus
