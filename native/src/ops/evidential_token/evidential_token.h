// evidential_token: evidential loss of tokens, against a few likely ones and the model's own shape for the rest.
//
//   logits (N, V) row stride `stride`, f32 or bf16      ids, probs (N, k)      weights (N) or null
//   loss, nll, kl (N)                                   dlogits written over logits
//
// Equations, and what is refused, stand at chorus_evidential_token_* in chorus.h. Everything is computed in double.
#ifndef CHORUS_OPS_EVIDENTIAL_TOKEN_H
#define CHORUS_OPS_EVIDENTIAL_TOKEN_H

#include <cstdint>

#include "chorus.h"
#include "simd/isa.h"

namespace chorus {

/** Where the named tokens leave the others less probability than this, the rest is uniform: its shape is rounding noise. */
constexpr double kEvidentialTokenLeastRest = 1e-6;

/** Slack of probabilities rounded to f32, and of their sums. */
constexpr double kEvidentialTokenMaxSum = 1 + 1e-5;

/** Sizes and scalars of one call; `named` is k. */
struct EvidentialTokenSpec {
  int64_t N;
  int64_t V;
  int64_t named;
  int64_t stride;
  int evidence;
  double kl_weight;
  /** What messages call the rows (N); null: by their number. */
  const int64_t* row_names = nullptr;
};

/** One call. kl is nullable; so is dloss, without which logits stay as they are. */
template <typename In>
struct EvidentialTokenCall {
  float* loss;
  float* nll;
  float* kl;
  In* logits;
  const float* dloss;
  const int64_t* ids;
  const float* probs;
  const float* weights;
  EvidentialTokenSpec spec;
};

/** The vector loops: a row of weight above 0 whose ids, probs and dloss are good. False if its logits are not; they are then
 * as they were. */
struct EvidentialTokenRows {
  bool (*f32)(const EvidentialTokenCall<float>& call, int64_t n);
  bool (*bf16)(const EvidentialTokenCall<uint16_t>& call, int64_t n);
};

CHORUS_DECLARE_TABLE(EvidentialTokenRows, kEvidentialTokenRows)

/** In is float or uint16_t (bf16). CHORUS_INVALID_VALUE names the first bad row; what was written until then is of no use. */
template <typename In>
chorus_status EvidentialTokenCpu(const char* op, const EvidentialTokenCall<In>& call);

/** The definition, without checks: builds each row's label and takes the loss of EvidentialForwardRef. dlogits (N, V) is
 * dense and separate. */
void EvidentialTokenRef(double* loss, double* nll, double* kl, double* dlogits, const double* dloss, const double* logits,
                        const int64_t* ids, const double* probs, const double* weights, const EvidentialTokenSpec& spec);

}  // namespace chorus

#endif
