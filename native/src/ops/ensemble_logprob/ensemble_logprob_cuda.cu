// ensemble_logprob on a device. Forward, a team takes a token through the models' rows and then mixes them, or has a row of one
// model, and small launches do the rest. Backward, a team has a row of one model. Logits are read once, or read and written.
#include "ops/ensemble_logprob/ensemble_logprob_cuda.h"

#include "common/hd.h"
#include "cuda/abi.h"
#include "cuda/launch.h"
#include "ops/ensemble_logprob/ensemble_logprob_checks.h"

namespace chorus {
namespace cuda {

namespace {

constexpr int ThreadsOf(int team) { return team == kWarp ? kWarpTeamsBlock : team; }

/* ---- one model ---- */

template <typename In>
struct OneModel {
  In* logits;
  const int64_t* targets;
  const float* weights;    // nullable
  const int64_t* offsets;  // of its sequences
  int64_t N, V, stride, w;
};

/** Results [N] of one model. */
struct ModelResult {
  float* logps;
  float* lse;
  float* entropy;  // nullable
};

/** Row n, by a team. */
template <int kTeam, typename In>
CHORUS_DEVICE void ForwardRow(const ModelResult& r, const OneModel<const In>& m, int64_t n, const Faults& faults) {
  const TargetResult row =
      TargetRowForward<kTeam>(m.logits + n * m.stride, static_cast<int>(m.V), m.targets + n,
                              m.weights ? m.weights + n : nullptr, RowOfModel(m.w, n), faults);
  if (Rank<kTeam>() != 0) return;
  r.logps[n] = row.logp;
  r.lse[n] = row.lse;
  if (r.entropy) r.entropy[n] = row.entropy;
}

template <int kTeam, typename In>
__global__ void __launch_bounds__(ThreadsOf(kTeam))
    ModelForward(ModelResult r, OneModel<const In> m, Faults faults) {
  const int64_t n = TeamRow<kTeam>();
  if (n < m.N) ForwardRow<kTeam>(r, m, n, faults);
}

/* ---- one vocabulary ---- */

/** mixture[n] by a warp. */
CHORUS_DEVICE void MixToken(const EnsembleResult& r, const Ensemble& e, int64_t n, const Faults& faults) {
  double logps[kSlots] = {};
  CHORUS_UNROLL
  for (int i = 0; i < kSlots; ++i) {
    if (ModelOf(i) < e.W) logps[i] = r.logps[ModelOf(i) * e.N + n];
  }
  const Omega omega = LoadOmega(e.omega, e.W, n == 0, faults);
  const double mixture = Mix(omega, logps).Log();
  if (threadIdx.x % kWarp != 0) return;
  r.mixture[n] = e.weights && e.weights[n] == 0 ? 0.0f : omega.good ? static_cast<float>(mixture) : NAN;
}

/** Model w of those that share everything but logits. */
template <typename In>
CHORUS_HD_INLINE OneModel<In> ModelAt(const ModelLogits<In>& models, const Ensemble& e, int64_t w) {
  return {models.logits[w], e.targets, e.weights, e.offsets, e.N, e.V, models.strides[w], w};
}

CHORUS_HD_INLINE ModelResult ResultAt(const EnsembleResult& r, const Ensemble& e, int64_t w) {
  return {r.logps + w * e.N, r.lse + w * e.N, r.entropy ? r.entropy + w * e.N : nullptr};
}

/** A team a token, which goes through the models; or a row of a model if `split`, and then MixTokens follows. */
template <int kTeam, typename In>
__global__ void __launch_bounds__(ThreadsOf(kTeam))
    TokensForward(EnsembleResult r, const CHORUS_PARAMETER ModelLogits<const In> models, Ensemble e, bool split,
                  Faults faults) {
  const int64_t i = TeamRow<kTeam>();
  if (i >= (split ? e.W * e.N : e.N)) return;
  const int64_t n = split ? i % e.N : i;
  const int64_t first = split ? i / e.N : 0;
  const int64_t last = split ? first + 1 : e.W;
  CHORUS_NO_UNROLL
  for (int64_t w = first; w < last; ++w) ForwardRow<kTeam>(ResultAt(r, e, w), ModelAt(models, e, w), n, faults);
  if (split || !InFirstWarp<kTeam>()) return;
  // Lanes are to see what the first of them has written.
  SyncTeam<kWarp>();
  MixToken(r, e, n, faults);
}

/** A warp a token. */
__global__ void __launch_bounds__(kWarpTeamsBlock) MixTokens(EnsembleResult r, Ensemble e, Faults faults) {
  const int64_t n = TeamRow<kWarp>();
  if (n < e.N) MixToken(r, e, n, faults);
}

/** A warp for each sequence of each model, and then of the mixture. */
__global__ void __launch_bounds__(kWarpTeamsBlock) SumSequences(EnsembleResult r, Ensemble e, Faults faults) {
  const int64_t i = TeamRow<kWarp>();
  if (i >= (e.W + 1) * e.S) return;
  const int64_t w = i / e.S, s = i % e.S;
  const Span span = SpanOf(e.offsets, s, e.S, e.N, kEveryModel, w == 0, faults);
  const double sum = WeightedSum(w < e.W ? r.logps + w * e.N : r.mixture, e.weights, span);
  if (threadIdx.x % kWarp != 0) return;
  (w < e.W ? r.sequence_logps[i] : r.sequence_mixture[s]) = static_cast<float>(sum);
}

/** What a row's gradient is multiplied by. NaN is the row's fault; a lost one is that of omega or the offsets. */
struct Factor {
  float value;
  bool lost;
};

/** Looks at some of the offsets, so that all teams together look at each. */
template <int kTeam>
CHORUS_DEVICE void CheckOffsetsTogether(const int64_t* offsets, int64_t S, int64_t N, int64_t model, int64_t team,
                                        int64_t teams, const Faults& faults) {
  for (int64_t s = team * kTeam + Rank<kTeam>(); s <= S; s += teams * kTeam) {
    if (!IsOffset(offsets, s, S, N)) faults.Report(RowOfModel(model, s), Reason::kOffsets);
  }
}

/** The row becomes factor (1[v = target] - p), by the team. */
template <int kTeam, typename In>
CHORUS_DEVICE void BackwardRow(In* z, int64_t V, const int64_t* target, float weight, const float* lse,
                               const Factor& factor, int64_t name, const Faults& faults) {
  const int columns = static_cast<int>(V);
  if (weight == 0 || factor.lost) return FillRow<kTeam>(z, columns, weight == 0 ? 0.0f : NAN);
  // A factor of 0: the row is not looked at, but a bad target is still one.
  const bool skipped = factor.value == 0 && IsWeight(weight) && *target >= 0 && *target < V;
  TargetRowBackward<kTeam>(z, columns, target, skipped ? 0.0f : weight, skipped ? 0.0f : *lse, factor.value, name,
                           faults);
}

/** By the first warp, for row n of model w. */
CHORUS_DEVICE Factor FactorOf(const EnsembleUpstream& u, const Ensemble& e, int64_t w, int64_t n, float weight,
                              const Faults& faults) {
  // Omega is checked, and reported, even where nothing is mixed.
  const bool first = w == 0 && n == 0;
  const bool mixes = (u.dmixture || u.dsequence_mixture) && e.omega[w] != 0;
  Omega omega = {};
  if (first || mixes) omega = LoadOmega(e.omega, e.W, first, faults);
  if (weight == 0) return {0, false};
  double d = 0;
  if (u.dlogps) d += u.dlogps[w * e.N + n];
  const int64_t s = u.dsequence || u.dsequence_mixture ? SequenceOf(e.offsets, e.S, n, e.N) : 0;
  if (s < 0 || (mixes && !omega.good)) return {NAN, true};
  if (u.dsequence) d += u.dsequence[w * e.S + s];
  if (mixes) {
    double logps[kSlots] = {};
    CHORUS_UNROLL
    for (int i = 0; i < kSlots; ++i) {
      if (ModelOf(i) < e.W) logps[i] = u.logps[ModelOf(i) * e.N + n];
    }
    const double of_mixture = (u.dmixture ? static_cast<double>(u.dmixture[n]) : 0.0) +
                              (u.dsequence_mixture ? static_cast<double>(u.dsequence_mixture[s]) : 0.0);
    d += of_mixture * Mix(omega, logps).Share(e.omega[w], u.logps[w * e.N + n]);
  }
  return {static_cast<float>(weight * d), false};
}

template <int kTeam, typename In>
__global__ void __launch_bounds__(ThreadsOf(kTeam))
    EnsembleBackward(const CHORUS_PARAMETER ModelLogits<In> models, EnsembleUpstream u, Ensemble e, Faults faults) {
  const int64_t i = TeamRow<kTeam>();
  if (i >= e.W * e.N) return;
  const int64_t w = i / e.N, n = i % e.N;
  if (e.offsets) CheckOffsetsTogether<kTeam>(e.offsets, e.S, e.N, kEveryModel, i, e.W * e.N, faults);
  const float weight = e.weights ? e.weights[n] : 1.0f;
  Factor factor = {};
  if (InFirstWarp<kTeam>()) factor = FactorOf(u, e, w, n, weight, faults);
  factor = FromFirstWarp<kTeam>(factor);
  BackwardRow<kTeam>(models.logits[w] + n * models.strides[w], e.V, e.targets + n, weight, u.lse + i, factor,
                     RowOfModel(w, n), faults);
}

/* ---- ragged ---- */

/** What the models' tokens have become. */
struct RaggedTokens {
  const float* logps[kMostModels];
  const float* weights[kMostModels];  // nullable
  const int64_t* offsets[kMostModels];
  int64_t rows[kMostModels];
};

/** A warp a sequence, through all models: the mixture is of sums in double. */
__global__ void __launch_bounds__(kWarpTeamsBlock)
    RaggedSequences(float* sequence_logps, float* sequence_means, float* sequence_mixture,
                    const CHORUS_PARAMETER RaggedTokens tokens, const float* omega, int64_t W, int64_t S,
                    Faults faults) {
  const int64_t s = TeamRow<kWarp>();
  if (s >= S) return;
  double sums[kSlots] = {};
  CHORUS_NO_UNROLL
  for (int w = 0; w < W; ++w) {
    const Span span = SpanOf(tokens.offsets[w], s, S, tokens.rows[w], w, true, faults);
    const double sum = WeightedSum(tokens.logps[w], tokens.weights[w], span);
    const double weights = SumOfWeights(tokens.weights[w], span);
    CHORUS_UNROLL
    for (int i = 0; i < kSlots; ++i) sums[i] = w == ModelOf(i) ? sum : sums[i];
    if (threadIdx.x % kWarp != 0) continue;
    sequence_logps[w * S + s] = static_cast<float>(sum);
    // NaN has no weight above 0 to be divided by, and stays.
    sequence_means[w * S + s] = weights > 0 ? static_cast<float>(sum / weights) : static_cast<float>(sum);
  }
  const Omega o = LoadOmega(omega, W, s == 0, faults);
  const double mixture = Mix(o, sums).Log();
  if (threadIdx.x % kWarp == 0) sequence_mixture[s] = o.good ? static_cast<float>(mixture) : NAN;
}

/** Gradients of sequences, and what the forward has found of them. */
struct RaggedSequencesUpstream {
  const float* sequence_logps;
  const float* dsequence;          // nullable
  const float* dsequence_mixture;  // nullable
  const float* omega;
  int64_t W, S;
};

/** By the first warp, for row n. */
template <typename In>
CHORUS_DEVICE Factor FactorOf(const RaggedSequencesUpstream& u, const OneModel<In>& m, int64_t n, float weight,
                              const Faults& faults) {
  // Each model's launch checks omega, since another model may have no rows.
  const bool mixes = u.dsequence_mixture && u.omega[m.w] != 0;
  Omega omega = {};
  if (n == 0 || mixes) omega = LoadOmega(u.omega, u.W, n == 0, faults);
  if (weight == 0) return {0, false};
  const int64_t s = SequenceOf(m.offsets, u.S, n, m.N);
  if (s < 0 || (mixes && !omega.good)) return {NAN, true};
  double d = 0;
  if (u.dsequence) d += u.dsequence[m.w * u.S + s];
  if (mixes) {
    double sums[kSlots] = {};
    CHORUS_UNROLL
    for (int i = 0; i < kSlots; ++i) {
      if (ModelOf(i) < u.W) sums[i] = u.sequence_logps[ModelOf(i) * u.S + s];
    }
    d += u.dsequence_mixture[s] * Mix(omega, sums).Share(u.omega[m.w], u.sequence_logps[m.w * u.S + s]);
  }
  return {static_cast<float>(weight * d), false};
}

template <int kTeam, typename In>
__global__ void __launch_bounds__(ThreadsOf(kTeam))
    RaggedBackward(OneModel<In> m, const float* lse, RaggedSequencesUpstream u, Faults faults) {
  const int64_t n = TeamRow<kTeam>();
  if (n >= m.N) return;
  CheckOffsetsTogether<kTeam>(m.offsets, u.S, m.N, m.w, n, m.N, faults);
  const float weight = m.weights ? m.weights[n] : 1.0f;
  Factor factor = {};
  if (InFirstWarp<kTeam>()) factor = FactorOf(u, m, n, weight, faults);
  factor = FromFirstWarp<kTeam>(factor);
  BackwardRow<kTeam>(m.logits + n * m.stride, m.V, m.targets + n, weight, lse + n, factor, RowOfModel(m.w, n), faults);
}

/* ---- launches ---- */

/** What a launch can hold, beyond what the host refuses. */
chorus_status CheckLaunch(const char* op, int64_t W, int64_t N, int64_t V, int64_t S) {
  if (W > kMostModels) {
    return Fail(CHORUS_INVALID_ARGUMENT, "%s: W = %lld, expected at most %d models", op, static_cast<long long>(W),
                kMostModels);
  }
  if (FitsRows(W * N) && FitsRows((W + 1) * S) && V <= kMostColumns) return CHORUS_OK;
  return Fail(CHORUS_INVALID_ARGUMENT,
              "%s: W = %lld, N = %lld, V = %lld, S = %lld, a launch has at most %lld rows of %lld elements", op,
              static_cast<long long>(W), static_cast<long long>(N), static_cast<long long>(V),
              static_cast<long long>(S), static_cast<long long>(kMostBlocks), static_cast<long long>(kMostColumns));
}

chorus_status CheckLaunch(const char* op, const RaggedEnsemble& e) {
  if (chorus_status bad = CheckLaunch(op, e.W, 0, 0, e.S)) return bad;
  for (int64_t w = 0; w < e.W; ++w) {
    if (chorus_status bad = CheckLaunch(op, 1, e.rows[w], e.vocabularies[w], 0)) return bad;
  }
  return CHORUS_OK;
}

/** logits as arrays of In. */
template <typename In, typename Void>
ModelLogits<In> ModelsOf(Void* const* logits, const Ensemble& e) {
  ModelLogits<In> models = {};
  for (int64_t w = 0; w < e.W; ++w) {
    models.logits[w] = static_cast<In*>(logits[w]);
    models.strides[w] = e.strides[w];
  }
  return models;
}

template <typename In, typename Void>
OneModel<In> RaggedModelAt(Void* const* logits, const RaggedEnsemble& e, int64_t w) {
  return {static_cast<In*>(logits[w]), e.targets[w], e.weights ? e.weights[w] : nullptr, e.offsets[w], e.rows[w],
          e.vocabularies[w],           e.strides[w], w};
}

/** logps, lse, entropy and mixture. */
template <typename In>
chorus_status ForwardTokens(const char* op, const char* shape, const ModelLogits<const In>& models,
                            const EnsembleResult& r, const Ensemble& e, const Faults& faults, void* stream) {
  const RowTeam size = OnePassTeamFor(e.V, sizeof(In));
  const bool split = SplitsModels(e.N, e.W);
  const chorus_status rows = WithOnePassTeam(size, [&](auto team) {
    return LaunchKernel(op, shape, RowLaunch(split ? e.W * e.N : e.N, size), stream, TokensForward<team(), In>, r, models, e,
                        split, faults);
  });
  if (rows != CHORUS_OK || !split) return rows;
  return LaunchKernel(op, shape, RowLaunch(e.N, kWarpTeam), stream, MixTokens, r, e, faults);
}

}  // namespace

}  // namespace cuda
}  // namespace chorus

using namespace chorus;
using namespace chorus::cuda;

extern "C" chorus_status chorus_cuda_ensemble_logprob_forward(const chorus_ensemble_logprob_forward_args* args,
                                                              uint64_t* fault, void* stream) {
  const char* op = "ensemble_logprob_forward";
  if (chorus_status bad = CheckArguments(op, args)) return bad;
  const chorus_ensemble_logprob_forward_args& a = *args;
  if (chorus_status bad = CheckForward(op, a)) return bad;
  if (chorus_status bad = CheckLaunch(op, a.W, a.N, a.V, a.S)) return bad;
  const EnsembleResult r = ResultOf(a);
  Ensemble e = EnsembleOf(a);
  const Faults faults = FaultsOf(fault, Op::kEnsembleLogprob);
  const Shape shape(a.type, {{"W", a.W}, {"N", a.N}, {"V", a.V}, {"S", a.S}});
  if (a.N > 0) {
    const chorus_status tokens = WithType(op, a.type, a.logits[0], [&](auto* z) {
      return ForwardTokens(op, shape, ModelsOf<std::remove_pointer_t<decltype(z)>>(a.logits, e), r, e, faults, stream);
    });
    if (tokens != CHORUS_OK) return tokens;
  } else {
    // No model is looked at: every sequence is empty.
    e.offsets = nullptr;
  }
  return LaunchKernel(op, shape, RowLaunch((a.W + 1) * a.S, kWarpTeam), stream, SumSequences, r, e, faults);
}

extern "C" chorus_status chorus_cuda_ensemble_logprob_backward(const chorus_ensemble_logprob_backward_args* args,
                                                               uint64_t* fault, void* stream) {
  const char* op = "ensemble_logprob_backward";
  if (chorus_status bad = CheckArguments(op, args)) return bad;
  const chorus_ensemble_logprob_backward_args& a = *args;
  if (chorus_status bad = CheckBackward(op, a)) return bad;
  if (chorus_status bad = CheckLaunch(op, a.W, a.N, a.V, a.S)) return bad;
  if (a.N == 0) return CHORUS_OK;
  const Ensemble e = EnsembleOf(a);
  const Faults faults = FaultsOf(fault, Op::kEnsembleLogprob);
  return WithType(op, a.type, a.logits[0], [&](auto* z) {
    using In = std::remove_pointer_t<decltype(z)>;
    return WithOnePassTeam(OnePassTeamFor(a.V, sizeof *z), [&](auto team) {
      return LaunchKernel(op, Shape(a.type, {{"W", a.W}, {"N", a.N}, {"V", a.V}, {"S", a.S}}),
                          RowLaunch(a.W * a.N, static_cast<RowTeam>(team())), stream, EnsembleBackward<team(), In>,
                          ModelsOf<In>(a.logits, e), UpstreamOf(a), e, faults);
    });
  });
}

extern "C" chorus_status chorus_cuda_ragged_ensemble_logprob_forward(
    const chorus_ragged_ensemble_logprob_forward_args* args, uint64_t* fault, void* stream) {
  const char* op = "ragged_ensemble_logprob_forward";
  if (chorus_status bad = CheckArguments(op, args)) return bad;
  const chorus_ragged_ensemble_logprob_forward_args& a = *args;
  if (chorus_status bad = CheckForward(op, a)) return bad;
  const RaggedEnsemble e = RaggedEnsembleOf(a);
  if (chorus_status bad = CheckLaunch(op, e)) return bad;
  const Faults faults = FaultsOf(fault, Op::kEnsembleLogprob);
  RaggedTokens tokens = {};
  for (int64_t w = 0; w < a.W; ++w) {
    tokens.logps[w] = a.logps[w];
    tokens.weights[w] = a.weights ? a.weights[w] : nullptr;
    tokens.offsets[w] = a.offsets[w];
    tokens.rows[w] = a.rows[w];
    const int64_t N = a.rows[w], V = a.vocabularies[w];
    const chorus_status launched = WithType(op, a.type, a.logits[w], [&](auto* z) {
      using In = std::remove_const_t<std::remove_pointer_t<decltype(z)>>;
      return WithOnePassTeam(OnePassTeamFor(V, sizeof *z), [&](auto team) {
        const ModelResult result = {a.logps[w], a.lse[w], a.entropy ? a.entropy[w] : nullptr};
        return LaunchKernel(op, Shape(a.type, {{"w", w}, {"N", N}, {"V", V}}),
                            RowLaunch(N, static_cast<RowTeam>(team())), stream, ModelForward<team(), In>, result,
                            RaggedModelAt<const In>(a.logits, e, w), faults);
      });
    });
    if (launched != CHORUS_OK) return launched;
  }
  return LaunchKernel(op, Shape(a.type, {{"W", a.W}, {"S", a.S}}), RowLaunch(a.S, kWarpTeam), stream, RaggedSequences,
                      a.sequence_logps, a.sequence_means, a.sequence_mixture, tokens, a.omega, a.W, a.S, faults);
}

extern "C" chorus_status chorus_cuda_ragged_ensemble_logprob_backward(
    const chorus_ragged_ensemble_logprob_backward_args* args, uint64_t* fault, void* stream) {
  const char* op = "ragged_ensemble_logprob_backward";
  if (chorus_status bad = CheckArguments(op, args)) return bad;
  const chorus_ragged_ensemble_logprob_backward_args& a = *args;
  if (chorus_status bad = CheckBackward(op, a)) return bad;
  const RaggedEnsemble e = RaggedEnsembleOf(a);
  if (chorus_status bad = CheckLaunch(op, e)) return bad;
  const Faults faults = FaultsOf(fault, Op::kEnsembleLogprob);
  const RaggedSequencesUpstream u = {a.sequence_logps, a.dsequence, a.dsequence_mixture, a.omega, a.W, a.S};
  for (int64_t w = 0; w < a.W; ++w) {
    const int64_t N = a.rows[w], V = a.vocabularies[w];
    const chorus_status launched = WithType(op, a.type, a.logits[w], [&](auto* z) {
      using In = std::remove_pointer_t<decltype(z)>;
      return WithOnePassTeam(OnePassTeamFor(V, sizeof *z), [&](auto team) {
        return LaunchKernel(op, Shape(a.type, {{"w", w}, {"N", N}, {"V", V}}),
                            RowLaunch(N, static_cast<RowTeam>(team())), stream, RaggedBackward<team(), In>,
                            RaggedModelAt<In>(a.logits, e, w), a.lse[w], u, faults);
      });
    });
    if (launched != CHORUS_OK) return launched;
  }
  return CHORUS_OK;
}
