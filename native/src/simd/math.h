// Exponentials and logarithms of vectors. Only *_simd.cc files include this.
#ifndef CHORUS_SIMD_MATH_H
#define CHORUS_SIMD_MATH_H

#include "simd/vec.h"

namespace chorus {
namespace CHORUS_ISA {

/** Below this, Exp(F32) is 0: e^x would be under 2^-126. */
constexpr float kExpFloor = -87.3f;

/**
 * e^x for x in [kExpFloor, 88]. Relative error below 1.2e-7 + 7e-8 |x|, which is what rounding
 * x log2 e to float costs: in a softmax, terms with a large |x| are small by themselves. NaN gives rubbish.
 *
 * 2^k 2^f with k = round(x log2 e) and a polynomial of degree 6 for 2^f, |f| <= 1/2 (Chebyshev nodes, 2^0 = 1 held; 5e-9).
 * k comes out of the low bits of a number so large that adding it rounds.
 */
CHORUS_INLINE F32 ExpFromFloor(F32 x) {
  constexpr float kLog2E = 1.44269504088896340736f;
  constexpr float kRound = 12582912.0f;  // 1.5 * 2^23
  const F32 shifted = x * kLog2E + kRound;
  const F32 f = x * kLog2E - (shifted - kRound);
  F32 p = f * 1.54531629e-4f + 1.33908634e-3f;
  p = p * f + 9.61808256e-3f;
  p = p * f + 5.55035711e-2f;
  p = p * f + 2.40226508e-1f;
  p = p * f + 6.93147188e-1f;
  p = p * f + 1.0f;
  return BitCast<F32>(BitCast<U32>(p) + (BitCast<U32>(shifted) << 23));
}

/** e^x for x <= 88; 0 below kExpFloor and for NaN. */
CHORUS_INLINE F32 Exp(F32 x) {
  const F32 e = ExpFromFloor(Max(Splat<F32>(kExpFloor), x));
  return x > kExpFloor ? e : F32{};
}

}  // namespace CHORUS_ISA
}  // namespace chorus

#endif
