// The sum of a label's concentrations, on a device.
#ifndef CHORUS_OPS_EVIDENTIAL_TOTAL_H
#define CHORUS_OPS_EVIDENTIAL_TOTAL_H

#include <cmath>

#include "cuda/single.h"

namespace chorus {
namespace cuda {

/** The sum 1 + b of n = others + 1 concentrations. All but its logarithm is of order 1, and so is left to f32. */
struct TotalConcentration {
  DirichletTerm<Single> term;
  float others;

  // The inverse of what is larger would be 0.
  CHORUS_HD_INLINE TotalConcentration(float b, float count)
      : term(Single{b < 0x1p125f ? b : 0x1p125f}), others(count) {}

  /** h_n(1 + b) + 1 - (1/2 - n) ln(1 + b). */
  CHORUS_HD_INLINE float Smooth() const {
    return term.Smooth().v - others * (term.x * dirichlet::DigammaCurve(term.w)).v;
  }
  /** u_n(1 + b). */
  CHORUS_HD_INLINE float Slope() const {
    return term.x.v * (dirichlet::KlSlopeCurve(term.w).v - others * dirichlet::TrigammaCurve(term.w).v);
  }
};

/** h_K(K) + 1, of the Dirichlet without evidence. */
inline double NoEvidence(double K) {
  const float others = static_cast<float>(K - 1);
  return (0.5 - K) * std::log(K) + TotalConcentration(others, others).Smooth();
}

}  // namespace cuda
}  // namespace chorus

#endif
