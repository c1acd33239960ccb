// The special functions of common/special.h for vectors. Only *_simd.cc files include this.
#ifndef CHORUS_COMMON_SPECIAL_VEC_H
#define CHORUS_COMMON_SPECIAL_VEC_H

#include "common/special.h"
#include "simd/math.h"
#include "simd/vec.h"

namespace chorus {

template <>
struct Elementary<CHORUS_ISA::F64> {
  static CHORUS_INLINE CHORUS_ISA::F64 Log(CHORUS_ISA::F64 x) { return CHORUS_ISA::Log(x); }
  static CHORUS_INLINE bool Any(CHORUS_ISA::I64 mask) { return CHORUS_ISA::Any(mask); }
};

namespace CHORUS_ISA {

/** Both halves of the lanes, rounded to float. */
CHORUS_INLINE F32 Narrow(F64 low, F64 high) {
  const HalfF32 halves[2] = {__builtin_convertvector(low, HalfF32), __builtin_convertvector(high, HalfF32)};
  F32 v;
  std::memcpy(&v, halves, sizeof v);
  return v;
}

/** Computed in double and rounded once. */
CHORUS_INLINE F32 LnGamma(F32 x) { return Narrow(chorus::LnGamma(WidenLow(x)), chorus::LnGamma(WidenHigh(x))); }
CHORUS_INLINE F32 Digamma(F32 x) { return Narrow(chorus::Digamma(WidenLow(x)), chorus::Digamma(WidenHigh(x))); }
CHORUS_INLINE F32 Trigamma(F32 x) { return Narrow(chorus::Trigamma(WidenLow(x)), chorus::Trigamma(WidenHigh(x))); }
using chorus::Digamma;
using chorus::LnGamma;
using chorus::Trigamma;

}  // namespace CHORUS_ISA
}  // namespace chorus

#endif
