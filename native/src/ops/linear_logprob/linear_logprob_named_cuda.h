// A row whose target is some named tokens and a rest, by a team, with the formulas of linear_logprob_cpu.cc. What is done once
// a row is done by the first warp, which has a lane for two of the tokens, and kept in shared memory over the passes.
#ifndef CHORUS_OPS_LINEAR_LOGPROB_NAMED_CUDA_H
#define CHORUS_OPS_LINEAR_LOGPROB_NAMED_CUDA_H

#include "ops/linear_logprob/linear_logprob_cuda.h"

namespace chorus {
namespace cuda {

constexpr int kNamedSlots = static_cast<int>(kMaxNamed) / kWarp;

/** What the first warp knows of a row. */
struct NamedState {
  float logit[kMaxNamed];
  double mass;       // of the named tokens, and what is left for the rest
  double left;
  double logps;      // sum s ln p over the named tokens of probability s
  double kl;         // sum s (ln s - ln p)
  double log_sum;    // of the row
  double sum;
  double log_p;      // ln of the rest's p
  double mean_logp;  // of ln p under the rest's shape
  float base;
  float entropy;
  float coefficient;
  float spread;  // gradient = (spread + factor e^(z - base)) slope
  float factor;
};

/** What it tells the others. */
struct NamedPlan {
  Reason reason;  // kCount for a good row
  bool again;     // the row is to be summed without the named tokens
  bool spreads;   // the rest goes evenly over the other tokens
};

struct NamedToken {
  int64_t id;  // -1: none
  float probability;
};

CHORUS_DEVICE int SlotOf(int i) { return LaneAnew() + i * kWarp; }

/** This lane's i-th token. */
template <typename Call>
CHORUS_DEVICE NamedToken TokenAt(const Call& call, int64_t n, int i) {
  if (SlotOf(i) >= call.targets.k) return {-1, 0};
  const int64_t at = n * call.targets.k + SlotOf(i);
  const int64_t id = call.targets.ids[at];
  return {id, id == -1 ? 0.0f : call.targets.probabilities[at]};
}

struct Smallest {
  CHORUS_DEVICE int operator()(int a, int b) const { return a < b ? a : b; }
};

/** By the first warp, before anything is written: checks the tokens, and keeps their logits and mass. */
template <typename In, typename Head>
CHORUS_DEVICE Reason LoadNamed(const HeadCall<In, Head>& call, int64_t n, const In* z, NamedState& state) {
  const int64_t* ids = call.targets.ids + n * call.targets.k;
  constexpr int kGood = static_cast<int>(Reason::kCount);
  double mass = 0;
  int reason = kGood;
  CHORUS_UNROLL
  for (int i = 0; i < kNamedSlots; ++i) {
    const NamedToken token = TokenAt(call, n, i);
    if (token.id == -1) continue;
    mass += token.probability;
    bool bad = !(token.probability >= 0);
    CHORUS_NO_UNROLL
    for (int other = 0; other < call.targets.k; ++other) bad |= other != SlotOf(i) && ids[other] == token.id;
    if (bad) reason = static_cast<int>(Reason::kProbabilities);
    if (token.id < 0 || token.id >= call.V) {
      reason = static_cast<int>(Reason::kTarget);
    } else {
      state.logit[SlotOf(i)] = LogitAt(z, static_cast<int>(token.id), call.head);
    }
  }
  mass = SumTeam<kWarp>(mass);
  if (threadIdx.x % kWarp == 0) {
    state.mass = mass;
    state.left = mass < 1 ? 1 - mass : 0;
  }
  if (!(mass <= 1 + kProbabilitySlack)) reason = Smallest()(reason, static_cast<int>(Reason::kProbabilities));
  return static_cast<Reason>(CombineTeam<kWarp>(reason, Smallest()));
}

/** By the first warp, after the row's sums. */
template <typename In, typename Head>
CHORUS_DEVICE NamedPlan PlanNamed(const HeadCall<In, Head>& call, int64_t n, const RowSoftmax& row, Reason reason,
                                  NamedState& state) {
  NamedPlan plan = {};
  plan.reason = reason;
  if (reason == Reason::kCount && (row.HasBadLogit() || row.IsEmpty())) plan.reason = Reason::kLogit;
  if (plan.reason != Reason::kCount) return plan;
  const double log_sum = row.LogSum();
  // Sums of p and p ln p.
  double named = 0, entropy = 0, logps = 0, kl = 0;
  CHORUS_NO_UNROLL
  for (int i = 0; i < kNamedSlots; ++i) {
    const NamedToken token = TokenAt(call, n, i);
    if (token.id == -1) continue;
    const double logp = (static_cast<double>(state.logit[SlotOf(i)]) - row.base) - log_sum;
    const double p = exp(logp), s = token.probability;
    named += p;
    entropy += p > 0 ? p * logp : 0.0;
    if (s == 0) continue;
    // Mass on a masked logit.
    logps += logp == -INFINITY ? static_cast<double>(NAN) : s * logp;
    kl += s * (log(s) - logp);
  }
  named = SumTeam<kWarp>(named);
  entropy = SumTeam<kWarp>(entropy);
  logps = SumTeam<kWarp>(logps);
  kl = SumTeam<kWarp>(kl);
  if (!(logps == logps)) plan.reason = Reason::kMaskedMass;
  // Where little is left, 1 - named would be rounding noise.
  plan.again = named > 0.5;
  if (threadIdx.x % kWarp == 0) {
    const double row_entropy = log_sum - row.dot / row.sum;
    state.logps = logps;
    state.kl = kl;
    state.log_sum = log_sum;
    state.sum = row.sum;
    state.log_p = log1p(-named);
    state.mean_logp = (-row_entropy - entropy) / (1 - named);
    state.base = row.base;
    state.entropy = static_cast<float>(row_entropy);
  }
  return plan;
}

/** By the first warp, after the sums of the others, with the named tokens masked. */
CHORUS_DEVICE void PlanRest(const RowSoftmax& others, NamedState& state, NamedPlan& plan) {
  const double log_p = static_cast<double>(others.base) - state.base - state.log_sum;
  const double log_rest = others.IsEmpty() ? -static_cast<double>(INFINITY) : log_p + others.LogSum();
  plan.spreads = state.left > 0 && exp(log_rest) < kLeastRest;
  SyncTeam<kWarp>();
  if (threadIdx.x % kWarp != 0) return;
  state.log_p = log_rest;
  state.mean_logp = others.IsEmpty() ? 0.0 : log_p + others.dot / others.sum;
}

/** The logits that are not masked. */
struct OpenLogits {
  int count;
  double sum;  // of z - base
};

template <int kTeam, typename In, typename Head>
CHORUS_DEVICE OpenLogits SumOpen(const In* z, int V, const Head& head, float base) {
  OpenLogits open = {0, 0};
  ForLogits<kTeam, Read::kAgain>(z, V, head, [&](int, const auto& x) {
    constexpr int kCount = sizeof x / sizeof x[0];
    float part = 0;
    CHORUS_UNROLL
    for (int j = 0; j < kCount; ++j) {
      open.count += x[j] > -INFINITY ? 1 : 0;
      part += x[j] > -INFINITY ? x[j] - base : 0.0f;
    }
    open.sum += part;
  });
  return {SumTeam<kTeam>(open.count), SumTeam<kTeam>(open.sum)};
}

/** By the first warp: results, and the gradient's two numbers. `open` counts if the rest is spread. */
template <typename In, typename Head>
CHORUS_DEVICE void FinishNamed(const HeadCall<In, Head>& call, int64_t n, const OpenLogits& open, NamedState& state,
                               NamedPlan& plan) {
  double logps = state.logps, kl = state.kl, share = 0, shape = 0;
  if (plan.spreads) {
    if (open.count > 0) {
      share = state.left / open.count;
      const double sum = open.sum - open.count * state.log_sum;
      logps += share * sum;
      kl += state.left * log(share) - share * sum;
    } else if (state.left > kProbabilitySlack) {
      plan.reason = Reason::kMaskedMass;
      return;
    }
  } else if (state.left > 0) {
    logps += state.left * state.mean_logp;
    kl += state.left * (log(state.left) - state.log_p);
    shape = state.left * exp(-state.log_p);
  }
  if (threadIdx.x % kWarp != 0) return;
  const double c = static_cast<double>(state.coefficient) * call.head.Scale();
  state.spread = static_cast<float>(c * share);
  state.factor = static_cast<float>(c * (shape - (state.mass + state.left)) / state.sum);
  call.Give(n, static_cast<float>(logps), static_cast<float>(kl), static_cast<float>(state.base + state.log_sum),
            state.entropy, 1 / static_cast<float>(state.sum));
}

/** z at the named tokens becomes value(token, its logit). The team has come to this point, and has seen it where it leaves. */
template <int kTeam, typename In, typename Head, typename Value>
CHORUS_DEVICE void WriteNamed(const HeadCall<In, Head>& call, int64_t n, In* z, const NamedState& state, Value value) {
  SyncTeam<kTeam>();
  if (InFirstWarp<kTeam>()) {
    CHORUS_UNROLL
    for (int i = 0; i < kNamedSlots; ++i) {
      const NamedToken token = TokenAt(call, n, i);
      if (token.id != -1) z[token.id] = FromFloat<In>(value(token, state.logit[SlotOf(i)]));
    }
  }
  SyncTeam<kTeam>();
}

template <int kTeam, typename In, typename Head>
CHORUS_DEVICE void NamedRow(const HeadCall<In, Head>& call, int64_t n, In* z, float coefficient) {
  CHORUS_SHARED(NamedState, states, kTeam == kWarp ? kWarpTeamsBlock / kWarp : 1);
  NamedState& state = states[kTeam == kWarp ? threadIdx.x / kWarp : 0];
  const In* logits = z;
  const Head& head = call.head;
  Reason reason = Reason::kCount;
  if (InFirstWarp<kTeam>()) reason = LoadNamed(call, n, logits, state);
  if (Rank<kTeam>() == 0) state.coefficient = coefficient;
  NamedPlan plan = {};
  CHORUS_NO_UNROLL
  for (int round = 0; round < 2; ++round) {
    const RowSoftmax sums = HeadSoftmax<kTeam>(logits, call.V, head);
    if (InFirstWarp<kTeam>()) {
      if (round == 0) {
        plan = PlanNamed(call, n, sums, reason, state);
      } else {
        PlanRest(sums, state, plan);
      }
    }
    plan = FromFirstWarp<kTeam>(plan);
    if (plan.reason != Reason::kCount) return call.template Refuse<kTeam>(n, z, plan.reason);
    if (round == 1 || !plan.again) break;
    WriteNamed<kTeam>(call, n, z, state, [&](const NamedToken&, float) { return head.Masked(); });
  }

  OpenLogits open = {0, 0};
  SyncTeam<kTeam>();
  if (plan.spreads) open = SumOpen<kTeam>(logits, call.V, head, state.base);
  if (InFirstWarp<kTeam>()) FinishNamed(call, n, open, state, plan);
  plan = FromFirstWarp<kTeam>(plan);
  if (plan.reason != Reason::kCount) return call.template Refuse<kTeam>(n, z, plan.reason);
  SyncTeam<kTeam>();

  if (!call.dlogps) {
    if (!head.IsIdentity()) WriteLogits<kTeam>(z, call.V, head);
    if (head.IsIdentity() && !plan.again) return;
    return WriteNamed<kTeam>(call, n, z, state, [&](const NamedToken&, float logit) { return logit; });
  }
  const float spread = state.spread;
  WriteGradient<kTeam>(z, call.V, head, state.base, state.factor, [&](int, const auto& x, auto& d) {
    if (spread == 0) return;
    CHORUS_UNROLL
    for (int j = 0; j < static_cast<int>(sizeof x / sizeof x[0]); ++j) d[j] += x[j] > -INFINITY ? spread : 0.0f;
  });
  WriteNamed<kTeam>(call, n, z, state, [&](const NamedToken& token, float logit) {
    const double p = exp((static_cast<double>(logit) - state.base) - state.log_sum);
    const double d = token.probability - (state.mass + state.left) * p;
    const float x[1] = {logit};
    float gradient[1] = {state.coefficient * head.Scale() * static_cast<float>(d)};
    head.MultiplyBySlope(x, gradient);
    return gradient[0];
  });
}

}  // namespace cuda
}  // namespace chorus

#endif
