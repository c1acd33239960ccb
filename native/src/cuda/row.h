// How a team goes over a row: 16 bytes a load where the address allows, single elements before and behind.
#ifndef CHORUS_CUDA_ROW_H
#define CHORUS_CUDA_ROW_H

#include <cstdint>

#include "cuda/team.h"
#include "cuda/types.h"

namespace chorus {
namespace cuda {

/** Loads that a thread has under way at once, where what it does with them is little. */
constexpr int kDeep = 4;

/** Elements of a row before the first 16-byte boundary, and the packs from there on. */
struct RowParts {
  int head;
  int packs;
};

template <typename T>
CHORUS_DEVICE RowParts PartsOf(const T* row, int count) {
  constexpr int kCount = Pack<T>::kCount;
  const int beyond = static_cast<int>((reinterpret_cast<uintptr_t>(row) & 15) / sizeof(T));
  int head = beyond == 0 ? 0 : kCount - beyond;
  if (head > count) head = count;
  return {head, (count - head) / kCount};
}

/** Whether a pass is the last one that reads a row. */
enum class Read { kOnce, kAgain };

/**
 * Calls pack(first, p) for the 16-byte packs p of row [count], which begin at element `first`, and one(v) for each element
 * outside of them. Every thread of the team gets its share; several loads are under way before the first call. Both may write
 * to the elements that they were given.
 */
template <int kTeam, Read kRead, int kDepth = kDeep, typename T, typename PackBody, typename OneBody>
CHORUS_DEVICE void ForRow(const T* row, int count, PackBody pack, OneBody one) {
  constexpr int kCount = Pack<T>::kCount;
  const RowParts parts = PartsOf(row, count);
  const int rank = Rank<kTeam>();
  const T* body = row + parts.head;
  int i = rank;
  for (; i + (kDepth - 1) * kTeam < parts.packs; i += kDepth * kTeam) {
    Pack<T> p[kDepth];
    CHORUS_UNROLL
    for (int u = 0; u < kDepth; ++u) {
      const T* from = body + static_cast<int64_t>(i + u * kTeam) * kCount;
      p[u] = kRead == Read::kOnce ? LoadPackOnce(from) : LoadPack(from);
    }
    CHORUS_UNROLL
    for (int u = 0; u < kDepth; ++u) pack(parts.head + (i + u * kTeam) * kCount, p[u]);
  }
  CHORUS_NO_UNROLL
  for (; i < parts.packs; i += kTeam) {
    const T* from = body + static_cast<int64_t>(i) * kCount;
    const Pack<T> p = kRead == Read::kOnce ? LoadPackOnce(from) : LoadPack(from);
    pack(parts.head + i * kCount, p);
  }
  if (rank < parts.head) one(rank);
  const int tail = parts.head + parts.packs * kCount;
  if (tail + rank < count) one(tail + rank);
}

/** The same for a pack() that computes for longer than a load takes: it is there once, and the next load is under way. */
template <int kTeam, typename T, typename PackBody, typename OneBody>
CHORUS_DEVICE void ForRowAhead(const T* row, int count, PackBody pack, OneBody one) {
  constexpr int kCount = Pack<T>::kCount;
  const RowParts parts = PartsOf(row, count);
  const int rank = Rank<kTeam>();
  const T* body = row + parts.head;
  // As it is loaded: elements of 16 bits would be put together again one by one.
  uint4 next = {0, 0, 0, 0};
  if (rank < parts.packs) next = *reinterpret_cast<const uint4*>(body + static_cast<int64_t>(rank) * kCount);
  CHORUS_NO_UNROLL
  for (int i = rank; i < parts.packs; i += kTeam) {
    Pack<T> p;
    memcpy(&p, &next, sizeof next);
    if (i + kTeam < parts.packs) {
      next = *reinterpret_cast<const uint4*>(body + static_cast<int64_t>(i + kTeam) * kCount);
    }
    pack(parts.head + i * kCount, p);
  }
  if (rank < parts.head) one(rank);
  const int tail = parts.head + parts.packs * kCount;
  if (tail + rank < count) one(tail + rank);
}

/** row [count] = value. */
template <int kTeam, typename T>
CHORUS_DEVICE void FillRow(T* row, int count, float value) {
  const T element = FromFloat<T>(value);
  const RowParts parts = PartsOf(row, count);
  constexpr int kCount = Pack<T>::kCount;
  Pack<T> pack;
  CHORUS_UNROLL
  for (int j = 0; j < kCount; ++j) pack.at[j] = element;
  for (int i = Rank<kTeam>(); i < parts.packs; i += kTeam) {
    StorePack(row + parts.head + static_cast<int64_t>(i) * kCount, pack);
  }
  const int tail = parts.head + parts.packs * kCount;
  if (Rank<kTeam>() < parts.head) row[Rank<kTeam>()] = element;
  if (tail + Rank<kTeam>() < count) row[tail + Rank<kTeam>()] = element;
}

}  // namespace cuda
}  // namespace chorus

#endif
