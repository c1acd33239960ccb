#include <algorithm>
#include <cmath>
#include <vector>

#include "ops/paged_attention/paged_attention.h"

namespace chorus {

void PagedAttentionRef(const PagedAttention<double>& a) {
  for (int64_t n = 0; n < a.N; ++n) {
    // Not a.First, which the kernel uses too.
    const int64_t length = a.length[n], first = a.window == 0 ? 0 : std::max<int64_t>(0, length - a.window);
    for (int64_t h = 0; h < a.H; ++h) {
      const int64_t g = h / (a.H / a.G);
      const double* q = a.q + n * a.q_stride + h * a.d;
      double* out = a.out + n * a.out_stride + h * a.d;
      std::vector<double> scores;
      for (int64_t j = first; j < length; ++j) {
        const int64_t page = a.table[a.row[n] * a.max_pages + j / kPageTokens];
        double s = 0;
        for (int64_t c = 0; c < a.d; ++c) s += q[c] * a.keys[((page * a.G + g) * a.d + c) * kPageTokens + j % kPageTokens];
        s *= a.scale;
        if (a.soft_cap > 0) s = a.soft_cap * std::tanh(s / a.soft_cap);
        if (a.slopes) s += static_cast<double>(a.slopes[h]) * static_cast<double>(j - (length - 1));
        scores.push_back(s);
      }
      const double max = *std::max_element(scores.begin(), scores.end());
      double sum = 0;
      for (double& s : scores) sum += s = std::exp(s - max);
      std::fill(out, out + a.d, 0.0);
      for (int64_t j = first; j < length; ++j) {
        const int64_t page = a.table[a.row[n] * a.max_pages + j / kPageTokens];
        const double* v = a.values + ((page * a.G + g) * kPageTokens + j % kPageTokens) * a.d;
        for (int64_t c = 0; c < a.d; ++c) out[c] += scores[static_cast<size_t>(j - first)] / sum * v[c];
      }
    }
  }
}

}  // namespace chorus
