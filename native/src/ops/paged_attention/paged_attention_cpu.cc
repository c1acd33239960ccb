#include <algorithm>

#include "common/parallel.h"
#include "common/status.h"
#include "ops/paged_attention/paged_attention.h"

namespace chorus {

namespace {

/** Tokens that one thread appends at a time: as many as a page holds, so that a page's lines are still in the cache. */
constexpr int64_t kAppendTile = kPageTokens;

/** Queries that one thread takes at a time, at most: enough to find the page's keys in the cache again. */
constexpr int64_t kMaxTile = 64;
/** Pieces of work that a call is cut into if it has so many queries. */
constexpr int64_t kPieces = 64;

/** Checks what the loops index with. keys receives the number of (query, key) pairs. */
template <typename T>
chorus_status Check(const char* op, const PagedAttention<T>& a, int64_t* keys) {
  int64_t seen_row = -1, seen_from = 0, seen_to = 0;
  *keys = 0;
  for (int64_t n = 0; n < a.N; ++n) {
    if (a.row[n] < 0 || a.row[n] >= a.rows) {
      return Fail(CHORUS_INVALID_VALUE, "%s: query %lld: row %d is outside the table's [0, %lld)", op,
                  static_cast<long long>(n), a.row[n], static_cast<long long>(a.rows));
    }
    if (a.length[n] < 1 || a.length[n] > a.max_pages * kPageTokens) {
      return Fail(CHORUS_INVALID_VALUE, "%s: query %lld: length is %d, expected 1 to %lld, which a row of the table holds",
                  op, static_cast<long long>(n), a.length[n], static_cast<long long>(a.max_pages * kPageTokens));
    }
    const int64_t first = a.First(n);
    *keys += a.length[n] - first;
    const int64_t from = first / kPageTokens, to = (a.length[n] - 1) / kPageTokens + 1;
    // A prompt's queries see nearly the same pages: only the new ones are looked at.
    const bool known = a.row[n] == seen_row && from >= seen_from && from <= seen_to;
    for (int64_t p = known ? seen_to : from; p < to; ++p) {
      const int32_t page = a.table[a.row[n] * a.max_pages + p];
      if (page < 0 || page >= a.pages) {
        return Fail(CHORUS_INVALID_VALUE, "%s: query %lld: entry %lld of row %d of the table is page %d, outside [0, %lld)", op,
                    static_cast<long long>(n), static_cast<long long>(p), a.row[n], page,
                    static_cast<long long>(a.pages));
      }
    }
    if (!known) seen_from = from;
    seen_to = known ? std::max(seen_to, to) : to;
    seen_row = a.row[n];
  }
  return CHORUS_OK;
}

void Attend(const PagedAttentionLoops& loops, const PagedAttention<float>& call, int64_t first, int64_t last, int64_t g) {
  loops.f32(call, first, last, g);
}
void Attend(const PagedAttentionLoops& loops, const PagedAttention<uint16_t>& call, int64_t first, int64_t last,
            int64_t g) {
  loops.bf16(call, first, last, g);
}

}  // namespace

template <typename T>
chorus_status PagedAttentionCpu(const char* op, const PagedAttention<T>& call) {
  int64_t keys = 0;
  if (chorus_status bad = Check(op, call, &keys)) return bad;
  const PagedAttentionLoops& loops = CHORUS_PICK(kPagedAttentionLoops);
  const int64_t tile = std::clamp(call.N * call.G / kPieces, int64_t{1}, kMaxTile);
  const int64_t tiles = (call.N - 1) / tile + 1;
  // About eight multiply-adds a nanosecond. In double: sizes multiply.
  const double work = static_cast<double>(keys) * static_cast<double>(call.H * call.d) / 4;
  // Heads of one tile follow one another: their keys are neighbours in memory. Causal tiles are of unequal length.
  ParallelPieces(tiles * call.G, work, [&](int64_t piece) {
    const int64_t first = piece / call.G * tile;
    Attend(loops, call, first, std::min(first + tile, call.N), piece % call.G);
  });
  return CHORUS_OK;
}

template <typename T>
chorus_status PagedAppendCpu(const char* op, const PagedAppend<T>& a) {
  for (int64_t n = 0; n < a.N; ++n) {
    if (a.slots[n] < 0 || a.slots[n] >= a.pages * kPageTokens) {
      return Fail(CHORUS_INVALID_VALUE, "%s: token %lld: slot %lld is outside the %lld pages' [0, %lld)", op,
                  static_cast<long long>(n), static_cast<long long>(a.slots[n]), static_cast<long long>(a.pages),
                  static_cast<long long>(a.pages * kPageTokens));
    }
  }
  ParallelRows((a.N - 1) / kAppendTile + 1, kAppendTile * a.G * a.d, [&](int64_t tile) {
    const int64_t first = tile * kAppendTile, last = std::min(first + kAppendTile, a.N);
    for (int64_t g = 0; g < a.G; ++g) {
      for (int64_t n = first; n < last; ++n) {
        const int64_t block = (a.slots[n] / kPageTokens * a.G + g) * kPageTokens * a.d, place = a.slots[n] % kPageTokens;
        const T* k = a.k + n * a.k_stride + g * a.d;
        const T* v = a.v + n * a.v_stride + g * a.d;
        T* key = a.keys + block + place;
        for (int64_t c = 0; c < a.d; ++c) key[c * kPageTokens] = k[c];
        std::copy(v, v + a.d, a.values + block + place * a.d);
      }
    }
  });
  return CHORUS_OK;
}

template chorus_status PagedAttentionCpu(const char*, const PagedAttention<float>&);
template chorus_status PagedAttentionCpu(const char*, const PagedAttention<uint16_t>&);
template chorus_status PagedAppendCpu(const char*, const PagedAppend<float>&);
template chorus_status PagedAppendCpu(const char*, const PagedAppend<uint16_t>&);

}  // namespace chorus
