// One row of logits and its target, by a team: what the log-probability ops do with it, as common/target_row.h on the host.
#ifndef CHORUS_CUDA_TARGET_ROW_H
#define CHORUS_CUDA_TARGET_ROW_H

#include "cuda/fault.h"
#include "cuda/softmax.h"

namespace chorus {
namespace cuda {

CHORUS_DEVICE bool IsFinite(float x) { return x - x == 0; }
CHORUS_DEVICE bool IsWeight(float w) { return w >= 0 && w < INFINITY; }

struct TargetResult {
  float logp, lse, entropy;
};

/** For all threads the same; zeros for a row of weight 0, NaN for one that is bad, which is reported as `name`. */
template <int kTeam, typename In>
CHORUS_DEVICE TargetResult TargetRowForward(const In* z, int V, const int64_t* target, const float* weight, int64_t name,
                                            const Faults& faults) {
  if (weight && *weight == 0) return {0, 0, 0};
  // Asked for before the row, so that nobody waits for it behind the row.
  const int64_t t = *target;
  const bool in_range = t >= 0 && t < V;
  const float z_target = in_range ? ToFloat(z[t]) : 0.0f;
  const RowSoftmax row = SoftmaxOf<kTeam, Read::kOnce>(z, V, Unmapped());
  const bool good_weight = !weight || IsWeight(*weight);
  const bool good = good_weight && in_range && !row.HasBadLogit() && z_target != -INFINITY;
  if (!good) {
    if (Rank<kTeam>() == 0) {
      faults.Report(name, !good_weight          ? Reason::kWeight
                          : !in_range           ? Reason::kTarget
                          : row.HasBadLogit()   ? Reason::kLogit
                                                : Reason::kMaskedTarget);
    }
    return {NAN, NAN, NAN};
  }
  // (z - max) - ln sum, not z - lse: the first difference is exact for neighbours, so large logits lose nothing.
  const double log_sum = row.LogSum();
  return {static_cast<float>((static_cast<double>(z_target) - row.base) - log_sum),
          static_cast<float>(row.base + log_sum), static_cast<float>(log_sum - row.dot / row.sum)};
}

/**
 * z[v] = scale (1[v = target] - e^(z[v] - lse)); zeros if `weight` is 0, NaN for a row that is bad.
 */
template <int kTeam, typename In>
CHORUS_DEVICE void TargetRowBackward(In* z, int V, const int64_t* target, float weight, float lse, float scale,
                                     int64_t name, const Faults& faults) {
  if (weight == 0) return FillRow<kTeam>(z, V, 0);
  const int64_t t = *target;
  const bool in_range = t >= 0 && t < V;
  if (!IsWeight(weight) || !in_range || !IsFinite(lse) || !IsFinite(scale)) {
    if (Rank<kTeam>() == 0) {
      faults.Report(name, !IsWeight(weight) ? Reason::kWeight : !in_range ? Reason::kTarget : Reason::kUpstream);
    }
    FillRow<kTeam>(z, V, NAN);
    return;
  }
  constexpr int kCount = Pack<In>::kCount;
  const int special = static_cast<int>(t);
  bool bad = false;
  const auto gradient = [&](float x) {
    bad |= !(x < INFINITY);
    return -scale * Exp2((x - lse) * kLog2E);
  };
  // 1 - p without the rounding of p.
  const auto at_target = [&](float x) {
    bad |= x == -INFINITY;
    return x == -INFINITY ? NAN : -scale * expm1f(x - lse);
  };
  ForRow<kTeam, Read::kOnce>(
      static_cast<const In*>(z), V,
      [&](int first, const Pack<In>& p) {
        float logits[kCount];
        Unpack(p, logits);
        Pack<In> d;
        CHORUS_UNROLL
        for (int j = 0; j < kCount; ++j) d.at[j] = FromFloat<In>(gradient(logits[j]));
        StorePack(z + first, d);
        // By the thread that has just written around it.
        const int j = special - first;
        if (j >= 0 && j < kCount) {
          float x = 0;
          CHORUS_UNROLL
          for (int i = 0; i < kCount; ++i) x = i == j ? logits[i] : x;
          z[special] = FromFloat<In>(at_target(x));
        }
      },
      [&](int v) {
        const float x = ToFloat(z[v]);
        const float d = gradient(x);
        z[v] = FromFloat<In>(v == special ? at_target(x) : d);
      });
  if (bad) faults.Report(name, Reason::kGradientRow);
}

}  // namespace cuda
}  // namespace chorus

#endif
