#include <algorithm>

#include "common/parallel.h"
#include "ops/thin_linear/thin_linear.h"

namespace chorus {

namespace {

/** Outputs of one piece of work: a multiple of the loops' tile, and a few cache lines of y. */
constexpr int64_t kPiece = 32;

void Outputs(const ThinLinearLoops& loops, const ThinLinear<float>& a, int64_t from, int64_t to) {
  loops.f32(a, from, to);
}
void Outputs(const ThinLinearLoops& loops, const ThinLinear<uint16_t>& a, int64_t from, int64_t to) {
  loops.bf16(a, from, to);
}

}  // namespace

template <typename T>
void ThinLinearCpu(const ThinLinear<T>& a) {
  const ThinLinearLoops& loops = CHORUS_PICK(kThinLinearLoops);
  const int64_t pieces = (a.O + kPiece - 1) / kPiece;
  // Sixteen multiplications and additions take about a nanosecond.
  ParallelRows(pieces, a.N * a.I * (kPiece / 16), [&](int64_t piece) {
    const int64_t from = piece * kPiece;
    Outputs(loops, a, from, std::min(a.O, from + kPiece));
  });
}

template void ThinLinearCpu(const ThinLinear<float>&);
template void ThinLinearCpu(const ThinLinear<uint16_t>&);

}  // namespace chorus
