// Answers as tokens, on a device: a team an answer sums its log-probabilities, and later spreads its gradient.
#ifndef CHORUS_OPS_PREFERENCE_TOKENS_CUDA_H
#define CHORUS_OPS_PREFERENCE_TOKENS_CUDA_H

#include "ops/preference/preference_pairs_cuda.h"

namespace chorus {
namespace cuda {

/** Up to so many answers have a small block each, more of them a warp each: then there are enough to hide the waiting. */
constexpr int64_t kAnswersOfBlocks = 1024;

constexpr RowTeam AnswerTeam(int64_t answers) { return answers <= kAnswersOfBlocks ? kSmallTeam : kWarpTeam; }

/** Answer 2p is the chosen one of pair p, 2p + 1 the rejected. Its number in arrays [2, P]: */
CHORUS_DEVICE int64_t BySide(int64_t answer, int64_t P) { return answer % 2 * P + answer / 2; }

/** The tokens of an answer. */
struct TokenRange {
  int64_t begin, end;
  bool good;  // otherwise they must not be touched
};

CHORUS_DEVICE TokenRange TokensOf(const int64_t* offsets, int64_t answer, int64_t P) {
  const int64_t begin = offsets[answer], end = offsets[answer + 1];
  return {begin, end, begin >= 0 && end >= begin && end <= offsets[2 * P]};
}

template <typename In>
struct AnswerSums {
  double* policy;    // [2, P]
  double* ref;       // [2, P], null where there is no reference
  int64_t* counts;   // [2, P]: tokens of a weight above 0
  const In* policy_tokens;
  const In* ref_tokens;      // null, or the sums are
  const float* ref_chosen;
  const float* ref_rejected;
  const int64_t* offsets;
  const float* token_weights;  // nullable
  const float* weights;        // nullable
  int64_t P;
};

/** What a thread has met. */
struct TokenShare {
  double policy = 0;
  double ref = 0;
  int count = 0;
  bool bad = false;

  CHORUS_DEVICE void Add(float weight, double policy_token, double ref_token) {
    // NaN is not 0 and goes on.
    if (weight == 0) return;
    bad |= weight < 0;
    policy += static_cast<double>(weight) * policy_token;
    ref += static_cast<double>(weight) * ref_token;
    ++count;
  }
};

template <int kTeam, typename In>
CHORUS_DEVICE TokenShare ShareOf(const AnswerSums<In>& x, const TokenRange& range) {
  constexpr int kDeepTokens = 4;
  TokenShare share;
  int64_t t = range.begin + Rank<kTeam>();
  for (; t + (kDeepTokens - 1) * kTeam < range.end; t += kDeepTokens * kTeam) {
    float weight[kDeepTokens];
    In policy[kDeepTokens], ref[kDeepTokens] = {};
    CHORUS_UNROLL
    for (int u = 0; u < kDeepTokens; ++u) {
      weight[u] = x.token_weights ? x.token_weights[t + u * kTeam] : 1.0f;
      policy[u] = x.policy_tokens[t + u * kTeam];
      if (x.ref_tokens) ref[u] = x.ref_tokens[t + u * kTeam];
    }
    CHORUS_UNROLL
    for (int u = 0; u < kDeepTokens; ++u) share.Add(weight[u], ValueOf(policy[u]), ValueOf(ref[u]));
  }
  CHORUS_NO_UNROLL
  for (; t < range.end; t += kTeam) {
    share.Add(x.token_weights ? x.token_weights[t] : 1.0f, ValueOf(x.policy_tokens[t]),
              x.ref_tokens ? ValueOf(x.ref_tokens[t]) : 0.0);
  }
  return share;
}

/** The policy's sum is NaN if the answer is refused; then it has been reported. */
template <int kTeam, typename In>
__global__ void __launch_bounds__(kTeam == kWarp ? kWarpTeamsBlock : kTeam)
    PreferenceTokenSums(AnswerSums<In> x, Faults faults) {
  const int64_t answer = TeamRow<kTeam>();
  if (answer >= 2 * x.P) return;
  const int64_t pair = answer / 2, at = BySide(answer, x.P);
  const TokenRange range = TokensOf(x.offsets, answer, x.P);
  const bool good_offsets = range.good && (answer > 0 || range.begin == 0);
  if (!good_offsets && Rank<kTeam>() == 0) faults.Report(pair, Reason::kPairOffsets);
  TokenShare share;
  // The tokens of a pair of weight 0 may be NaN.
  const bool skipped = x.weights && x.weights[pair] == 0;
  if (good_offsets && !skipped) share = ShareOf<kTeam>(x, range);
  double policy = SumTeam<kTeam>(share.policy), ref = SumTeam<kTeam>(share.ref);
  int count = SumTeam<kTeam>(share.count);
  const bool bad_tokens = SumTeam<kTeam>(share.bad ? 1 : 0) > 0 || !IsFiniteValue(policy) || !IsFiniteValue(ref);
  if (Rank<kTeam>() != 0) return;
  if (x.ref && !x.ref_tokens) ref = skipped ? 0.0 : static_cast<double>((answer % 2 ? x.ref_rejected : x.ref_chosen)[pair]);
  if (bad_tokens) faults.Report(pair, Reason::kPairTokens);
  if (bad_tokens || !good_offsets) {
    policy = NAN;
    count = 1;
  }
  x.policy[at] = policy;
  if (x.ref) x.ref[at] = ref;
  x.counts[at] = count;
}

/** dtokens = their weights times the slopes [2, P] of their answers. */
template <int kTeam>
__global__ void __launch_bounds__(kTeam == kWarp ? kWarpTeamsBlock : kTeam)
    PreferenceTokenGradients(float* dtokens, const double* slopes, const int64_t* offsets, const float* token_weights,
                             int64_t P) {
  const int64_t answer = TeamRow<kTeam>();
  if (answer >= 2 * P) return;
  const TokenRange range = TokensOf(offsets, answer, P);
  if (!range.good) return;
  const double slope = slopes[BySide(answer, P)];
  // The token weights of a pair of weight 0 may be NaN.
  const bool weighted = token_weights && slope != 0;
  CHORUS_NO_UNROLL
  for (int64_t t = range.begin + Rank<kTeam>(); t < range.end; t += kTeam) {
    dtokens[t] = static_cast<float>(weighted ? static_cast<double>(token_weights[t]) * slope : slope);
  }
}

}  // namespace cuda
}  // namespace chorus

#endif
