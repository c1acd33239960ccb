#include <cmath>
#include <limits>
#include <vector>

#include "ops/ensemble_logprob/ensemble_logprob.h"
#include "ops/token_logprob/token_logprob.h"

namespace chorus {

namespace {

/** ln sum_w omega_w e^x_w. */
double LogMixture(const std::vector<double>& x, const double* omega) {
  double max = -std::numeric_limits<double>::infinity();
  for (size_t w = 0; w < x.size(); ++w) {
    if (omega[w] > 0) max = std::fmax(max, std::log(omega[w]) + x[w]);
  }
  double sum = 0;
  for (size_t w = 0; w < x.size(); ++w) {
    if (omega[w] > 0) sum += std::exp(std::log(omega[w]) + x[w] - max);
  }
  return max + std::log(sum);
}

/** omega_w e^x_w / sum_i omega_i e^x_i. */
double Responsibility(const std::vector<double>& x, const double* omega, size_t w) {
  return omega[w] > 0 ? std::exp(std::log(omega[w]) + x[w] - LogMixture(x, omega)) : 0;
}

double Weight(const double* weights, int64_t n) { return weights ? weights[n] : 1; }

}  // namespace

void EnsembleLogprobForwardRef(double* logps, double* lse, double* entropy, double* mixture, double* sequence_logps,
                               double* sequence_mixture, const double* logits, const int64_t* targets,
                               const double* weights, const double* omega, const int64_t* offsets, int64_t W,
                               int64_t N, int64_t V, int64_t S) {
  for (int64_t w = 0; w < W; ++w) {
    TokenLogprobForwardRef(logps + w * N, lse + w * N, entropy + w * N, logits + w * N * V, targets, weights, N, V, V);
  }
  for (int64_t n = 0; n < N; ++n) {
    std::vector<double> x;
    for (int64_t w = 0; w < W; ++w) x.push_back(logps[w * N + n]);
    mixture[n] = Weight(weights, n) == 0 ? 0 : LogMixture(x, omega);
  }
  for (int64_t s = 0; s < S; ++s) {
    sequence_mixture[s] = 0;
    for (int64_t w = 0; w < W; ++w) sequence_logps[w * S + s] = 0;
    for (int64_t n = offsets[s]; n < offsets[s + 1]; ++n) {
      sequence_mixture[s] += Weight(weights, n) * mixture[n];
      for (int64_t w = 0; w < W; ++w) sequence_logps[w * S + s] += Weight(weights, n) * logps[w * N + n];
    }
  }
}

void EnsembleLogprobBackwardRef(double* dlogits, const double* logits, const int64_t* targets, const double* dlogps,
                                const double* dmixture, const double* dsequence, const double* dsequence_mixture,
                                const double* weights, const double* omega, const int64_t* offsets, int64_t W,
                                int64_t N, int64_t V, int64_t S) {
  const size_t size = static_cast<size_t>(W * N);
  std::vector<double> logps(size), unused(size), d(size);
  for (int64_t w = 0; w < W; ++w) {
    TokenLogprobForwardRef(logps.data() + w * N, unused.data(), unused.data(), logits + w * N * V, targets, weights, N,
                           V, V);
  }
  for (int64_t s = 0; s < S; ++s) {
    for (int64_t n = offsets[s]; n < offsets[s + 1]; ++n) {
      std::vector<double> x;
      for (int64_t w = 0; w < W; ++w) x.push_back(logps[static_cast<size_t>(w * N + n)]);
      for (int64_t w = 0; w < W; ++w) {
        d[static_cast<size_t>(w * N + n)] =
            dlogps[w * N + n] + dsequence[w * S + s] +
            Responsibility(x, omega, static_cast<size_t>(w)) * (dmixture[n] + dsequence_mixture[s]);
      }
    }
  }
  for (int64_t w = 0; w < W; ++w) {
    TokenLogprobBackwardRef(dlogits + w * N * V, logits + w * N * V, targets, d.data() + w * N, weights, N, V, V);
  }
}

void RaggedEnsembleLogprobForwardRef(double* const* logps, double* const* lse, double* const* entropy,
                                     double* sequence_logps, double* sequence_means, double* sequence_mixture,
                                     const double* const* logits, const int64_t* const* targets,
                                     const double* const* weights, const double* omega, const int64_t* const* offsets,
                                     int64_t W, const int64_t* rows, const int64_t* vocabularies, int64_t S) {
  for (int64_t w = 0; w < W; ++w) {
    TokenLogprobForwardRef(logps[w], lse[w], entropy[w], logits[w], targets[w], weights[w], rows[w], vocabularies[w],
                           vocabularies[w]);
  }
  for (int64_t s = 0; s < S; ++s) {
    std::vector<double> sums;
    for (int64_t w = 0; w < W; ++w) {
      double sum = 0, tokens = 0;
      for (int64_t n = offsets[w][s]; n < offsets[w][s + 1]; ++n) {
        sum += Weight(weights[w], n) * logps[w][n];
        tokens += Weight(weights[w], n);
      }
      sequence_logps[w * S + s] = sum;
      sequence_means[w * S + s] = tokens > 0 ? sum / tokens : 0;
      sums.push_back(sum);
    }
    sequence_mixture[s] = LogMixture(sums, omega);
  }
}

void RaggedEnsembleLogprobBackwardRef(double* const* dlogits, const double* const* logits,
                                      const int64_t* const* targets, const double* dsequence,
                                      const double* dsequence_mixture, const double* const* weights,
                                      const double* omega, const int64_t* const* offsets, int64_t W,
                                      const int64_t* rows, const int64_t* vocabularies, int64_t S) {
  const size_t models = static_cast<size_t>(W);
  std::vector<std::vector<double>> sums(static_cast<size_t>(S), std::vector<double>(models, 0));
  for (int64_t w = 0; w < W; ++w) {
    const size_t size = static_cast<size_t>(rows[w]);
    std::vector<double> logps(size), unused(size);
    TokenLogprobForwardRef(logps.data(), unused.data(), unused.data(), logits[w], targets[w], weights[w], rows[w],
                           vocabularies[w], vocabularies[w]);
    for (int64_t s = 0; s < S; ++s) {
      for (int64_t n = offsets[w][s]; n < offsets[w][s + 1]; ++n) {
        sums[static_cast<size_t>(s)][static_cast<size_t>(w)] +=
            Weight(weights[w], n) * logps[static_cast<size_t>(n)];
      }
    }
  }
  for (int64_t w = 0; w < W; ++w) {
    std::vector<double> d(static_cast<size_t>(rows[w]));
    for (int64_t s = 0; s < S; ++s) {
      const double share = Responsibility(sums[static_cast<size_t>(s)], omega, static_cast<size_t>(w));
      for (int64_t n = offsets[w][s]; n < offsets[w][s + 1]; ++n) {
        d[static_cast<size_t>(n)] = dsequence[w * S + s] + share * dsequence_mixture[s];
      }
    }
    TokenLogprobBackwardRef(dlogits[w], logits[w], targets[w], d.data(), weights[w], rows[w], vocabularies[w],
                            vocabularies[w]);
  }
}

}  // namespace chorus
