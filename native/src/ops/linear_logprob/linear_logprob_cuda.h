// One row of a head's logits, by a team: from h W^T to logits, their softmax, and what a last pass makes of them in place.
//
// No pass but the last writes, so that the logits are computed anew from h W^T in each; a team's row stays in the second-level
// cache meanwhile.
#ifndef CHORUS_OPS_LINEAR_LOGPROB_CUDA_H
#define CHORUS_OPS_LINEAR_LOGPROB_CUDA_H

#include <cmath>
#include <cstdint>

#include "common/hd.h"
#include "cuda/target_row.h"
#include "ops/linear_logprob/linear_logprob.h"

namespace chorus {
namespace cuda {

/** p [kCount], which may lie anywhere: a pack's columns, or one. */
template <int kCount>
CHORUS_DEVICE void LoadFloats(const float* p, float (&x)[kCount]) {
  if ((reinterpret_cast<uintptr_t>(p) & 15) != 0) {
    CHORUS_UNROLL
    for (int j = 0; j < kCount; ++j) x[j] = p[j];
    return;
  }
  CHORUS_UNROLL
  for (int i = 0; i < kCount / 4; ++i) {
    const Pack<float> four = LoadPack(AlignedHere(p) + 4 * i);
    CHORUS_UNROLL
    for (int j = 0; j < 4; ++j) x[4 * i + j] = four.at[j];
  }
}
CHORUS_DEVICE void LoadFloats(const float* p, float (&x)[1]) { x[0] = *p; }

/** The same of a row's elements. */
template <typename T>
CHORUS_DEVICE void StoreFloats(T* p, const float (&x)[Pack<T>::kCount]) {
  Pack<T> pack;
  CHORUS_UNROLL
  for (int j = 0; j < Pack<T>::kCount; ++j) pack.at[j] = FromFloat<T>(x[j]);
  StorePack(p, pack);
}
template <typename T>
CHORUS_DEVICE void StoreFloats(T* p, const float (&x)[1]) {
  *p = FromFloat<T>(x[0]);
}

/** How logits come of h W^T. */
struct Transform {
  /** With so much to do for an element, few loads at once are enough. */
  static constexpr int kDepth = 2;

  const float* bias;  // nullable
  float scale, cap, inverse_cap;

  CHORUS_DEVICE float Scale() const { return scale; }
  CHORUS_HD_INLINE bool IsIdentity() const { return !bias && scale == 1 && cap == 0; }

  /** x [kCount], which begins at column `first`, becomes logits. */
  template <int kCount>
  CHORUS_DEVICE void Apply(int first, float (&x)[kCount]) const {
    if (bias) {
      float b[kCount];
      LoadFloats(bias + first, b);
      CHORUS_UNROLL
      for (int j = 0; j < kCount; ++j) x[j] += b[j];
    }
    CHORUS_UNROLL
    for (int j = 0; j < kCount; ++j) x[j] *= scale;
    if (cap == 0) return;
    CHORUS_UNROLL
    for (int j = 0; j < kCount; ++j) {
      const float capped = cap * tanhf(x[j] * inverse_cap);
      // Masked logits stay masked, and NaN and +infinity must still be seen.
      x[j] = fabsf(x[j]) < INFINITY ? capped : x[j];
    }
  }

  /** d logit / d (h W^T), without the scale: x becomes x times it. Masked logits have none. */
  template <int kCount>
  CHORUS_DEVICE void MultiplyBySlope(const float (&logits)[kCount], float (&x)[kCount]) const {
    if (cap == 0) return;
    CHORUS_UNROLL
    for (int j = 0; j < kCount; ++j) {
      const float ratio = logits[j] * inverse_cap;
      x[j] *= fmaxf(0, 1 - ratio * ratio);
    }
  }

  /** What h W^T must be for a masked logit. */
  CHORUS_DEVICE float Masked() const { return scale < 0 ? INFINITY : -INFINITY; }
};

/** Where h W^T are the logits: no code at all. */
struct NoTransform {
  static constexpr int kDepth = kDeep;

  CHORUS_DEVICE float Scale() const { return 1; }
  CHORUS_DEVICE bool IsIdentity() const { return true; }
  template <int kCount>
  CHORUS_DEVICE void Apply(int, float (&)[kCount]) const {}
  template <int kCount>
  CHORUS_DEVICE void MultiplyBySlope(const float (&)[kCount], float (&)[kCount]) const {}
  CHORUS_DEVICE float Masked() const { return -INFINITY; }
};

/** Calls body(first, logits) for arrays of logits, whole packs and single ones, that begin at column `first`. */
template <int kTeam, Read kRead, typename In, typename Head, typename Body>
CHORUS_DEVICE void ForLogits(const In* z, int V, const Head& head, Body body) {
  ForRow<kTeam, kRead, Head::kDepth>(
      z, V,
      [&](int first, const Pack<In>& p) {
        float x[Pack<In>::kCount];
        Unpack(p, x);
        head.Apply(first, x);
        body(first, x);
      },
      [&](int v) {
        float x[1] = {ToFloat(z[v])};
        head.Apply(v, x);
        body(v, x);
      });
}

/** One logit. */
template <typename In, typename Head>
CHORUS_DEVICE float LogitAt(const In* z, int v, const Head& head) {
  float x[1] = {ToFloat(z[v])};
  head.Apply(v, x);
  return x[0];
}

/** The same sums, to the bit, as SoftmaxOf gives of logits. */
template <int kTeam, typename In, typename Head>
CHORUS_DEVICE RowSoftmax HeadSoftmax(const In* z, int V, const Head& head) {
  OnlineShare share;
  ForLogits<kTeam, Read::kAgain>(z, V, head, [&](int, const auto& x) { share.Add(x); });
  return share.Combine<kTeam>();
}

/** z becomes its logits. */
template <int kTeam, typename In, typename Head>
CHORUS_DEVICE void WriteLogits(In* z, int V, const Head& head) {
  ForLogits<kTeam, Read::kOnce>(static_cast<const In*>(z), V, head,
                                [&](int first, const auto& x) { StoreFloats(z + first, x); });
}

/** z becomes d = factor e^(logit - base), to which add(first, logits, d) may add, times its slope. */
template <int kTeam, typename In, typename Head, typename Addition>
CHORUS_DEVICE void WriteGradient(In* z, int V, const Head& head, float base, float factor, Addition add) {
  ForLogits<kTeam, Read::kOnce>(static_cast<const In*>(z), V, head, [&](int first, const auto& x) {
    constexpr int kCount = sizeof x / sizeof x[0];
    float d[kCount];
    CHORUS_UNROLL
    for (int j = 0; j < kCount; ++j) d[j] = factor * Exp2((x[j] - base) * kLog2E);
    add(first, x, d);
    head.MultiplyBySlope(x, d);
    StoreFloats(z + first, d);
  });
}

struct AddNothing {
  template <int kCount>
  CHORUS_DEVICE void operator()(int, const float (&)[kCount], float (&)[kCount]) const {}
};

/** One call: everything but which target a row has. */
template <typename In, typename Head>
struct HeadCall {
  HeadOutputs out;
  In* logits;
  Head head;
  HeadTargets targets;
  const float* weights;      // nullable
  const float* dlogps;       // nullable
  const int64_t* row_names;  // nullable
  int64_t N, stride;
  int V;
  Faults faults;

  CHORUS_DEVICE void Give(int64_t n, float logp, float kl, float lse, float entropy, float top1) const {
    out.logps[n] = logp;
    if (out.kl) out.kl[n] = kl;
    out.lse[n] = lse;
    out.entropy[n] = entropy;
    if (out.top1) out.top1[n] = top1;
  }

  /** Row n is bad. */
  template <int kTeam>
  CHORUS_DEVICE void Refuse(int64_t n, In* z, Reason reason) const {
    if (Rank<kTeam>() == 0) {
      faults.Report(row_names ? row_names[n] : n, reason);
      Give(n, NAN, NAN, NAN, NAN, NAN);
    }
    if (dlogps) FillRow<kTeam>(z, V, NAN);
  }

  /** What the row's gradient is multiplied by; false where the row is done with. */
  template <int kTeam>
  CHORUS_DEVICE bool Begin(int64_t n, In* z, float* coefficient) const {
    const float weight = weights ? weights[n] : 1.0f;
    if (weight == 0) {
      if (Rank<kTeam>() == 0) Give(n, 0, 0, 0, 0, 0);
      if (dlogps) FillRow<kTeam>(z, V, 0);
      return false;
    }
    const float d = dlogps ? dlogps[n] : 0.0f;
    *coefficient = weight * d;
    if (IsWeight(weight) && IsFinite(d)) return true;
    Refuse<kTeam>(n, z, IsWeight(weight) ? Reason::kUpstream : Reason::kWeight);
    return false;
  }
};

}  // namespace cuda
}  // namespace chorus

#endif
