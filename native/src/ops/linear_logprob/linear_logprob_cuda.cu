// linear_logprob on a device: a team a row, which it reads for the sums and, with a gradient, reads and writes again.

#include "chorus_cuda.h"
#include "cuda/abi.h"
#include "cuda/launch.h"
#include "ops/linear_logprob/linear_logprob_checks.h"
#include "ops/linear_logprob/linear_logprob_cuda.h"
#include "ops/linear_logprob/linear_logprob_named_cuda.h"

namespace chorus {
namespace cuda {

namespace {

constexpr int ThreadsOf(int team) { return team == kWarp ? kWarpTeamsBlock : team; }

/** 1,024 threads of a multiprocessor, with 64 registers each: with more, more rows would be at work than the second-level cache
 * keeps between two passes. */
#define CHORUS_ROW_BOUNDS(team) __launch_bounds__(ThreadsOf(team), 1024 / ThreadsOf(team))

/* ---- the target is a token ---- */

template <int kTeam, typename In, typename Head>
__global__ void CHORUS_ROW_BOUNDS(kTeam) TokenRows(HeadCall<In, Head> call) {
  const int64_t n = TeamRow<kTeam>();
  if (n >= call.N) return;
  In* z = call.logits + n * call.stride;
  float coefficient;
  if (!call.template Begin<kTeam>(n, z, &coefficient)) return;
  const int64_t id = call.targets.ids[n];
  if (id < 0 || id >= call.V) return call.template Refuse<kTeam>(n, z, Reason::kTarget);
  const float target = LogitAt(static_cast<const In*>(z), static_cast<int>(id), call.head);
  const RowSoftmax row = HeadSoftmax<kTeam>(static_cast<const In*>(z), call.V, call.head);
  // All threads have the target before one of them changes the row; the sums of a block have waited for it.
  if (kTeam == kWarp) SyncTeam<kTeam>();
  if (row.HasBadLogit() || target == -INFINITY) {
    return call.template Refuse<kTeam>(n, z, row.HasBadLogit() ? Reason::kLogit : Reason::kMaskedTarget);
  }
  float at_target[1] = {0};
  if (Rank<kTeam>() == 0) {
    const double log_sum = row.LogSum();
    const double logp = (static_cast<double>(target) - row.base) - log_sum;
    call.Give(n, static_cast<float>(logp), static_cast<float>(-logp), static_cast<float>(row.base + log_sum),
              static_cast<float>(log_sum - row.dot / row.sum), 1 / static_cast<float>(row.sum));
    // 1 - p without the rounding of p.
    at_target[0] = -coefficient * call.head.Scale() * expm1f(static_cast<float>(logp));
  }
  if (!call.dlogps) {
    if (!call.head.IsIdentity()) WriteLogits<kTeam>(z, call.V, call.head);
    return;
  }
  WriteGradient<kTeam>(z, call.V, call.head, row.base, -coefficient * call.head.Scale() / static_cast<float>(row.sum),
                       AddNothing());
  SyncTeam<kTeam>();
  if (Rank<kTeam>() != 0) return;
  const float logit[1] = {target};
  call.head.MultiplyBySlope(logit, at_target);
  z[id] = FromFloat<In>(at_target[0]);
}

/* ---- the target is some tokens ---- */

template <int kTeam, typename In, typename Head>
__global__ void CHORUS_ROW_BOUNDS(kTeam) NamedRows(HeadCall<In, Head> call) {
  const int64_t n = TeamRow<kTeam>();
  if (n >= call.N) return;
  In* z = call.logits + n * call.stride;
  float coefficient;
  if (call.template Begin<kTeam>(n, z, &coefficient)) NamedRow<kTeam>(call, n, z, coefficient);
}

/* ---- the target is dense ---- */

/** A thread's share of a dense target's sums:  dot = sum t (z - base) with the base of its OnlineShare. */
struct DenseShare {
  float mass = 0;
  float dot = 0;
  float log = 0;
  float least = 0;

  /** When the base has risen by -shift. */
  CHORUS_DEVICE void Raise(float shift) {
    // Before there is mass, the shift may be infinite.
    if (mass > 0) dot += mass * shift;
  }

  template <int kCount>
  CHORUS_DEVICE void Add(const float (&t)[kCount], const float (&logits)[kCount], float base, bool with_log) {
    CHORUS_UNROLL
    for (int j = 0; j < kCount; ++j) {
      mass += t[j];
      least = fminf(least, t[j]);
      // Not 0 * -infinity.
      dot += t[j] == 0 ? 0.0f : t[j] * (logits[j] - base);
    }
    if (!with_log) return;
    CHORUS_UNROLL
    for (int j = 0; j < kCount; ++j) log += t[j] > 0 ? t[j] * logf(t[j]) : 0.0f;
  }
};

template <int kTeam, typename In>
__global__ void CHORUS_ROW_BOUNDS(kTeam) DenseRows(HeadCall<In, Transform> call) {
  const int64_t n = TeamRow<kTeam>();
  if (n >= call.N) return;
  In* z = call.logits + n * call.stride;
  float coefficient;
  if (!call.template Begin<kTeam>(n, z, &coefficient)) return;
  const float* target = call.targets.dense + n * call.V;
  const bool with_kl = call.out.kl != nullptr;
  OnlineShare share;
  DenseShare dense;
  ForLogits<kTeam, Read::kAgain>(static_cast<const In*>(z), call.V, call.head, [&](int first, const auto& x) {
    float t[sizeof x / sizeof x[0]];
    LoadFloats(target + first, t);
    const float before = share.base;
    share.Add(x);
    if (share.base != before) dense.Raise(before - share.base);
    dense.Add(t, x, share.base, with_kl);
  });
  const RowSoftmax row = share.Combine<kTeam>();
  dense.Raise(share.base - row.base);
  // A target below 0 spoils the sum.
  const double mass = SumTeam<kTeam>(dense.least < 0 ? static_cast<double>(NAN) : static_cast<double>(dense.mass));
  const double dot = SumTeam<kTeam>(static_cast<double>(dense.dot));
  const double log = with_kl ? SumTeam<kTeam>(static_cast<double>(dense.log)) : 0;
  if (row.HasBadLogit() || row.IsEmpty()) return call.template Refuse<kTeam>(n, z, Reason::kLogit);
  if (!(mass < INFINITY && dot > -INFINITY)) return call.template Refuse<kTeam>(n, z, Reason::kDenseTarget);
  if (Rank<kTeam>() == 0) {
    const double log_sum = row.LogSum();
    const double logp = dot - mass * log_sum;
    call.Give(n, static_cast<float>(logp), static_cast<float>(log - logp), static_cast<float>(row.base + log_sum),
              static_cast<float>(log_sum - row.dot / row.sum), 1 / static_cast<float>(row.sum));
  }
  if (!call.dlogps) {
    if (!call.head.IsIdentity()) WriteLogits<kTeam>(z, call.V, call.head);
    return;
  }
  const float scale = coefficient * call.head.Scale();
  WriteGradient<kTeam>(z, call.V, call.head, row.base,
                       -scale * static_cast<float>(mass) / static_cast<float>(row.sum),
                       [&](int first, const auto& x, auto& d) {
                         constexpr int kCount = sizeof x / sizeof x[0];
                         float t[kCount];
                         LoadFloats(target + first, t);
                         CHORUS_UNROLL
                         for (int j = 0; j < kCount; ++j) d[j] += scale * t[j];
                       });
}

/** A dense target is read with its row, and should find it in the cache again. */
RowTeam DenseTeamFor(int64_t V, int64_t bytes) {
  return RowTeamFor(V + V * static_cast<int64_t>(sizeof(float)) / bytes, bytes);
}

}  // namespace

}  // namespace cuda
}  // namespace chorus

using namespace chorus;
using namespace chorus::cuda;

extern "C" chorus_status chorus_cuda_linear_logprob_rows(const chorus_linear_logprob_rows_args* args, uint64_t* fault,
                                                         void* stream) {
  const char* op = "linear_logprob_rows";
  if (chorus_status bad = CheckArguments(op, args)) return bad;
  const chorus_linear_logprob_rows_args& a = *args;
  if (chorus_status bad = CheckHead(op, a)) return bad;
  if (chorus_status bad = CheckLaunch(op, a.N, "V", a.V)) return bad;
  if (a.N == 0) return CHORUS_OK;
  const float cap = static_cast<float>(a.soft_cap);
  const Transform transform = {a.bias, static_cast<float>(a.scale), cap, cap > 0 ? 1 / cap : 0};
  const Shape shape(a.type, {{"N", a.N}, {"V", a.V}, {"k", a.dense ? a.V : a.k}});
  return WithType(op, a.type, a.logits, [&](auto* z) {
    using In = std::remove_pointer_t<decltype(z)>;
    return WithTeam(a.dense ? DenseTeamFor(a.V, sizeof *z) : RowTeamFor(a.V, sizeof *z), [&](auto team) {
      const auto launch = [&](const auto& head, auto kernel) {
        using Head = std::decay_t<decltype(head)>;
        const HeadCall<In, Head> call = {OutputsOf(a), z,           head,
                                         TargetsOf(a), a.weights,   a.dlogps,
                                         a.row_names,  a.N,         a.stride,
                                         static_cast<int>(a.V),     FaultsOf(fault, Op::kLinearLogprob)};
        return LaunchKernel(op, shape, RowLaunch(a.N, static_cast<RowTeam>(team())), stream, kernel, call);
      };
      if (a.dense) return launch(transform, DenseRows<team(), In>);
      if (transform.IsIdentity()) {
        return a.probabilities ? launch(NoTransform(), NamedRows<team(), In, NoTransform>)
                               : launch(NoTransform(), TokenRows<team(), In, NoTransform>);
      }
      return a.probabilities ? launch(transform, NamedRows<team(), In, Transform>)
                             : launch(transform, TokenRows<team(), In, Transform>);
    });
  });
}
