// The online softmax of a row, by a team (Milakov and Gimelshein 2018, arXiv:1805.02867).
//
// A thread keeps the largest logit that it has met and sums over what it has met, relative to it: elements in f32. Threads are
// then brought to the row's maximum and summed in double.
#ifndef CHORUS_CUDA_SOFTMAX_H
#define CHORUS_CUDA_SOFTMAX_H

#include <cfloat>
#include <cmath>

#include "cuda/row.h"

namespace chorus {
namespace cuda {

constexpr float kLog2E = 1.4426950408889634f;
/** Where e^x leaves f32. What lies below counts as e^-87: beside the 1 of the largest term that is nothing. */
constexpr float kExpFloor = -87;

/** A row's sums:  sum = sum e^(z - base),  dot = sum e^(z - base) (z - base). */
struct RowSoftmax {
  float max;   // NaN or infinity if a logit is
  float base;  // max, or the lowest float where there is nothing above it, from which a logit can be subtracted
  double sum;
  double dot;

  CHORUS_DEVICE bool HasBadLogit() const { return !(max < INFINITY); }
  /** Whether every logit was -infinity. */
  CHORUS_DEVICE bool IsEmpty() const { return max == -INFINITY; }
  CHORUS_DEVICE double LogSum() const { return log(sum); }
};

/** One thread's share of a row. */
struct OnlineShare {
  float max = -INFINITY;
  float base = -FLT_MAX;
  float sum = 0;
  float dot = 0;

  /** To a base that is higher. */
  CHORUS_DEVICE void Raise(float top) {
    const float higher = fmaxf(top, -FLT_MAX);
    const float shift = base - higher;
    const float factor = expf(shift);
    // A share that is lost would be 0 times a shift that may be infinite.
    dot = factor > 0 ? factor * (dot + sum * shift) : 0.0f;
    sum *= factor;
    max = top;
    base = higher;
  }

  CHORUS_DEVICE void AddTerm(float z) {
    const float x = fmaxf(z - base, kExpFloor);
    const float e = Exp2(x * kLog2E);
    sum += e;
    dot += e * x;
  }

  template <int kCount>
  CHORUS_DEVICE void Add(const float (&z)[kCount]) {
    float top = max;
    CHORUS_UNROLL
    for (int j = 0; j < kCount; ++j) top = MaxOrNan(top, z[j]);
    // NaN is not less.
    if (!(top <= max)) Raise(top);
    CHORUS_UNROLL
    for (int j = 0; j < kCount; ++j) AddTerm(z[j]);
  }

  template <int kTeam>
  CHORUS_DEVICE RowSoftmax Combine() const {
    RowSoftmax row;
    row.max = CombineTeam<kTeam>(max, Largest());
    row.base = fmaxf(row.max, -FLT_MAX);
    const float shift = base - row.base;
    const float factor = expf(shift);
    row.sum = SumTeam<kTeam>(static_cast<double>(sum) * factor);
    row.dot = SumTeam<kTeam>(factor > 0 ? (dot + static_cast<double>(sum) * shift) * factor : 0.0);
    return row;
  }
};

/** The sums of z [count]; map(v, z_v) is the logit that stands for z_v. */
template <int kTeam, Read kRead, typename In, typename Map>
CHORUS_DEVICE RowSoftmax SoftmaxOf(const In* z, int count, Map map) {
  constexpr int kCount = Pack<In>::kCount;
  OnlineShare share;
  ForRow<kTeam, kRead>(
      z, count,
      [&](int first, const Pack<In>& p) {
        float x[kCount];
        Unpack(p, x);
        CHORUS_UNROLL
        for (int j = 0; j < kCount; ++j) x[j] = map(first + j, x[j]);
        share.Add(x);
      },
      [&](int v) {
        const float x[1] = {map(v, ToFloat(z[v]))};
        share.Add(x);
      });
  return share.Combine<kTeam>();
}

struct Unmapped {
  CHORUS_DEVICE float operator()(int, float z) const { return z; }
};

}  // namespace cuda
}  // namespace chorus

#endif
