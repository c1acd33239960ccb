// paged_attention: queries against a key-value cache that is kept in pages.
//
//   keys    (pages, G, d, 16)   a page's 16 tokens of one channel are one vector: scores need no sum across lanes
//   values  (pages, G, 16, d)   a token's channels are vectors: the mixture needs none either
//   q, out  (N, H, d) row strides; table (rows, max_pages); row, length (N)
//
// Equations, and what is refused, stand at chorus_paged_* in chorus.h. Scores, softmax and mixture are f32, the softmax's sum
// is collected in double every 128 keys. Keys are walked in chunks of 128 positions, counted from position 0 whatever the
// window, and every sum runs in the order of positions: a query's result does not depend on the queries beside it, so that
// a prompt in one call and its tokens one by one give the same bits.
#ifndef CHORUS_OPS_PAGED_ATTENTION_H
#define CHORUS_OPS_PAGED_ATTENTION_H

#include <cstdint>

#include "chorus.h"
#include "simd/isa.h"

namespace chorus {

constexpr int64_t kPageTokens = CHORUS_PAGE_TOKENS;

/** The widest head: a block's queries and sums live on the stack. */
constexpr int64_t kMaxHeadWidth = CHORUS_MAX_HEAD_WIDTH;

/** One call; T is float, uint16_t (bf16), or double for the reference. */
template <typename T>
struct PagedAttention {
  T* out;
  const T* q;
  const T* keys;
  const T* values;
  const int32_t* table;
  const int32_t* row;
  const int32_t* length;
  /** [H], nullable. */
  const float* slopes;
  int64_t N, H, G, d, pages, rows, max_pages;
  int64_t q_stride, out_stride;
  double scale;
  /** 0: none. */
  double soft_cap;
  /** 0: none. */
  int64_t window;

  /** The first position that query n sees. */
  int64_t First(int64_t n) const { return window > 0 && length[n] > window ? length[n] - window : 0; }
};

template <typename T>
struct PagedAppend {
  T* keys;
  T* values;
  const T* k;
  const T* v;
  const int64_t* slots;
  int64_t N, G, d, pages;
  int64_t k_stride, v_stride;
};

/** Queries [first, last) of key-value head g. */
struct PagedAttentionLoops {
  void (*f32)(const PagedAttention<float>& call, int64_t first, int64_t last, int64_t g);
  void (*bf16)(const PagedAttention<uint16_t>& call, int64_t first, int64_t last, int64_t g);
};

CHORUS_DECLARE_TABLE(PagedAttentionLoops, kPagedAttentionLoops)

template <typename T>
chorus_status PagedAttentionCpu(const char* op, const PagedAttention<T>& call);
template <typename T>
chorus_status PagedAppendCpu(const char* op, const PagedAppend<T>& call);

/** The definition, without checks. */
void PagedAttentionRef(const PagedAttention<double>& call);

}  // namespace chorus

#endif
