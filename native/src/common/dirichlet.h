// The terms of KL(Dir(a) || Dir(1)) and of its slope for concentrations a_k >= 1, without loops or branches, for vectors.
//
// special.h reaches its asymptotic series by recurrence, which takes up to nine divisions and a branch. Here every function
// is a factor that is known and a polynomial for the smooth rest, in
//
//   x = 1 / (a + 1/2),   w = 1 - 3 x,   w from -1 (a = 1) to 1 (a = infinity).
//
// The polynomials interpolate at Chebyshev points; what is left, rounding included, is below 1e-13 of each polynomial. The
// shift by 1/2 is about the one that asks for the fewest coefficients. Even and odd powers are summed apart, which halves the
// time that a sum waits for itself.
//
// T is double, or a vector of doubles: nothing but + - * / is used, and logarithms are the caller's.
#ifndef CHORUS_COMMON_DIRICHLET_H
#define CHORUS_COMMON_DIRICHLET_H

// Always inlined on the host: *_simd.cc files must not share a function by name (simd/vec.h).
#if defined(__CUDACC__)
#define CHORUS_ELEMENT __host__ __device__ inline
#else
#define CHORUS_ELEMENT inline __attribute__((always_inline))
#endif

namespace chorus {

namespace dirichlet {

/** R of h_1(a) + 1 = (a - 1) x R - ln(a) / 2, where h_n(a) = (a - n) psi(a) - lnGamma(a) - a as in special.h. */
template <typename T>
CHORUS_ELEMENT T KlCurve(T w) {
  const T w2 = w * w;
  T even = w2 * -6.129708973106807e-10 - 5.5079319331250715e-09;
  even = even * w2 - 8.977651763643335e-08;
  even = even * w2 - 2.9053019592369494e-06;
  even = even * w2 - 7.232971210223402e-05;
  even = even * w2 - 0.0016488691580821692;
  even = even * w2 - 0.0391399793968188;
  even = even * w2 - 0.5436050871359563;
  T odd = w2 * -3.2935324367653923e-10 + 2.9448639284059846e-08;
  odd = odd * w2 + 6.257301913369143e-07;
  odd = odd * w2 + 1.3533372416043727e-05;
  odd = odd * w2 + 0.00034562388108258204;
  odd = odd * w2 + 0.008346029256553027;
  odd = odd * w2 + 0.1568248920381286;
  return odd * w + even;
}

/** Q of u_1(a) = (a - 1) psi1(a) - 1 = x Q. */
template <typename T>
CHORUS_ELEMENT T KlSlopeCurve(T w) {
  const T w2 = w * w;
  T even = w2 * 2.029602497775637e-09 - 1.8452703758916607e-07;
  even = even * w2 - 3.0723327946463594e-06;
  even = even * w2 - 5.430682289214498e-05;
  even = even * w2 - 0.001064069530893178;
  even = even * w2 - 0.01761243341705696;
  even = even * w2 - 0.18787583784997686;
  even = even * w2 - 0.7933900975489316;
  T odd = w2 * 4.835944528774842e-09 + 3.10235392841592e-08;
  odd = odd * w2 + 4.889529453346386e-07;
  odd = odd * w2 + 1.324411284316448e-05;
  odd = odd * w2 + 0.00025597985019975346;
  odd = odd * w2 + 0.004269995619802366;
  odd = odd * w2 + 0.06438524541471081;
  odd = odd * w2 + 0.43107501019002636;
  return odd * w + even;
}

/** D of psi(a) = ln a + x D. */
template <typename T>
CHORUS_ELEMENT T DigammaCurve(T w) {
  const T w2 = w * w;
  T even = w2 * -6.218462073659155e-10 - 5.345630295447638e-09;
  even = even * w2 - 9.286371685017136e-08;
  even = even * w2 - 2.9801644023186183e-06;
  even = even * w2 - 7.413900957778559e-05;
  even = even * w2 - 0.0017148959387276509;
  even = even * w2 - 0.041717361045513136;
  even = even * w2 - 0.6394022736867381;
  T odd = w2 * -2.607059604923466e-10 + 3.0035101527100046e-08;
  odd = odd * w2 + 6.323258923813976e-07;
  odd = odd * w2 + 1.38924962440176e-05;
  odd = odd * w2 + 0.00035765430336005734;
  odd = odd * w2 + 0.008722008560823773;
  odd = odd * w2 + 0.17381753121542862;
  return odd * w + even;
}

/** psi1(a) / x. */
template <typename T>
CHORUS_ELEMENT T TrigammaCurve(T w) {
  const T w2 = w * w;
  T even = w2 * 5.338156782375368e-09 + 1.6742047101009318e-07;
  even = even * w2 + 2.992088641953325e-06;
  even = even * w2 + 5.8902462408889255e-05;
  even = even * w2 + 0.001145793707683906;
  even = even * w2 + 0.019290123036058406;
  even = even * w2 + 0.24212929778204187;
  even = even * w2 + 1.471073268300708;
  T odd = w2 * -3.36392306297884e-09 - 2.41076077981153e-08;
  odd = odd * w2 - 6.173168665773011e-07;
  odd = odd * w2 - 1.3868949286919676e-05;
  odd = odd * w2 - 0.0002657606053046428;
  odd = odd * w2 - 0.004701837049632156;
  odd = odd * w2 - 0.07395524226871801;
  odd = odd * w2 - 0.6547631964748306;
  return odd * w + even;
}

}  // namespace dirichlet

/** One concentration a = 1 + b. b comes by itself: near no evidence, a - 1 would have lost its digits. */
template <typename T>
struct DirichletTerm {
  T b, x, w;

  CHORUS_ELEMENT static T Shifted(T b) { return b + 1.5; }
  CHORUS_ELEMENT explicit DirichletTerm(T excess) : b(excess), x(1.0 / Shifted(excess)), w(1.0 - 3.0 * x) {}

  /** h_1(a) + 1 + ln(a) / 2. The logarithms of a row are left to be taken of products. */
  CHORUS_ELEMENT T Smooth() const { return b * x * dirichlet::KlCurve(w); }
  /** u_1(a). */
  CHORUS_ELEMENT T Slope() const { return x * dirichlet::KlSlopeCurve(w); }

  /** h_n(a) + 1 for the sum of n concentrations; log_a = ln a. Terms cancel as in DirichletKlTerm of special.h. */
  CHORUS_ELEMENT T TotalTerm(double n, T log_a) const {
    return (0.5 - n) * log_a + Smooth() - (n - 1.0) * x * dirichlet::DigammaCurve(w);
  }
  /** u_n(a) for the sum of n concentrations. Both of its parts are below 0. */
  CHORUS_ELEMENT T TotalSlope(double n) const {
    return x * (dirichlet::KlSlopeCurve(w) - (n - 1.0) * dirichlet::TrigammaCurve(w));
  }
};

}  // namespace chorus

#endif
