// A tile is up to kTileRows rows of (query, query head) that share a key-value head and a row of the table. Every key and
// value is loaded once a tile, and meets the tile's rows in registers:
//
//   scores   for each channel: a vector of tokens, times one number of every row           rows x vectors accumulators
//   mixture  for each token: vectors of channels, times one probability of every row       rows x vectors accumulators
//
// The floor of many rows is the rate of multiply-adds, of a single row the rate at which the cache comes in: 8 rows and 2
// vectors are 16 multiply-adds for 10 loads.
#include <cfloat>

#include "ops/paged_attention/paged_attention.h"
#include "simd/math.h"
#include "simd/vec.h"

namespace chorus {
namespace CHORUS_ISA {

namespace {

constexpr int kTileRows = kF32 == 16 ? 8 : 4;
constexpr int kChunkPages = 8;
constexpr int kChunk = kChunkPages * static_cast<int>(kPageTokens);
constexpr int kVectorsAPage = static_cast<int>(kPageTokens) / kF32;
/** Between two rows of a tile; not a power of two, so that they fall on different lines of the cache. */
constexpr int kRowStride = static_cast<int>(kMaxHeadWidth) + 16;

struct Tile {
  float q[kTileRows * kRowStride];
  /** Channels in vectors; where d is no multiple of a vector the last one begins at d - kF32 and repeats some. */
  float sums[kTileRows * kRowStride];
  /** Scores, then probabilities before their division by `total`. */
  float scores[kTileRows * kChunk];
  /** By this the sums of a row are still to be multiplied. */
  float factor[kTileRows];
  float max[kTileRows];
  double total[kTileRows];
  float slope[kTileRows];
  int64_t first[kTileRows];
  int64_t length[kTileRows];
};

CHORUS_INLINE int64_t ChannelOf(int64_t vector, int64_t d) {
  return vector * kF32 + kF32 <= d || d < kF32 ? vector * kF32 : d - kF32;
}

template <typename T>
CHORUS_INLINE F32 LoadChannels(const T* p, int64_t d) {
  return d < kF32 ? LoadFirst(p, d, T{0}) : Load(p);
}

/** scores [kRows, kVectors] of vectors of tokens that begin at keys[v]. */
template <typename T, int kRows, int kVectors>
CHORUS_INLINE void Scores(float* scores, const float* q, int64_t d, const T* const* keys) {
  F32 sum[kRows][kVectors];
#pragma GCC unroll 8
  for (int m = 0; m < kRows; ++m) {
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) sum[m][v] = F32{};
  }
  for (int64_t c = 0; c < d; ++c) {
    F32 k[kVectors];
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) k[v] = Load(keys[v] + c * kPageTokens);
#pragma GCC unroll 8
    for (int m = 0; m < kRows; ++m) {
      const F32 x = Splat<F32>(q[m * kRowStride + c]);
#pragma GCC unroll 8
      for (int v = 0; v < kVectors; ++v) sum[m][v] += x * k[v];
    }
  }
#pragma GCC unroll 8
  for (int m = 0; m < kRows; ++m) {
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) Store(scores + m * kChunk + v * kF32, sum[m][v]);
  }
}

template <typename T, int kRows>
CHORUS_INLINE void ScoresOfPages(float* scores, const float* q, int64_t d, const T* const* pages, int count) {
  constexpr int kMost = kRows == 1 ? 8 : kRows == 2 || (kRows == 4 && kF32 == 16) ? 4 : 2;
  const T* keys[kChunkPages * kVectorsAPage];
  for (int v = 0; v < count * kVectorsAPage; ++v) keys[v] = pages[v / kVectorsAPage] + v % kVectorsAPage * kF32;
  int v = 0;
  for (; v + kMost <= count * kVectorsAPage; v += kMost) Scores<T, kRows, kMost>(scores + v * kF32, q, d, keys + v);
  if (kMost > 2) {
    for (; v + 2 <= count * kVectorsAPage; v += 2) Scores<T, kRows, 2>(scores + v * kF32, q, d, keys + v);
  }
  for (; v < count * kVectorsAPage; ++v) Scores<T, kRows, 1>(scores + v * kF32, q, d, keys + v);
}

/** Turns scores of `vectors` vectors from position `begin` on into e^(score - max), and moves the row's maximum and total. */
CHORUS_INLINE void Softmax(Tile& tile, int m, int64_t begin, int vectors, float cap, bool alibi) {
  float* scores = tile.scores + m * kChunk;
  const int64_t first = tile.first[m], length = tile.length[m];
  I32 lane;
  for (int i = 0; i < kF32; ++i) lane[i] = i;
  F32 max = Splat<F32>(tile.max[m]);
  for (int v = 0; v < vectors; ++v) {
    const int64_t at = begin + v * kF32;
    F32 s = Load(scores + v * kF32);
    if (cap > 0) s = cap * Tanh(s / cap);
    const I32 position = lane + static_cast<int32_t>(at);
    if (alibi) s += tile.slope[m] * __builtin_convertvector(position - static_cast<int32_t>(length - 1), F32);
    if (at < first || at + kF32 > length) {
      // What an unused place of a page holds may be NaN.
      const I32 seen = (position >= static_cast<int32_t>(first)) & (position < static_cast<int32_t>(length));
      s = seen ? s : Splat<F32>(-__builtin_inff());
    }
    Store(scores + v * kF32, s);
    max = Max(s, max);
  }
  const float before = tile.max[m], now = MaxLane(max);
  // Before there was a key there is nothing to multiply.
  tile.factor[m] = now > before && before > -FLT_MAX ? static_cast<float>(__builtin_exp(static_cast<double>(before) - now)) : 1;
  tile.max[m] = now;
  const F32 shift = Splat<F32>(now);
  F32 total = {};
  for (int v = 0; v < vectors; ++v) {
    const F32 p = Exp(Load(scores + v * kF32) - shift);
    Store(scores + v * kF32, p);
    total += p;
  }
  tile.total[m] = tile.total[m] * tile.factor[m] + Sum(total);
}

/** sums [kRows, kVectors] = factor sums + probabilities times values, of the positions [from, to) of the chunk. */
template <typename T, int kRows, int kVectors>
CHORUS_INLINE void Mix(Tile& tile, const T* const* pages, int from, int to, int64_t d, int64_t vector) {
  F32 sum[kRows][kVectors];
  int64_t channel[kVectors];
#pragma GCC unroll 8
  for (int v = 0; v < kVectors; ++v) channel[v] = ChannelOf(vector + v, d);
  float* sums = tile.sums + vector * kF32;
#pragma GCC unroll 8
  for (int m = 0; m < kRows; ++m) {
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) {
      sum[m][v] = tile.factor[m] * Load(sums + m * kRowStride + v * kF32);
    }
  }
  for (int j = from; j < to;) {
    const T* value = pages[j / kPageTokens] + j % kPageTokens * d;
    const int end = (j / static_cast<int>(kPageTokens) + 1) * static_cast<int>(kPageTokens);
    for (const int stop = end < to ? end : to; j < stop; ++j, value += d) {
      F32 x[kVectors];
#pragma GCC unroll 8
      for (int v = 0; v < kVectors; ++v) x[v] = kVectors == 1 ? LoadChannels(value + channel[v], d) : Load(value + channel[v]);
#pragma GCC unroll 8
      for (int m = 0; m < kRows; ++m) {
        const F32 p = Splat<F32>(tile.scores[m * kChunk + j]);
#pragma GCC unroll 8
        for (int v = 0; v < kVectors; ++v) sum[m][v] += p * x[v];
      }
    }
  }
#pragma GCC unroll 8
  for (int m = 0; m < kRows; ++m) {
#pragma GCC unroll 8
    for (int v = 0; v < kVectors; ++v) Store(sums + m * kRowStride + v * kF32, sum[m][v]);
  }
}

template <typename T, int kRows>
CHORUS_INLINE void MixPages(Tile& tile, const T* const* pages, int from, int to, int64_t d) {
  constexpr int kMost = kRows <= 2 || (kRows == 4 && kF32 == 16) ? 4 : 2;
  const int64_t vectors = (d + kF32 - 1) / kF32;
  int64_t vector = 0;
  for (; vector + kMost <= vectors; vector += kMost) Mix<T, kRows, kMost>(tile, pages, from, to, d, vector);
  if (kMost > 2) {
    for (; vector + 2 <= vectors; vector += 2) Mix<T, kRows, 2>(tile, pages, from, to, d, vector);
  }
  for (; vector < vectors; ++vector) Mix<T, kRows, 1>(tile, pages, from, to, d, vector);
}

template <typename T>
CHORUS_INLINE void Prefetch(const T* p, int64_t count) {
  for (int64_t i = 0; i < count; i += 64 / static_cast<int64_t>(sizeof(T))) __builtin_prefetch(p + i);
}

/** Rows [begin, begin + rows) of the run of queries that starts at `query`, rows <= kRows. */
template <typename T, int kRows>
__attribute__((noinline)) void AttendTile(const PagedAttention<T>& a, int64_t query, int64_t begin, int rows, int64_t g) {
  Tile tile;
  const int64_t d = a.d, sharing = a.H / a.G;
  const int64_t vectors = (d + kF32 - 1) / kF32;
  int64_t first = INT64_MAX, length = 0;
  for (int m = 0; m < kRows; ++m) {
    // The rows that are missing see nothing; their results are not written.
    const int64_t n = query + (begin + m) / sharing, h = g * sharing + (begin + m) % sharing;
    tile.first[m] = m < rows ? a.First(n) : 0;
    tile.length[m] = m < rows ? a.length[n] : 0;
    tile.slope[m] = m < rows && a.slopes ? a.slopes[h] : 0;
    tile.max[m] = -FLT_MAX;
    tile.total[m] = 0;
    tile.factor[m] = 1;
    if (m < rows) {
      first = tile.first[m] < first ? tile.first[m] : first;
      length = tile.length[m] > length ? tile.length[m] : length;
    }
    const T* q = a.q + n * a.q_stride + h * d;
    for (int64_t v = 0; v < vectors; ++v) {
      const int64_t c = ChannelOf(v, d);
      Store(tile.q + m * kRowStride + c, m < rows ? LoadChannels(q + c, d) * static_cast<float>(a.scale) : F32{});
      Store(tile.sums + m * kRowStride + v * kF32, F32{});
    }
  }

  const int32_t* table = a.table + a.row[query] * a.max_pages;
  const int64_t block = a.G * kPageTokens * d, offset = g * kPageTokens * d;
  for (int64_t chunk = first / kChunk * kChunk; chunk < length; chunk += kChunk) {
    const int64_t from = first > chunk ? first : chunk, to = length < chunk + kChunk ? length : chunk + kChunk;
    const int64_t page = from / kPageTokens;
    const int count = static_cast<int>((to - 1) / kPageTokens + 1 - page);
    const int64_t start = page * kPageTokens;
    const T* keys[kChunkPages];
    const T* values[kChunkPages];
    for (int p = 0; p < count; ++p) {
      keys[p] = a.keys + table[page + p] * block + offset;
      values[p] = a.values + table[page + p] * block + offset;
    }
    if (begin == 0) {
      // The first tile that meets these keys; later ones find them near. Blocks of a head are too short, and too far apart, for
      // the processor to see where they go on.
      for (int p = 0; p < count; ++p) Prefetch(values[p], kPageTokens * d);
    }
    ScoresOfPages<T, kRows>(tile.scores, tile.q, d, keys, count);
    for (int m = 0; m < kRows; ++m) {
      Softmax(tile, m, start, count * kVectorsAPage, static_cast<float>(a.soft_cap), a.slopes != nullptr);
    }
    if (begin == 0) {
      const int64_t next = page + count, end = (length - 1) / kPageTokens + 1;
      for (int64_t p = next; p < end && p < next + kChunkPages; ++p) Prefetch(a.keys + table[p] * block + offset, kPageTokens * d);
    }
    MixPages<T, kRows>(tile, values, static_cast<int>(from - start), static_cast<int>(to - start), d);
  }

  for (int m = 0; m < rows; ++m) {
    const int64_t n = query + (begin + m) / sharing, h = g * sharing + (begin + m) % sharing;
    T* out = a.out + n * a.out_stride + h * d;
    const float factor = static_cast<float>(1 / tile.total[m]);
    for (int64_t v = 0; v < vectors; ++v) {
      const F32 x = factor * Load(tile.sums + m * kRowStride + v * kF32);
      if (d < kF32) {
        StoreFirst(out, d, x);
      } else {
        Store(out + ChannelOf(v, d), x);
      }
    }
  }
}

template <typename T>
void Attend(const PagedAttention<T>& a, int64_t first, int64_t last, int64_t g) {
  for (int64_t query = first; query < last;) {
    int64_t end = query + 1;
    while (end < last && a.row[end] == a.row[query]) ++end;
    const int64_t rows = (end - query) * (a.H / a.G);
    for (int64_t begin = 0; begin < rows;) {
      const int64_t left = rows - begin;
      if (kTileRows == 8 && left > 4) {
        AttendTile<T, kTileRows>(a, query, begin, left < 8 ? static_cast<int>(left) : 8, g);
        begin += 8;
      } else if (left > 2) {
        AttendTile<T, 4>(a, query, begin, left < 4 ? static_cast<int>(left) : 4, g);
        begin += 4;
      } else if (left == 2) {
        AttendTile<T, 2>(a, query, begin, 2, g);
        begin += 2;
      } else {
        AttendTile<T, 1>(a, query, begin, 1, g);
        begin += 1;
      }
    }
    query = end;
  }
}

}  // namespace

extern const PagedAttentionLoops kPagedAttentionLoops = {Attend<float>, Attend<uint16_t>};

}  // namespace CHORUS_ISA
}  // namespace chorus
