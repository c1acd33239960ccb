// preference on a device: a thread a pair, in one launch for forward and backward and one for the totals. The kinds that
// sort have launches of their own (preference_sorted_cuda.h), and so have tokens, before and after (preference_tokens_cuda.h).

#include "chorus_cuda.h"
#include "cuda/abi.h"
#include "cuda/launch.h"
#include "ops/preference/preference_checks.h"
#include "ops/preference/preference_pairs_cuda.h"
#include "ops/preference/preference_sorted_cuda.h"
#include "ops/preference/preference_tokens_cuda.h"

namespace chorus {
namespace cuda {

namespace {

int64_t PairBlocks(int64_t P) { return (P + kPairsBlock - 1) / kPairsBlock; }

/** Of the sorting kinds, twice: over the pairs, and over what met. */
int64_t Partials(int kind, int64_t P) { return PairBlocks(P) * (IsSortedPreference(kind) ? 2 : 1); }

int64_t PairsBytes(int kind, int64_t P) {
  if (P <= 0) return 0;
  const int64_t partials = Partials(kind, P) * CHORUS_PREFERENCE_TOTALS * static_cast<int64_t>(sizeof(double));
  const int64_t sorted = 2 * P * static_cast<int64_t>(sizeof(SortKey) + sizeof(int));
  return partials + (IsSortedPreference(kind) ? sorted : 0);
}

/** policy, ref, slopes and counts, each [2, P]. */
int64_t SumsBytes(int64_t P) { return P <= 0 ? 0 : 4 * 2 * P * static_cast<int64_t>(sizeof(double)); }

/** Pairs are numbered in int where they are sorted, and a launch has so many blocks. */
chorus_status CheckPairCount(const char* op, int64_t P) {
  if (P <= kMostBlocks / 2) return CHORUS_OK;
  return Fail(CHORUS_INVALID_ARGUMENT, "%s: P = %lld, a launch has at most %lld pairs", op, static_cast<long long>(P),
              static_cast<long long>(kMostBlocks / 2));
}

/** "preference_bf16": what the host's function of that element type is called. */
const char* OpName(bool tokens, int type) {
  switch (type) {
    case CHORUS_TYPE_F32:
      return tokens ? "preference_tokens_f32" : "preference_f32";
    case CHORUS_TYPE_BF16:
      return tokens ? "preference_tokens_bf16" : "preference_bf16";
    case CHORUS_TYPE_F16:
      return tokens ? "preference_tokens_f16" : "preference_f16";
    default:
      return tokens ? "preference_tokens" : "preference";
  }
}

/** One call: where it goes, and what its messages say. */
struct Call {
  const char* op;
  const char* shape;
  void* stream;
  Faults faults;

  template <typename... Parameters, typename... Arguments>
  chorus_status Launch(const Launch1d& size, void (*kernel)(Parameters...), const Arguments&... arguments) const {
    return LaunchKernel(op, shape, size, stream, kernel, arguments...);
  }
};

chorus_status Totals(const Call& call, double* totals, const double* partials, int64_t count) {
  if (!totals) return CHORUS_OK;
  return call.Launch({1, kTotalsBlock}, PreferenceTotals, totals, partials, count);
}

/** The pairs, and the totals where they are asked for. Arguments have been checked. */
template <typename In, typename Gradient>
chorus_status Pairs(const Call& call, const PairArrays<In, Gradient>& b, double* totals, void* workspace) {
  const bool sorted = IsSortedPreference(b.spec.kind);
  double* const partials = totals ? static_cast<double*>(workspace) : nullptr;
  const int64_t count = Partials(b.spec.kind, b.P);
  const Launch1d pairs = ItemLaunch(b.P, kPairsBlock);
  if (!sorted) {
    if (chorus_status bad = call.Launch(pairs, PreferencePairs<In, Gradient>, b, partials, call.faults)) return bad;
    return Totals(call, totals, partials, count);
  }
  SortKey* const keys = static_cast<SortKey*>(workspace) + count * CHORUS_PREFERENCE_TOTALS;
  int* const order = reinterpret_cast<int*>(keys + 2 * b.P);
  double* const met_partials = partials ? partials + count / 2 * CHORUS_PREFERENCE_TOTALS : nullptr;
  if (chorus_status bad = call.Launch(pairs, PreferenceKeys<In, Gradient>, b, keys, partials, call.faults)) return bad;
  const Launch1d ranks = {2 * ItemLaunch(b.P, kRanked).blocks, kRankBlock};
  if (chorus_status bad = call.Launch(ranks, PreferenceRanks, order, keys, b.P)) return bad;
  if (chorus_status bad = call.Launch(pairs, PreferenceMet<In, Gradient>, b, keys, order, met_partials, call.faults)) {
    return bad;
  }
  return Totals(call, totals, partials, count);
}

template <typename In>
PairArrays<In, float> ArraysOf(const PreferenceBatch<In>& b) {
  PairArrays<In, float> arrays = {};
  arrays.loss = b.loss;
  arrays.dchosen = b.dchosen;
  arrays.drejected = b.drejected;
  arrays.chosen_rewards = b.chosen_rewards;
  arrays.rejected_rewards = b.rejected_rewards;
  arrays.policy_chosen = b.policy_chosen;
  arrays.policy_rejected = b.policy_rejected;
  arrays.ref_chosen = b.ref_chosen;
  arrays.ref_rejected = b.ref_rejected;
  arrays.chosen_lengths = b.chosen_lengths;
  arrays.rejected_lengths = b.rejected_lengths;
  arrays.weights = b.weights;
  arrays.flip = b.flip;
  arrays.dloss = b.dloss;
  arrays.P = b.P;
  arrays.upstream = b.upstream;
  arrays.spec = b.spec;
  arrays.flips = b.flips;
  return arrays;
}

/** The pairs of answers whose tokens have been summed. */
template <typename In>
PairArrays<double, double> ArraysOf(const PreferenceTokens<In>& x, const AnswerSums<In>& sums, double* slopes) {
  const int64_t P = x.P;
  const bool lengths = UsesLengths(x.spec.kind);
  PairArrays<double, double> arrays = {};
  arrays.loss = x.loss;
  arrays.dchosen = x.dtokens ? slopes : nullptr;
  arrays.drejected = x.dtokens ? slopes + P : nullptr;
  arrays.chosen_rewards = x.chosen_rewards;
  arrays.rejected_rewards = x.rejected_rewards;
  arrays.policy_chosen = sums.policy;
  arrays.policy_rejected = sums.policy + P;
  arrays.ref_chosen = sums.ref;
  arrays.ref_rejected = sums.ref ? sums.ref + P : nullptr;
  arrays.chosen_lengths = lengths ? sums.counts : nullptr;
  arrays.rejected_lengths = lengths ? sums.counts + P : nullptr;
  arrays.chosen_tokens = sums.counts;
  arrays.rejected_tokens = sums.counts + P;
  arrays.weights = x.weights;
  arrays.flip = x.flip;
  arrays.dloss = x.dloss;
  arrays.P = P;
  arrays.upstream = x.upstream;
  arrays.spec = x.spec;
  arrays.flips = x.flips;
  return arrays;
}

template <typename In>
chorus_status Sequences(Call call, PreferenceBatch<In> b, void* workspace) {
  if (chorus_status bad = CheckSequences(call.op, &b)) return bad;
  if (b.P == 0) return Totals(call, b.totals, nullptr, 0);
  if (chorus_status bad = CheckPairCount(call.op, b.P)) return bad;
  const bool uses_workspace = b.totals || IsSortedPreference(b.spec.kind);
  const int64_t bytes = uses_workspace ? PairsBytes(b.spec.kind, b.P) : 0;
  if (chorus_status bad = CheckWorkspace(call.op, workspace, bytes, "bytes")) return bad;
  return Pairs(call, ArraysOf(b), b.totals, workspace);
}

template <int kTeam, typename In>
chorus_status TokensByTeam(const Call& call, const PreferenceTokens<In>& x, void* workspace) {
  const int64_t P = x.P;
  double* const values = static_cast<double*>(workspace);
  const bool has_ref = x.ref || x.ref_chosen;
  const AnswerSums<In> sums = {values,       has_ref ? values + 2 * P : nullptr, reinterpret_cast<int64_t*>(values + 6 * P),
                               x.policy,     x.ref,
                               x.ref_chosen, x.ref_rejected,
                               x.offsets,    x.token_weights,
                               x.weights,    P};
  double* const slopes = values + 4 * P;
  const Launch1d answers = RowLaunch(2 * P, static_cast<RowTeam>(kTeam));
  if (chorus_status bad = call.Launch(answers, PreferenceTokenSums<kTeam, In>, sums, call.faults)) return bad;
  if (chorus_status bad = Pairs(call, ArraysOf(x, sums, slopes), x.totals, values + 8 * P)) return bad;
  if (!x.dtokens) return CHORUS_OK;
  return call.Launch(answers, PreferenceTokenGradients<kTeam>, x.dtokens, slopes, x.offsets, x.token_weights, P);
}

template <typename In>
chorus_status Tokens(Call call, PreferenceTokens<In> x, void* workspace) {
  if (chorus_status bad = CheckTokens(call.op, &x)) return bad;
  if (x.P == 0) return Totals(call, x.totals, nullptr, 0);
  if (chorus_status bad = CheckPairCount(call.op, x.P)) return bad;
  const int64_t bytes = SumsBytes(x.P) + PairsBytes(x.spec.kind, x.P);
  if (chorus_status bad = CheckWorkspace(call.op, workspace, bytes, "bytes")) return bad;
  return AnswerTeam(2 * x.P) == kSmallTeam ? TokensByTeam<kSmallTeam>(call, x, workspace)
                                           : TokensByTeam<kWarpTeam>(call, x, workspace);
}

}  // namespace

}  // namespace cuda
}  // namespace chorus

using namespace chorus;
using namespace chorus::cuda;

extern "C" int64_t chorus_cuda_preference_workspace(int kind, int64_t P) { return PairsBytes(kind, P); }

extern "C" int64_t chorus_cuda_preference_tokens_workspace(int kind, int64_t P) {
  return SumsBytes(P) + PairsBytes(kind, P);
}

extern "C" chorus_status chorus_cuda_preference(const chorus_preference_args* args, uint64_t* fault, void* stream) {
  if (chorus_status bad = CheckArguments("preference", args)) return bad;
  const char* op = OpName(false, args->type);
  return WithType(op, args->type, args->policy_chosen, [&](auto* policy) {
    using In = std::remove_const_t<std::remove_pointer_t<decltype(policy)>>;
    const Shape shape(args->type, {{"P", args->P}, {"kind", args->kind}});
    return Sequences(Call{op, shape, stream, FaultsOf(fault, Op::kPreference)}, BatchOf<In>(*args), args->workspace);
  });
}

extern "C" chorus_status chorus_cuda_preference_tokens(const chorus_preference_tokens_args* args, uint64_t* fault,
                                                       void* stream) {
  if (chorus_status bad = CheckArguments("preference_tokens", args)) return bad;
  const char* op = OpName(true, args->type);
  return WithType(op, args->type, args->policy_tokens, [&](auto* policy) {
    using In = std::remove_const_t<std::remove_pointer_t<decltype(policy)>>;
    const Shape shape(args->type, {{"P", args->P}, {"kind", args->kind}});
    return Tokens(Call{op, shape, stream, FaultsOf(fault, Op::kPreference)}, TokensOf<In>(*args), args->workspace);
  });
}
