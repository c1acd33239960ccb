// special_functions: lnGamma, digamma and trigamma of arrays.
//
//   x, y (count), f32 or f64
//
// What is refused stands at chorus_lngamma_* in chorus.h. Everything is computed in double (common/special.h).
#ifndef CHORUS_OPS_SPECIAL_FUNCTIONS_H
#define CHORUS_OPS_SPECIAL_FUNCTIONS_H

#include <cstdint>

#include "chorus.h"
#include "simd/isa.h"

namespace chorus {

enum class SpecialFunction { kLnGamma = 0, kDigamma = 1, kTrigamma = 2 };

/** The loops, by function; false if an element is not above 0. */
struct SpecialLoops {
  bool (*f64[3])(double* y, const double* x, int64_t count);
  bool (*f32[3])(float* y, const float* x, int64_t count);
};

CHORUS_DECLARE_TABLE(SpecialLoops, kSpecialLoops)

/** Real is double or float. CHORUS_INVALID_VALUE names the first bad element. */
template <typename Real>
chorus_status SpecialFunctionCpu(const char* op, SpecialFunction function, Real* y, const Real* x, int64_t count);

/** In long double, step by step up to x >= 30; near the zeros its error is absolute, of a few units in the last place of
 * the largest number on the way. */
double LnGammaRef(double x);
double DigammaRef(double x);
double TrigammaRef(double x);

}  // namespace chorus

#endif
