// The C interface of paged_attention.
#include "common/abi.h"
#include "ops/paged_attention/paged_attention.h"

namespace {

using namespace chorus;

/** What both functions say about heads and the cache; every index into the cache fits. */
chorus_status CheckCache(const char* op, int64_t G, int64_t d, int64_t pages) {
  if (G < 1 || d < 1 || d > kMaxHeadWidth || pages < 0 || G > INT64_MAX / 64 / kPageTokens / d ||
      (pages > 0 && G * d * kPageTokens > INT64_MAX / 8 / pages)) {
    return Fail(CHORUS_INVALID_ARGUMENT, "%s: G = %lld, d = %lld, pages = %lld, expected G >= 1, d in [1, %lld], pages >= 0",
                op, static_cast<long long>(G), static_cast<long long>(d), static_cast<long long>(pages),
                static_cast<long long>(kMaxHeadWidth));
  }
  return CHORUS_OK;
}

template <typename T>
chorus_status Append(const char* op, const PagedAppend<T>& a) {
  return Guard(op, [&]() -> chorus_status {
    if (chorus_status bad = CheckCache(op, a.G, a.d, a.pages)) return bad;
    if (chorus_status bad = CheckMatrix(op, a.N, "G d of k", a.G * a.d, a.k_stride)) return bad;
    if (chorus_status bad = CheckMatrix(op, a.N, "G d of v", a.G * a.d, a.v_stride)) return bad;
    if (a.N == 0) return CHORUS_OK;
    if (chorus_status bad = CheckPointers(
            op, {{"keys", a.keys}, {"values", a.values}, {"k", a.k}, {"v", a.v}, {"slots", a.slots}})) {
      return bad;
    }
    return PagedAppendCpu(op, a);
  });
}

template <typename T>
chorus_status Attend(const char* op, const PagedAttention<T>& a) {
  return Guard(op, [&]() -> chorus_status {
    if (chorus_status bad = CheckCache(op, a.G, a.d, a.pages)) return bad;
    if (!(a.H >= 1 && a.H % a.G == 0 && a.H <= INT64_MAX / 8 / a.d)) {
      return Fail(CHORUS_INVALID_ARGUMENT, "%s: H = %lld, expected a multiple of G = %lld", op,
                  static_cast<long long>(a.H), static_cast<long long>(a.G));
    }
    if (chorus_status bad = CheckMatrix(op, a.N, "H d of q", a.H * a.d, a.q_stride)) return bad;
    if (chorus_status bad = CheckMatrix(op, a.N, "H d of out", a.H * a.d, a.out_stride)) return bad;
    // No "a.rows < 0 ... >": the compiler would see a template.
    if (!(a.rows >= 0 && a.max_pages >= 0 && a.max_pages <= INT32_MAX / kPageTokens &&
          (a.rows == 0 || a.max_pages <= INT64_MAX / 8 / a.rows))) {
      return Fail(CHORUS_INVALID_ARGUMENT, "%s: rows = %lld, max_pages = %lld, expected both >= 0 and positions of 31 bits", op,
                  static_cast<long long>(a.rows), static_cast<long long>(a.max_pages));
    }
    if (!std::isfinite(a.scale) || !(a.soft_cap >= 0 && std::isfinite(a.soft_cap)) || !(a.window >= 0)) {
      return Fail(CHORUS_INVALID_ARGUMENT,
                  "%s: scale = %g, soft_cap = %g, window = %lld, expected finite, finite and >= 0, >= 0", op, a.scale,
                  a.soft_cap, static_cast<long long>(a.window));
    }
    if (a.N == 0) return CHORUS_OK;
    if (chorus_status bad = CheckPointers(op, {{"out", a.out},
                                               {"q", a.q},
                                               {"keys", a.keys},
                                               {"values", a.values},
                                               {"table", a.table},
                                               {"row", a.row},
                                               {"length", a.length}})) {
      return bad;
    }
    return PagedAttentionCpu(op, a);
  });
}

}  // namespace

extern "C" {

chorus_status chorus_paged_append_f32(float* keys, float* values, const float* k, const float* v, const int64_t* slots,
                                      int64_t N, int64_t G, int64_t d, int64_t pages, int64_t k_stride, int64_t v_stride) {
  return Append<float>("paged_append_f32", {keys, values, k, v, slots, N, G, d, pages, k_stride, v_stride});
}

chorus_status chorus_paged_append_bf16(chorus_bf16* keys, chorus_bf16* values, const chorus_bf16* k, const chorus_bf16* v,
                                       const int64_t* slots, int64_t N, int64_t G, int64_t d, int64_t pages,
                                       int64_t k_stride, int64_t v_stride) {
  return Append<uint16_t>("paged_append_bf16", {keys, values, k, v, slots, N, G, d, pages, k_stride, v_stride});
}

chorus_status chorus_paged_attention_f32(float* out, const float* q, const float* keys, const float* values,
                                         const int32_t* table, const int32_t* row, const int32_t* length,
                                         const float* slopes, int64_t N, int64_t H, int64_t G, int64_t d, int64_t pages,
                                         int64_t rows, int64_t max_pages, int64_t q_stride, int64_t out_stride,
                                         double scale, double soft_cap, int64_t window) {
  return Attend<float>("paged_attention_f32", {out, q, keys, values, table, row, length, slopes, N, H, G, d, pages, rows,
                                               max_pages, q_stride, out_stride, scale, soft_cap, window});
}

chorus_status chorus_paged_attention_bf16(chorus_bf16* out, const chorus_bf16* q, const chorus_bf16* keys,
                                          const chorus_bf16* values, const int32_t* table, const int32_t* row,
                                          const int32_t* length, const float* slopes, int64_t N, int64_t H, int64_t G,
                                          int64_t d, int64_t pages, int64_t rows, int64_t max_pages, int64_t q_stride,
                                          int64_t out_stride, double scale, double soft_cap, int64_t window) {
  return Attend<uint16_t>("paged_attention_bf16", {out, q, keys, values, table, row, length, slopes, N, H, G, d, pages,
                                                   rows, max_pages, q_stride, out_stride, scale, soft_cap, window});
}

}  // extern "C"
