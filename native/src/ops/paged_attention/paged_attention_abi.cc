// The C interface of paged_attention.
#include "common/abi.h"
#include "ops/paged_attention/paged_attention.h"

using namespace chorus;

namespace {

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
  if (chorus_status bad = CheckCache(op, a.G, a.d, a.pages)) return bad;
  if (chorus_status bad = CheckMatrix(op, a.N, "G d of k", a.G * a.d, a.k_stride)) return bad;
  if (chorus_status bad = CheckMatrix(op, a.N, "G d of v", a.G * a.d, a.v_stride)) return bad;
  if (a.N == 0) return CHORUS_OK;
  if (chorus_status bad =
          CheckPointers(op, {{"keys", a.keys}, {"values", a.values}, {"k", a.k}, {"v", a.v}, {"slots", a.slots}})) {
    return bad;
  }
  return PagedAppendCpu(op, a);
}

template <typename T>
chorus_status Attend(const char* op, const PagedAttention<T>& a) {
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
    return Fail(CHORUS_INVALID_ARGUMENT,
                "%s: rows = %lld, max_pages = %lld, expected both >= 0 and positions of 31 bits", op,
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
}

}  // namespace

extern "C" chorus_status chorus_paged_append(void* keys, void* values, const void* k, const void* v,
                                             const int64_t* slots, int64_t N, int64_t G, int64_t d, int64_t pages,
                                             int64_t k_stride, int64_t v_stride, int type) {
  return WithElements("paged_append", type, [&](const char* op, auto element) {
    using T = decltype(element);
    return Append<T>(op, {static_cast<T*>(keys), static_cast<T*>(values), static_cast<const T*>(k),
                          static_cast<const T*>(v), slots, N, G, d, pages, k_stride, v_stride});
  });
}

extern "C" chorus_status chorus_paged_attention(const chorus_paged_attention_args* args) {
  return WithElementsOf("paged_attention", args, [args](const char* op, auto element) {
    using T = decltype(element);
    const auto& a = *args;
    return Attend<T>(op, {static_cast<T*>(a.out),
                          static_cast<const T*>(a.q),
                          static_cast<const T*>(a.keys),
                          static_cast<const T*>(a.values),
                          a.table,
                          a.row,
                          a.length,
                          a.slopes,
                          a.N,
                          a.H,
                          a.G,
                          a.d,
                          a.pages,
                          a.rows,
                          a.max_pages,
                          a.q_stride,
                          a.out_stride,
                          a.scale,
                          a.soft_cap,
                          a.window});
  });
}
