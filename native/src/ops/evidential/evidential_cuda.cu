// evidential on a device: some lanes of a warp a row, whose labels are first brought to shared memory.

#include "ops/evidential/evidential_cuda.h"

#include "chorus_cuda.h"
#include "cuda/abi.h"
#include "cuda/launch.h"
#include "ops/evidential/evidential_checks.h"

namespace chorus {
namespace cuda {

namespace {

constexpr int kWarps = kWarpTeamsBlock / kWarp;

constexpr int64_t OddMultiple(int64_t at_least, int64_t of) { return ((at_least + of - 1) / of | 1) * of; }

/**
 * As few lanes as the tile allows: classes are then spread evenly, whatever their number, and there is less to be summed
 * over lanes. At a distance that is an odd multiple of the lanes no two lanes of a warp meet in a bank; half or double that is
 * good enough for labels that can then stay side by side, as they are in memory.
 */
constexpr RowShare RowShareFor(int64_t W, int64_t K) {
  const int64_t width = W * K;
  const int64_t step = width & -width;
  for (int lanes = 1; lanes <= kWarp; lanes *= 2) {
    const bool packed = 2 * step == lanes || step == lanes || step == 2 * lanes;
    const int64_t labels = packed ? width : OddMultiple(width, lanes);
    const int64_t rest = OddMultiple(K + 2 * W + 2, lanes);
    if (kWarp / lanes * (labels + rest) <= kEvidentialTile) {
      return {lanes, static_cast<int>(labels), static_cast<int>(rest)};
    }
  }
  return {kWarp, 0, 0};
}

/** The labels of `rows` rows are on the way to the tile. */
CHORUS_DEVICE void BeginToLoad(float* tile, const float* labels, int rows, int width, int pitch) {
  const int lane = static_cast<int>(threadIdx.x % kWarp);
  if (width == pitch && (reinterpret_cast<uintptr_t>(labels) & 15) == 0) {
    const int count = rows * width;
    CHORUS_NO_UNROLL
    for (int i = 4 * lane; i + 4 <= count; i += 4 * kWarp) {
      CopyToShared(reinterpret_cast<uint4*>(tile + i), reinterpret_cast<const uint4*>(labels + i));
    }
    const int i = (count & ~3) + lane;
    if (i < count) CopyToShared(tile + i, labels + i);
    return;
  }
  CHORUS_NO_UNROLL
  for (int r = 0; r < rows; ++r) {
    CHORUS_NO_UNROLL
    for (int i = lane; i < width; i += kWarp) CopyToShared(tile + r * pitch + i, labels + r * width + i);
  }
}

template <int kKind, bool kStaged, typename In>
__global__ void __launch_bounds__(kWarpTeamsBlock, kStaged ? 7 : 4)
    EvidentialRows(const CHORUS_PARAMETER EvidentialArguments<In> c, Faults faults) {
  CHORUS_SHARED(float, tiles, kWarps * kEvidentialTile);
  const int lane = static_cast<int>(threadIdx.x % kWarp);
  const int lanes = kStaged ? c.share.lanes : kWarp;
  const int rows = kWarp / lanes;
  const int64_t first = (static_cast<int64_t>(blockIdx.x) * kWarps + threadIdx.x / kWarp) * rows;
  if (first >= c.N) return;
  float* const tile = tiles + threadIdx.x / kWarp * kEvidentialTile;
  const int row_in_tile = lane / lanes;
  const bool live = first + row_in_tile < c.N;
  // A launch has at most 2^31 - 1 rows.
  const int n = static_cast<int>(live ? first + row_in_tile : first);
  if (kStaged) {
    const int width = c.W * c.K;
    const int here = c.N - first < rows ? static_cast<int>(c.N - first) : rows;
    BeginToLoad(tile, c.targets + first * width, here, width, c.share.labels);
    float* const labels = tile + row_in_tile * c.share.labels;
    float* const rest = tile + rows * c.share.labels + row_in_tile * c.share.rest;
    EvidentialRow<kKind, true, In> row(c, labels, rest, n, live, lane % lanes);
    row.Run(live, faults);
  } else {
    // Nothing is written to them.
    float* labels = const_cast<float*>(c.targets) + static_cast<int64_t>(n) * c.W * c.K;
    EvidentialRow<kKind, false, In> row(c, labels, tile, n, live, lane);
    row.Run(live, faults);
  }
}

template <int kKind, typename In>
chorus_status Launch(const char* op, const char* shape, const EvidentialArguments<In>& c, const Faults& faults,
                     void* stream) {
  const int64_t rows = kWarp / c.share.lanes;
  const Launch1d size = ItemLaunch((c.N + rows - 1) / rows * kWarp, kWarpTeamsBlock);
  return c.share.labels > 0 ? LaunchKernel(op, shape, size, stream, EvidentialRows<kKind, true, In>, c, faults)
                            : LaunchKernel(op, shape, size, stream, EvidentialRows<kKind, false, In>, c, faults);
}

}  // namespace

}  // namespace cuda
}  // namespace chorus

using namespace chorus;
using namespace chorus::cuda;

extern "C" chorus_status chorus_cuda_evidential(const chorus_evidential_args* args, uint64_t* fault, void* stream) {
  const char* op = "evidential";
  if (chorus_status bad = CheckArguments(op, args)) return bad;
  const chorus_evidential_args& a = *args;
  if (chorus_status bad = CheckEvidential(op, a)) return bad;
  if (chorus_status bad = CheckLaunch(op, a.N, "K", a.K)) return bad;
  if (chorus_status bad = CheckMost(op, "W", a.W)) return bad;
  if (a.N == 0) return CHORUS_OK;
  const Faults faults = FaultsOf(fault, Op::kEvidential);
  const double no_evidence = NoEvidence(static_cast<double>(a.K));
  return WithType(op, a.type, a.logits, [&](auto* z) {
    using In = std::remove_const_t<std::remove_pointer_t<decltype(z)>>;
    EvidentialArguments<In> c = {a.loss,
                                 a.nll,
                                 a.kl,
                                 a.dlogits,
                                 a.dloss,
                                 z,
                                 a.targets,
                                 a.lambda,
                                 a.weights,
                                 a.N,
                                 static_cast<int>(a.W),
                                 static_cast<int>(a.K),
                                 a.stride,
                                 a.kl_weight,
                                 no_evidence,
                                 static_cast<float>(a.kl_weight),
                                 1 / static_cast<float>(a.W),
                                 a.loss && (a.kl || a.kl_weight != 0),
                                 a.dlogits && a.kl_weight != 0,
                                 RowShareFor(a.W, a.K)};
    const Shape shape(a.type, {{"N", a.N}, {"W", a.W}, {"K", a.K}});
    switch (a.evidence) {
      case CHORUS_EVIDENCE_EXP:
        return Launch<CHORUS_EVIDENCE_EXP>(op, shape, c, faults, stream);
      case CHORUS_EVIDENCE_SOFTPLUS:
        return Launch<CHORUS_EVIDENCE_SOFTPLUS>(op, shape, c, faults, stream);
      default:
        return Launch<CHORUS_EVIDENCE_RELU>(op, shape, c, faults, stream);
    }
  });
}
