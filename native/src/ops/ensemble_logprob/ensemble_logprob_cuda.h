// What the kernels of ensemble_logprob share: mixtures by a warp, sequences, and the models of a call.
#ifndef CHORUS_OPS_ENSEMBLE_LOGPROB_CUDA_H
#define CHORUS_OPS_ENSEMBLE_LOGPROB_CUDA_H

#include <cstdint>

#include "chorus_cuda.h"
#include "cuda/fault.h"
#include "cuda/target_row.h"
#include "cuda/team.h"

namespace chorus {
namespace cuda {

constexpr int kMostModels = CHORUS_CUDA_MOST_MODELS;
/** A warp has a lane for two models: `lane` and `lane + 32`. */
constexpr int kSlots = kMostModels / kWarp;

/** The models' logits, by value: a launch copies them to the device. */
template <typename In>
struct ModelLogits {
  In* logits[kMostModels];
  int64_t strides[kMostModels];
};

/** The model of this thread's slot. */
CHORUS_DEVICE int ModelOf(int slot) { return static_cast<int>(threadIdx.x % kWarp) + slot * kWarp; }

/** The weights of the mixture, by a warp. */
struct Omega {
  float of[kSlots];  // 0 beyond the last model
  bool good;
};

/** Checked, and reported if `reports`. */
CHORUS_DEVICE Omega LoadOmega(const float* omega, int64_t W, bool reports, const Faults& faults) {
  Omega o;
  double sum = 0;
  CHORUS_UNROLL
  for (int i = 0; i < kSlots; ++i) {
    const int w = ModelOf(i);
    o.of[i] = w < W ? omega[w] : 0.0f;
    const bool good = IsWeight(o.of[i]);
    if (!good && reports) faults.Report(RowOfModel(w, 0), Reason::kOmega);
    sum += good ? static_cast<double>(o.of[i]) : static_cast<double>(NAN);
  }
  sum = SumTeam<kWarp>(sum);
  // Rounding each omega to f32 moves the sum by 6e-8 at most; more is a mixture that nobody normalised.
  o.good = fabs(sum - 1) < 1e-6;
  if (!o.good && sum == sum && reports && threadIdx.x % kWarp == 0) {
    faults.Report(RowOfModel(W - 1, 0), Reason::kOmegaSum);
  }
  return o;
}

struct LargestDouble {
  CHORUS_DEVICE double operator()(double a, double b) const { return a > b ? a : b; }
};

/** ln sum_w omega_w e^x_w by a warp, as on the host; the order of the sum depends on nothing. */
struct Mixture {
  double max;
  double sum;

  CHORUS_DEVICE double Log() const { return max + log(sum); }
  /** The model's responsibility, the derivative of Log by its x; 0 of one that is not looked at. */
  CHORUS_DEVICE double Share(float omega, double x) const { return omega == 0 ? 0 : omega * exp(x - max) / sum; }
};

/** x of models whose omega is 0 may be anything. */
CHORUS_DEVICE Mixture Mix(const Omega& omega, const double (&x)[kSlots]) {
  double max = -INFINITY;
  CHORUS_UNROLL
  for (int i = 0; i < kSlots; ++i) max = omega.of[i] > 0 && x[i] > max ? x[i] : max;
  max = CombineTeam<kWarp>(max, LargestDouble());
  double sum = 0;
  CHORUS_UNROLL
  for (int i = 0; i < kSlots; ++i) sum += omega.of[i] > 0 ? omega.of[i] * exp(x[i] - max) : 0.0;
  return {max, SumTeam<kWarp>(sum)};
}

/** Whether offset s of S + 1 is as it must be: none falls, the first is 0 and the last N. */
CHORUS_DEVICE bool IsOffset(const int64_t* offsets, int64_t s, int64_t S, int64_t N) {
  const int64_t low = s == 0 ? 0 : offsets[s - 1];
  const bool end = (s == 0 && offsets[s] != 0) || (s == S && offsets[s] != N);
  return !end && offsets[s] >= low && offsets[s] <= N;
}

/** The rows of a sequence; none of one whose offsets are bad. */
struct Span {
  int64_t first, last;
  bool good;
};

/** By a warp; reports both offsets if `reports`. offsets may be null where there are no rows. */
CHORUS_DEVICE Span SpanOf(const int64_t* offsets, int64_t s, int64_t S, int64_t N, int64_t model, bool reports,
                          const Faults& faults) {
  if (!offsets) return {0, 0, true};
  const bool good_first = IsOffset(offsets, s, S, N), good_last = IsOffset(offsets, s + 1, S, N);
  if (reports && !good_first) faults.Report(RowOfModel(model, s), Reason::kOffsets);
  if (reports && !good_last) faults.Report(RowOfModel(model, s + 1), Reason::kOffsets);
  const bool good = good_first && good_last;
  return {good ? offsets[s] : 0, good ? offsets[s + 1] : 0, good};
}

CHORUS_DEVICE double WeightOf(const float* weights, int64_t n) {
  return weights ? static_cast<double>(weights[n]) : 1.0;
}

/** sum of w_n x_n over a sequence, by a warp. */
CHORUS_DEVICE double WeightedSum(const float* x, const float* weights, const Span& span) {
  if (!span.good) return NAN;
  double sum = 0;
  for (int64_t n = span.first + threadIdx.x % kWarp; n < span.last; n += kWarp) sum += WeightOf(weights, n) * x[n];
  return SumTeam<kWarp>(sum);
}

/** The sum of the weights of a sequence, by a warp. */
CHORUS_DEVICE double SumOfWeights(const float* weights, const Span& span) {
  if (!weights) return static_cast<double>(span.last - span.first);
  double sum = 0;
  for (int64_t n = span.first + threadIdx.x % kWarp; n < span.last; n += kWarp) sum += weights[n];
  return SumTeam<kWarp>(sum);
}

/** The sequence that row n of N lies in; empty ones are passed over. -1 where the offsets around it are bad. */
CHORUS_DEVICE int64_t SequenceOf(const int64_t* offsets, int64_t S, int64_t n, int64_t N) {
  int64_t low = 0, high = S + 1;  // the first offset above n
  while (low < high) {
    const int64_t middle = low + (high - low) / 2;
    if (offsets[middle] > n) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  const bool good = low >= 1 && low <= S && IsOffset(offsets, low - 1, S, N) && IsOffset(offsets, low, S, N);
  return good ? low - 1 : -1;
}

}  // namespace cuda
}  // namespace chorus

#endif
