// How many threads and blocks a kernel is launched with: pure functions of the sizes.
#ifndef CHORUS_CUDA_GEOMETRY_H
#define CHORUS_CUDA_GEOMETRY_H

#include <cstdint>

namespace chorus {
namespace cuda {

struct Launch1d {
  unsigned blocks;
  unsigned threads;  // of a block
};

/** The most blocks of a launch, 2^31 - 1. */
constexpr int64_t kMostBlocks = 2147483647;

/** Threads that share a row. Each kernel over rows is compiled for these three. */
enum RowTeam : int { kWarpTeam = 32, kSmallTeam = 256, kLargeTeam = 1024 };

/** A block of warp teams has this many threads: enough warps to hide each other's waiting. */
constexpr int kWarpTeamsBlock = 128;

/**
 * The team for rows of `count` elements of `bytes`. A thread should have four or more 16-byte loads, or it waits for its team
 * longer than it works; a row of 128 KiB and more gets a whole multiprocessor, so that the rows at work stay in the
 * second-level cache between two passes.
 */
constexpr RowTeam RowTeamFor(int64_t count, int64_t bytes) {
  const int64_t packs = (count + 16 / bytes - 1) / (16 / bytes);
  return packs <= 4 * kSmallTeam / 2 ? kWarpTeam : packs <= 4 * kLargeTeam ? kSmallTeam : kLargeTeam;
}

/**
 * The team where each element is read once: never so large that one row has a multiprocessor to itself, which would stand
 * still while its sums are brought together and the next row's first loads are under way.
 */
constexpr RowTeam OnePassTeamFor(int64_t count, int64_t bytes) {
  return RowTeamFor(count, bytes) == kWarpTeam ? kWarpTeam : kSmallTeam;
}

/** Teams that keep the 132 multiprocessors of an H200 at work. */
constexpr int64_t kManyTeams = 264;

/**
 * Whether several models' rows of a token are better given to teams of their own, and brought together by a second launch:
 * where there are too few tokens for one team each.
 */
constexpr bool SplitsModels(int64_t tokens, int64_t models) { return models > 1 && tokens < kManyTeams; }

/** Rows in blocks of teams. */
constexpr Launch1d RowLaunch(int64_t rows, RowTeam team) {
  const int64_t teams = team == kWarpTeam ? kWarpTeamsBlock / kWarpTeam : 1;
  return {static_cast<unsigned>((rows + teams - 1) / teams), static_cast<unsigned>(teams * team)};
}

/** Whether a launch can have so many rows. */
constexpr bool FitsRows(int64_t rows) { return rows <= kMostBlocks; }

/** One thread an item. */
constexpr Launch1d ItemLaunch(int64_t items, unsigned threads) {
  return {static_cast<unsigned>((items + threads - 1) / threads), threads};
}

}  // namespace cuda
}  // namespace chorus

#endif
