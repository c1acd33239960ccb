#include <cmath>
#include <vector>

#include "ops/evidential/evidential.h"
#include "ops/evidential_token/evidential_token.h"

namespace chorus {

namespace {

/** The soft label of one row, which the gradient takes as given. */
std::vector<double> Label(const double* z, const int64_t* ids, const double* probs, const EvidentialTokenSpec& s) {
  double max = -INFINITY;
  for (int64_t v = 0; v < s.V; ++v) max = std::fmax(max, z[v]);
  std::vector<double> p(s.V);
  double sum = 0;
  for (int64_t v = 0; v < s.V; ++v) sum += p[v] = max == -INFINITY ? 0 : std::exp(z[v] - max);
  for (double& each : p) each = sum == 0 ? 0 : each / sum;

  double named = 0;        // what the label gives to the named tokens
  double model_named = 0;  // what the model gives to them
  int64_t others = s.V;
  for (int64_t j = 0; j < s.named; ++j) {
    if (ids[j] < 0) continue;
    named += probs[j];
    model_named += p[ids[j]];
    --others;
  }
  const double rest = std::fmax(1 - named, 0);
  const bool uniform = sum == 0 || 1 - model_named < kEvidentialTokenLeastRest;
  std::vector<double> y(s.V);
  for (int64_t v = 0; v < s.V; ++v) {
    y[v] = uniform ? rest / static_cast<double>(others) : p[v] * rest / (1 - model_named);
  }
  for (int64_t j = 0; j < s.named; ++j) {
    if (ids[j] >= 0) y[ids[j]] = probs[j];
  }
  return y;
}

}  // namespace

void EvidentialTokenRef(double* loss, double* nll, double* kl, double* dlogits, const double* dloss, const double* logits,
                        const int64_t* ids, const double* probs, const double* weights, const EvidentialTokenSpec& s) {
  for (int64_t n = 0; n < s.N; ++n) {
    loss[n] = nll[n] = kl[n] = 0;
    for (int64_t v = 0; v < s.V; ++v) dlogits[n * s.V + v] = 0;
    const double* w = weights ? weights + n : nullptr;
    if (w && *w == 0) continue;
    const double* z = logits + n * s.stride;
    const std::vector<double> y = Label(z, ids + n * s.named, probs + n * s.named, s);
    const EvidentialSpec spec = {1, 1, s.V, s.V, s.evidence, s.kl_weight};
    EvidentialForwardRef(loss + n, nll + n, kl + n, z, y.data(), nullptr, w, spec);
    EvidentialBackwardRef(dlogits + n * s.V, dloss + n, z, y.data(), nullptr, w, spec);
  }
}

}  // namespace chorus
