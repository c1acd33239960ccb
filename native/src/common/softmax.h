// The online softmax: log-sum-exp and entropy of a row in one pass, and the merge of two partial
// rows.
#ifndef CHORUS_COMMON_SOFTMAX_H
#define CHORUS_COMMON_SOFTMAX_H

#include <cmath>

#include "common/hd.h"

namespace chorus {

/**
 * A summary of some of a row's logits z.
 *
 *   max = max z,   sum = sum e^(z - max),   dot = sum e^(z - max) (z - max)
 *   lse = max + ln sum,   entropy = ln sum - dot / sum
 *
 * The entropy never subtracts lse from a mean logit, so it does not cancel when logits are large.
 * -infinity entries (masked) contribute nothing. The state of no logits is {-inf, 0, 0}; Merge is
 * associative up to rounding, which is what lets blocks, lanes and devices each take a share of a
 * row (Milakov and Gimelshein 2018, arXiv:1805.02867).
 */
template <typename T>
struct OnlineSoftmax {
  T max = -T(INFINITY);
  T sum = T(0);
  T dot = T(0);

  CHORUS_HD void Add(T z) {
    if (z == -T(INFINITY)) return;
    if (z <= max) {
      const T e = std::exp(z - max);
      sum += e;
      dot += e * (z - max);
    } else {
      Rescale(z);
      sum += T(1);
    }
  }

  CHORUS_HD void Merge(const OnlineSoftmax& other) {
    if (other.sum == T(0)) return;
    OnlineSoftmax share = other;
    if (share.max > max) {
      Rescale(share.max);
    } else {
      share.Rescale(max);
    }
    sum += share.sum;
    dot += share.dot;
  }

  CHORUS_HD T LogSum() const { return std::log(sum); }
  CHORUS_HD T Lse() const { return max + std::log(sum); }
  CHORUS_HD T Entropy() const { return std::log(sum) - dot / sum; }

 private:
  CHORUS_HD void Rescale(T new_max) {
    // An empty state has max -inf: 0 * -inf below would be NaN.
    if (sum > T(0)) {
      const T shift = max - new_max;
      const T factor = std::exp(shift);
      // factor 0 times an infinite shift would be NaN; a share so small is lost anyway.
      dot = factor > T(0) ? factor * (dot + sum * shift) : T(0);
      sum *= factor;
    }
    max = new_max;
  }
};

}  // namespace chorus

#endif
