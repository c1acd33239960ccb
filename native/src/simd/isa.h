// Which of the builds of the vector loops this processor runs.
//
// A file named *_simd.cc is compiled once for every instruction set (cmake/Simd.cmake), each time into a namespace of
// that set's name; it ends in a table of functions. Callers take the table of the set that `CurrentIsa` names:
//
//   const RowOps& rows = PickIsa(&baseline::kRowOps, &avx2::kRowOps, &avx512::kRowOps);
#ifndef CHORUS_SIMD_ISA_H
#define CHORUS_SIMD_ISA_H

namespace chorus {

enum class Isa { kBaseline = 0, kAvx2 = 1, kAvx512 = 2 };

/** The best set that was compiled and that the processor and the system support; no better than the environment's
 * CHORUS_ISA (baseline, avx2 or avx512) at the first call, nor than the last LimitIsa. */
Isa CurrentIsa();

/** The best one here, whatever the limits. */
Isa BestIsa();

/** From now on no better than this; for tests and benchmarks. */
void LimitIsa(Isa limit);

const char* IsaName(Isa isa);

/** The table for the current set. */
template <typename Table>
const Table& PickIsa([[maybe_unused]] const Table* baseline, [[maybe_unused]] const Table* avx2,
                     [[maybe_unused]] const Table* avx512) {
  switch (CurrentIsa()) {
    case Isa::kAvx512:
      return *avx512;
    case Isa::kAvx2:
      return *avx2;
    default:
      return *baseline;
  }
}

}  // namespace chorus

/** Declares `name` of type `Table` in every set's namespace; where only the baseline is compiled, the others are it. */
#if defined(CHORUS_X86_SIMD)
#define CHORUS_DECLARE_TABLE(Table, name) \
  namespace baseline {                    \
  extern const Table name;                \
  }                                       \
  namespace avx2 {                        \
  extern const Table name;                \
  }                                       \
  namespace avx512 {                      \
  extern const Table name;                \
  }
#define CHORUS_PICK(name) ::chorus::PickIsa(&::chorus::baseline::name, &::chorus::avx2::name, &::chorus::avx512::name)
#else
#define CHORUS_DECLARE_TABLE(Table, name) \
  namespace baseline {                    \
  extern const Table name;                \
  }
#define CHORUS_PICK(name) (::chorus::baseline::name)
#endif

#endif
