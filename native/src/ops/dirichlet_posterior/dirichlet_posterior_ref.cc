#include "ops/dirichlet_posterior/dirichlet_posterior.h"

#include <cmath>

#include "ops/special_functions/special_functions.h"

namespace chorus {

void DirichletPosteriorRef(DirichletRowRef& out, const double* labels, const double* w, const double* prior, int64_t W,
                           int64_t K) {
  const double classes = static_cast<double>(K);
  double strength = 0;
  for (int64_t k = 0; k < K; ++k) {
    out.alpha[k] = prior[k];
    for (int64_t i = 0; i < W; ++i) out.alpha[k] += w[i] * labels[i * K + k];
    strength += out.alpha[k];
  }
  out.label = 0;
  out.total = out.expected = 0;
  out.differential = (strength - classes) * DigammaRef(strength) - LnGammaRef(strength);
  for (int64_t k = 0; k < K; ++k) {
    const double a = out.alpha[k];
    const double p = a / strength;
    out.p[k] = p;
    out.belief[k] = (a - 1) / strength;
    out.variance[k] = p * (1 - p) / (strength + 1);
    if (a > out.alpha[out.label]) out.label = k;
    out.total -= p * std::log(p);
    out.expected -= p * (DigammaRef(a + 1) - DigammaRef(strength + 1));
    out.differential += LnGammaRef(a) - (a - 1) * DigammaRef(a);
  }
  out.mutual = std::fmax(0, out.total - out.expected);
  out.epkl = (classes - 1) / strength;
  out.vacuity = classes / strength;
}

}  // namespace chorus
