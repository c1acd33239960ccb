#include <cmath>
#include <limits>

#include "ops/token_logprob/token_logprob.h"

namespace chorus {

namespace {

double LogSumExp(const double* z, int64_t V) {
  double max = -std::numeric_limits<double>::infinity();
  for (int64_t v = 0; v < V; ++v) max = std::fmax(max, z[v]);
  double sum = 0;
  for (int64_t v = 0; v < V; ++v) sum += std::exp(z[v] - max);
  return max + std::log(sum);
}

}  // namespace

void TokenLogprobForwardRef(double* logps, double* lse, double* entropy, const double* logits,
                            const int64_t* targets, const double* weights, int64_t N, int64_t V,
                            int64_t stride) {
  for (int64_t n = 0; n < N; ++n) {
    logps[n] = lse[n] = entropy[n] = 0;
    if (weights && weights[n] == 0) continue;
    const double* z = logits + n * stride;
    lse[n] = LogSumExp(z, V);
    logps[n] = z[targets[n]] - lse[n];
    for (int64_t v = 0; v < V; ++v) {
      const double logp = z[v] - lse[n];
      const double p = std::exp(logp);
      if (p > 0) entropy[n] -= p * logp;
    }
  }
}

void TokenLogprobBackwardRef(double* dlogits, const double* logits, const int64_t* targets,
                             const double* dlogps, const double* weights, int64_t N, int64_t V,
                             int64_t stride) {
  for (int64_t n = 0; n < N; ++n) {
    const double* z = logits + n * stride;
    const double w = weights ? weights[n] : 1;
    const double lse = w == 0 ? 0 : LogSumExp(z, V);
    for (int64_t v = 0; v < V; ++v) {
      const double onehot = v == targets[n] ? 1 : 0;
      dlogits[n * V + v] = w == 0 ? 0 : w * dlogps[n] * (onehot - std::exp(z[v] - lse));
    }
  }
}

}  // namespace chorus
