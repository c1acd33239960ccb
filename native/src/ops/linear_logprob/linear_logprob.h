// linear_logprob: what happens to a chunk of the product of hidden states and head weight before it is thrown away.
//
//   logits  (N, V) row stride `stride`, f32 or bf16: in h W^T, out its gradient (or the transformed logits, without one)
//   bias (V) or null      ids (N, k), probabilities (N, k) or null      dense (N, V) or null      weights, dlogps (N) or null
//   logps, kl, lse, entropy, top1 (N)
//
// A row of 32,000 logits fits into the second-level cache, where its passes (transform, sums, gradient) find it. The matrix
// products and the chunking are the caller's. Equations, and what is refused, stand at chorus_linear_logprob_* in chorus.h.
#ifndef CHORUS_OPS_LINEAR_LOGPROB_H
#define CHORUS_OPS_LINEAR_LOGPROB_H

#include <cstdint>

#include "chorus.h"
#include "simd/isa.h"

namespace chorus {

/** Which distribution a row is compared with: `dense`, or `ids` with `probabilities`, or `ids` alone (k = 1, probability 1). */
struct HeadTargets {
  const int64_t* ids;          // (N, k), -1 is an unused slot
  const float* probabilities;  // (N, k)
  int64_t k;
  const float* dense;  // (N, V)
};

struct HeadSpec {
  int64_t N, V, stride;
  /** What messages call the rows (N); null: by their number. */
  const int64_t* row_names;
  /** logits = cap tanh(u / cap) with u = scale (h W^T + bias); no cap if 0. */
  double scale, soft_cap;
};

struct HeadOutputs {
  float* logps;
  float* kl;  // nullable
  float* lse;
  float* entropy;
  float* top1;  // nullable
};

/** Named tokens a row; more are better given as a dense target. */
constexpr int64_t kMaxNamed = 64;
/** Below this much mass outside of the named tokens, their rest has no shape of its own: it is spread evenly. */
constexpr double kLeastRest = 1e-6;
/** Sums of f32 probabilities may round to just above 1. */
constexpr double kProbabilitySlack = 1e-5;

/** In is float or uint16_t (bf16). With dlogps null, forward only. */
template <typename In>
chorus_status LinearLogprobRowsCpu(const char* op, const HeadOutputs& out, In* logits, const float* bias,
                                   const HeadTargets& targets, const float* weights, const float* dlogps,
                                   const HeadSpec& spec);

/** The definition: logits hold h W^T; dlogits (N, V), dense and nullable, is the gradient with respect to it. */
void LinearLogprobRowsRef(double* logps, double* kl, double* lse, double* entropy, double* top1, double* dlogits,
                          const double* logits, const double* bias, const int64_t* ids, const double* probabilities,
                          int64_t k, const double* dense, const double* weights, const double* dlogps,
                          const HeadSpec& spec);

/** sum t, sum t z and sum t ln t of a dense target, and whether a t is negative. Masked logits count only where t is not 0. */
struct DenseSums {
  double mass, dot, log;
  bool negative;
};

/** The row loops beyond those of common/softmax_rows.h. */
struct HeadRows {
  /** z = cap tanh(scale (z + bias) / cap), in place; bias may be null. */
  void (*transform_f32)(float* z, const float* bias, int64_t V, double scale, double cap);
  void (*transform_bf16)(uint16_t* z, const float* bias, int64_t V, double scale, double cap);
  DenseSums (*dense_f32)(const float* t, const float* z, int64_t V, bool with_log);
  DenseSums (*dense_bf16)(const float* t, const uint16_t* z, int64_t V, bool with_log);
  /** z = (a t + b e^(z - shift)) (1 - (z / cap)^2), in place; t may be null, and without a cap the last factor is 1. */
  void (*gradient_f32)(float* z, const float* t, int64_t V, float shift, float a, float b, float cap);
  void (*gradient_bf16)(uint16_t* z, const float* t, int64_t V, float shift, float a, float b, float cap);
};

CHORUS_DECLARE_TABLE(HeadRows, kHeadRows)

}  // namespace chorus

#endif
