// preference: losses of pairs of answers, of which one was preferred, with their gradients.
//
//   policy and reference log-probabilities of the chosen and the rejected answer (P), f32 or bf16, or those of their tokens
//   lengths, weights, flip, dloss (P) or null
//   loss, dchosen, drejected, chosen_rewards, rejected_rewards (P)      totals (4)
//
// Equations, and what is refused, stand at chorus_preference_* in chorus.h; the formulas themselves in preference_terms.h.
// Arithmetic is in double. One thread: a batch of pairs is too small for a team.
#ifndef CHORUS_OPS_PREFERENCE_H
#define CHORUS_OPS_PREFERENCE_H

#include <cstdint>

#include "chorus.h"
#include "ops/preference/preference_terms.h"
#include "simd/isa.h"

namespace chorus {

/** Results are f32; where the inputs are sums of tokens, in double, results are intermediate and stay double. */
template <typename In>
struct PreferenceResult {
  typedef float Type;
};
template <>
struct PreferenceResult<double> {
  typedef double Type;
};

/** Flips that a kind accepts; none if low > high. */
struct FlipRange {
  double low;
  double high;
};

/** P pairs. In is float, uint16_t (bf16) or double. */
template <typename In>
struct PreferenceBatch {
  typedef typename PreferenceResult<In>::Type Out;
  Out* loss;
  Out* dchosen;           // both or neither
  Out* drejected;
  Out* chosen_rewards;    // both or neither
  Out* rejected_rewards;
  double* totals;         // nullable: CHORUS_PREFERENCE_TOTALS sums
  const In* policy_chosen;
  const In* policy_rejected;
  const In* ref_chosen;   // both or neither
  const In* ref_rejected;
  const int64_t* chosen_lengths;  // null unless the kind uses them
  const int64_t* rejected_lengths;
  const float* weights;   // nullable
  const float* flip;      // nullable
  const float* dloss;     // nullable
  int64_t P;
  double upstream;
  PreferenceSpec spec;
  FlipRange flips;
};

/** What the tokens of one answer sum to. */
struct TokenSum {
  /** sum w log pi over the tokens of w > 0; not finite if one of them is not, or if a weight is not finite and >= 0. */
  double logp;
  /** Tokens of w > 0. */
  int64_t count;
};

struct PreferenceLoops {
  /** All kinds but the two that sort. False if a pair must be refused. */
  bool (*pairs_f32)(const PreferenceBatch<float>& batch);
  bool (*pairs_bf16)(const PreferenceBatch<uint16_t>& batch);
  bool (*pairs_f64)(const PreferenceBatch<double>& batch);
  TokenSum (*token_sum_f32)(const float* logps, const float* weights, int64_t count);
  TokenSum (*token_sum_bf16)(const uint16_t* logps, const float* weights, int64_t count);
  /** d[t] = w_t slope, 0 where w_t is 0. */
  void (*spread)(float* d, const float* weights, int64_t count, double slope);
};

CHORUS_DECLARE_TABLE(PreferenceLoops, kPreferenceLoops)

inline bool IsSortedPreference(int kind) {
  return kind == CHORUS_PREFERENCE_AOT || kind == CHORUS_PREFERENCE_AOT_UNPAIRED;
}
inline bool UsesLengths(int kind) {
  return kind == CHORUS_PREFERENCE_IPO_MEAN || kind == CHORUS_PREFERENCE_SIGMOID_MEAN;
}

/** Doubles that the caller lends, for P pairs given as sequences and as tokens. */
int64_t PreferenceWorkspace(int kind, int64_t P);
int64_t PreferenceTokensWorkspace(int kind, int64_t P);

/** workspace holds PreferenceWorkspace(kind, P) doubles. */
template <typename In>
chorus_status PreferenceCpu(const char* op, const PreferenceBatch<In>& batch, double* workspace);

/** P pairs as the log-probabilities of their tokens: answer i (2p chosen, 2p + 1 rejected) has those from offsets[i] on. */
template <typename In>
struct PreferenceTokens {
  float* loss;
  float* dtokens;           // nullable
  float* chosen_rewards;    // both or neither
  float* rejected_rewards;
  double* totals;           // nullable
  const In* policy;
  const In* ref;            // null, or the sums are
  const float* ref_chosen;
  const float* ref_rejected;
  const int64_t* offsets;
  const float* token_weights;  // nullable
  const float* weights;     // nullable
  const float* flip;        // nullable
  const float* dloss;       // nullable
  int64_t P;
  double upstream;
  PreferenceSpec spec;
  FlipRange flips;
};

/** workspace holds PreferenceTokensWorkspace(kind, P) doubles. */
template <typename In>
chorus_status PreferenceTokensCpu(const char* op, const PreferenceTokens<In>& tokens, double* workspace);

/** The definition in plain double, without checks; every pointer as in PreferenceBatch, and of one type. */
struct PreferenceRefBatch {
  double *loss, *dchosen, *drejected, *chosen_rewards, *rejected_rewards;
  const double *policy_chosen, *policy_rejected, *ref_chosen, *ref_rejected;
  const double *chosen_lengths, *rejected_lengths, *weights, *flip, *dloss;
  int64_t P;
  double upstream;
  PreferenceSpec spec;
};
void PreferenceRef(const PreferenceRefBatch& batch);

}  // namespace chorus

#endif
