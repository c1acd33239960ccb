// The threads that share a row: a warp, or a whole block.
#ifndef CHORUS_CUDA_TEAM_H
#define CHORUS_CUDA_TEAM_H

#include <cstdint>

#include "cuda/geometry.h"
#include "cuda/language.h"

namespace chorus {
namespace cuda {

/** This thread's number in its team. */
template <int kTeam>
CHORUS_DEVICE int Rank() {
  return static_cast<int>(kTeam == kWarp ? threadIdx.x % kWarp : threadIdx.x);
}

/** The row of this thread's team, which may be beyond the last one in the last block of warp teams. */
template <int kTeam>
CHORUS_DEVICE int64_t TeamRow() {
  if (kTeam != kWarp) return blockIdx.x;
  return static_cast<int64_t>(blockIdx.x) * (kWarpTeamsBlock / kWarp) + threadIdx.x / kWarp;
}

struct Plus {
  template <typename T>
  CHORUS_DEVICE T operator()(T a, T b) const {
    return a + b;
  }
};

struct Either {
  CHORUS_DEVICE unsigned operator()(unsigned a, unsigned b) const { return a | b; }
};

/** NaN if either is. */
struct Largest {
  CHORUS_DEVICE float operator()(float a, float b) const { return MaxOrNan(a, b); }
};

/**
 * All threads' values combined, for all of them the same bits. Every thread of the block takes part (of the warp, in a warp
 * team). `combine` is commutative; the order depends on kTeam alone.
 */
template <int kTeam, typename T, typename Combine>
CHORUS_DEVICE T CombineTeam(T value, Combine combine) {
  CHORUS_UNROLL
  for (int mask = kWarp / 2; mask > 0; mask /= 2) value = combine(value, ShuffleXor(value, mask));
  if (kTeam == kWarp) return value;
  constexpr int kWarps = kTeam / kWarp;
  CHORUS_SHARED(T, parts, kWarps);
  if (threadIdx.x % kWarp == 0) parts[threadIdx.x / kWarp] = value;
  __syncthreads();
  value = parts[threadIdx.x % kWarps];
  CHORUS_UNROLL
  for (int mask = kWarps / 2; mask > 0; mask /= 2) value = combine(value, ShuffleXor(value, mask));
  // Before the next call writes to `parts`.
  __syncthreads();
  return value;
}

template <int kTeam, typename T>
CHORUS_DEVICE T SumTeam(T value) {
  return CombineTeam<kTeam>(value, Plus());
}

/** CombineTeam for `lanes` neighbouring lanes of a warp, a power of two. All 32 lanes take part. */
template <typename T, typename Combine>
CHORUS_DEVICE T CombineLanes(T value, int lanes, Combine combine) {
  CHORUS_NO_UNROLL
  for (int mask = lanes / 2; mask > 0; mask /= 2) value = combine(value, ShuffleXor(value, mask));
  return value;
}

/** Waits for the team, whose writes to memory are then seen by all of it. */
template <int kTeam>
CHORUS_DEVICE void SyncTeam() {
  if (kTeam == kWarp) {
    __syncwarp();
  } else {
    __syncthreads();
  }
}

/** Whether this thread is of the team's first warp, which does what is to be done once a row. */
template <int kTeam>
CHORUS_DEVICE bool InFirstWarp() {
  return kTeam == kWarp || threadIdx.x < kWarp;
}

/** The first warp's value for the whole team; its lanes have the same. */
template <int kTeam, typename T>
CHORUS_DEVICE T FromFirstWarp(T value) {
  if (kTeam == kWarp) return value;
  CHORUS_SHARED(T, kept, 1);
  if (threadIdx.x == 0) kept[0] = value;
  __syncthreads();
  value = kept[0];
  // Before the next call writes to `kept`.
  __syncthreads();
  return value;
}

}  // namespace cuda
}  // namespace chorus

#endif
