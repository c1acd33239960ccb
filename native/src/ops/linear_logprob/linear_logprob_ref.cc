#include <cmath>
#include <vector>

#include "ops/linear_logprob/linear_logprob.h"

namespace chorus {

namespace {

/** The target distribution of one row, over softmax p of its logits. */
std::vector<double> Target(const std::vector<double>& p, const int64_t* ids, const double* probabilities, int64_t k,
                           const double* dense) {
  const int64_t V = static_cast<int64_t>(p.size());
  std::vector<double> t(p.size(), 0.0);
  if (dense) return std::vector<double>(dense, dense + V);
  std::vector<bool> named(p.size(), false);
  double mass = 0;
  for (int64_t i = 0; i < k; ++i) {
    if (ids[i] < 0) continue;
    const size_t id = static_cast<size_t>(ids[i]);
    named[id] = true;
    t[id] = probabilities ? probabilities[i] : 1;
    mass += t[id];
  }
  double rest = 0, open = 0;
  for (size_t v = 0; v < p.size(); ++v) {
    rest += named[v] ? 0 : p[v];
    open += !named[v] && p[v] > 0 ? 1 : 0;
  }
  const double left = mass < 1 ? 1 - mass : 0;
  for (size_t v = 0; v < p.size(); ++v) {
    if (named[v] || p[v] == 0) continue;
    t[v] = rest < kLeastRest ? left / open : left * p[v] / rest;
  }
  return t;
}

}  // namespace

void LinearLogprobRowsRef(double* logps, double* kl, double* lse, double* entropy, double* top1, double* dlogits,
                          const double* logits, const double* bias, const int64_t* ids, const double* probabilities,
                          int64_t k, const double* dense, const double* weights, const double* dlogps,
                          const HeadSpec& s) {
  for (int64_t n = 0; n < s.N; ++n) {
    logps[n] = kl[n] = lse[n] = entropy[n] = top1[n] = 0;
    for (int64_t v = 0; dlogits && v < s.V; ++v) dlogits[n * s.V + v] = 0;
    if (weights && weights[n] == 0) continue;
    std::vector<double> z, slope, p;
    double max = -INFINITY;
    for (int64_t v = 0; v < s.V; ++v) {
      const double u = s.scale * (logits[n * s.stride + v] + (bias ? bias[v] : 0));
      const double tanh = s.soft_cap > 0 ? std::tanh(u / s.soft_cap) : 0;
      // A masked logit stays masked.
      const bool capped = s.soft_cap > 0 && u != -INFINITY;
      z.push_back(capped ? s.soft_cap * tanh : u);
      slope.push_back(s.scale * (capped ? 1 - tanh * tanh : 1));
      max = std::fmax(max, z.back());
    }
    double sum = 0;
    for (double x : z) sum += std::exp(x - max);
    lse[n] = max + std::log(sum);
    for (double x : z) {
      p.push_back(std::exp(x - lse[n]));
      top1[n] = std::fmax(top1[n], p.back());
      if (p.back() > 0) entropy[n] -= p.back() * (x - lse[n]);
    }
    const std::vector<double> t = Target(p, ids ? ids + n * k : nullptr, probabilities ? probabilities + n * k : nullptr,
                                         k, dense ? dense + n * s.V : nullptr);
    double mass = 0;
    for (size_t v = 0; v < t.size(); ++v) {
      mass += t[v];
      if (t[v] == 0) continue;
      logps[n] += t[v] * (z[v] - lse[n]);
      kl[n] += t[v] * (std::log(t[v]) - (z[v] - lse[n]));
    }
    if (!dlogits) continue;
    const double scale = (weights ? weights[n] : 1) * dlogps[n];
    for (size_t v = 0; v < t.size(); ++v) {
      dlogits[n * s.V + static_cast<int64_t>(v)] = scale * (t[v] - p[v] * mass) * slope[v];
    }
  }
}

}  // namespace chorus
