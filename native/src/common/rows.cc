#include "common/rows.h"

#include <cmath>
#include <cstring>

// The variants are chosen by an ifunc, whose resolver runs before a sanitizer is ready.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && defined(__linux__) && \
    !defined(__SANITIZE_ADDRESS__)
#define CHORUS_CLONES __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define CHORUS_CLONES
#endif

namespace chorus {

namespace {

// Below, e^x is under 2^-1022 and is taken as 0.
constexpr double kSmallest = -708.0;

/**
 * e^x = 2^k e^r with k = round(x / ln 2) and |r| <= ln(2) / 2, and a polynomial for e^r whose first omitted term is
 * r^14 / 14! < 5e-18. Branch-free: k comes out of the low bits of a number so large that adding it rounds.
 */
inline __attribute__((always_inline)) double Exp(double x) {
  constexpr double kRound = 6755399441055744.0;  // 1.5 * 2^52
  const double clamped = x > kSmallest ? x : kSmallest;
  const double shifted = clamped * 1.4426950408889634074 + kRound;
  const double k = shifted - kRound;
  // ln 2 in two parts; k times the first one is exact.
  const double r = (clamped - k * 6.93147180369123816490e-01) - k * 1.90821492927058770002e-10;
  double p = 1.6059043836821614599e-10;  // 1/13!
  p = p * r + 2.0876756987868098979e-09;
  p = p * r + 2.5052108385441718775e-08;
  p = p * r + 2.7557319223985890653e-07;
  p = p * r + 2.7557319223985890653e-06;
  p = p * r + 2.4801587301587301587e-05;
  p = p * r + 1.9841269841269841270e-04;
  p = p * r + 1.3888888888888888889e-03;
  p = p * r + 8.3333333333333333333e-03;
  p = p * r + 4.1666666666666666667e-02;
  p = p * r + 1.6666666666666666667e-01;
  p = p * r + 0.5;
  p = p * r + 1.0;
  p = p * r + 1.0;
  uint64_t bits, scale;
  std::memcpy(&bits, &shifted, sizeof bits);
  std::memcpy(&scale, &p, sizeof scale);
  scale += bits << 52;
  double result;
  std::memcpy(&result, &scale, sizeof result);
  return x > kSmallest ? result : 0.0;
}

}  // namespace

double PolynomialExp(double x) { return Exp(x); }

CHORUS_CLONES float RowMax(const float* z, int64_t V) {
  float max = -INFINITY;
#pragma omp simd reduction(max : max)
  for (int64_t v = 0; v < V; ++v) max = z[v] > max ? z[v] : max;
  return max;
}

CHORUS_CLONES bool RowHasBadLogit(const float* z, int64_t V) {
  // NaN compares false with everything, so "not below +infinity" is both.
  int bad = 0;
#pragma omp simd reduction(| : bad)
  for (int64_t v = 0; v < V; ++v) bad |= !(z[v] < INFINITY);
  return bad != 0;
}

CHORUS_CLONES ExpSums RowExpSums(const float* z, int64_t V, float max) {
  double sum = 0;
  double dot = 0;
  const double m = max;
#pragma omp simd reduction(+ : sum, dot)
  for (int64_t v = 0; v < V; ++v) {
    const double d = z[v] - m;
    const double e = Exp(d);
    sum += e;
    // A masked entry has d = -infinity and e = 0, whose product would be NaN.
    dot += e * (d > kSmallest ? d : 0.0);
  }
  return {sum, dot};
}

CHORUS_CLONES void RowScaledSoftmax(float* z, int64_t V, double lse, double scale) {
#pragma omp simd
  for (int64_t v = 0; v < V; ++v) z[v] = static_cast<float>(-scale * Exp(z[v] - lse));
}

}  // namespace chorus
