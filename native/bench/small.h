// The ops over few classes, labelers or pairs. Their tensors fit into the second-level cache, so each run takes others.
#ifndef CHORUS_BENCH_SMALL_H
#define CHORUS_BENCH_SMALL_H

#include "bench/context.h"
#include "ops/dirichlet_posterior/dirichlet_posterior.h"
#include "ops/evidential/evidential.h"
#include "ops/preference/preference.h"

namespace chorus_bench {

inline void Evidential(Context& x) {
  const int64_t N = x.Size(65536, 200), W = 5, K = 18;
  const double bytes = 4.0 * static_cast<double>(N * (2 * K + W * K + 4));
  const int64_t sets = x.Sets(static_cast<int64_t>(bytes));
  Buffer<float> logits(N * K, sets), targets(N * W * K, sets), dloss(N, sets), dlogits(N * K, sets);
  Buffer<float> loss(N, sets), nll(N, sets), kl(N, sets);
  FillNormal(logits, 2, 40);
  FillUniform(targets, 0, 2.0f / static_cast<float>(K), 41);
  FillNormal(dloss, 1, 42);
  x.ClearFault();
  constexpr double kKlWeight = 0.1;
  const auto both = [&](int run) {
    Ok(Call(chorus_cuda_evidential,
            {loss.At(run), nll.At(run), kl.At(run), dlogits.At(run), dloss.At(run), logits.At(run), targets.At(run),
             nullptr, nullptr, N, W, K, K, CHORUS_EVIDENCE_SOFTPLUS, kKlWeight,
             CHORUS_TYPE_F32}, x.fault.data(), nullptr));
  };
  for (int set = 0; set < sets; ++set) both(set);
  x.ExpectNoFault();
  for (const Buffer<float>* results : {&loss, &nll, &kl, &dlogits}) ExpectNoNan("a result", *results);
  for (int64_t n : SomeRows(N)) {
    const chorus::EvidentialSpec spec = {1, W, K, K, CHORUS_EVIDENCE_SOFTPLUS, kKlWeight};
    const std::vector<double> z = ToDoubles(logits.Get(n * K, K)), y = ToDoubles(targets.Get(n * W * K, W * K));
    std::vector<double> d(static_cast<size_t>(K));
    const double upstream = dloss.Get(n, 1)[0];
    double row_loss, row_nll, row_kl;
    chorus::EvidentialForwardRef(&row_loss, &row_nll, &row_kl, z.data(), y.data(), nullptr, nullptr, spec);
    chorus::EvidentialBackwardRef(d.data(), &upstream, z.data(), y.data(), nullptr, nullptr, spec);
    ExpectNear("loss", loss.Get(n, 1)[0], row_loss, kFloatResult);
    ExpectNear("nll", nll.Get(n, 1)[0], row_nll, kFloatResult);
    ExpectNear("kl", kl.Get(n, 1)[0], row_kl, kFloatResult);
    ExpectAllNear("dlogits", dlogits.Get(n * K, K), d, kFloatResult);
  }
  Row row;
  row.op = "evidential forward + backward";
  row.shape = ShapeText("f32", {N, K}) + " W=5";
  row.bytes = bytes;
  row.goal_microseconds = 40;
  row.note = "softplus evidence, KL weight 0.1";
  x.Time(&row, both);
  x.report.Add(row);
}

inline void DirichletPosterior(Context& x) {
  const int64_t N = x.Size(1000000, 300), W = 5, K = 10;
  const double bytes = static_cast<double>(N) * (8.0 * W + 4 * 4.0 * K + 8 + 6 * 4);
  const int64_t sets = x.Sets(static_cast<int64_t>(bytes));
  Buffer<int64_t> votes(N * W, sets), label(N, sets);
  Buffer<float> alpha(N * K, sets), p(N * K, sets), belief(N * K, sets), variance(N * K, sets);
  Buffer<float> total(N, sets), expected(N, sets), mutual(N, sets), differential(N, sets), epkl(N, sets), vacuity(N, sets);
  Buffer<float> labelers(W), prior(K);
  FillIntegers(votes, -1, K, 50);
  const std::vector<float> labeler_values = {1, 0.5f, 2, 0.25f, 1.5f};
  labelers.Set(labeler_values);
  Fill(prior, 1);
  x.ClearFault();
  const auto posterior = [&](int run) {
    Ok(Call(chorus_cuda_dirichlet_posterior,
            {alpha.At(run), p.At(run), belief.At(run), variance.At(run), label.At(run), total.At(run),
             expected.At(run), mutual.At(run), differential.At(run), epkl.At(run), vacuity.At(run), votes.At(run),
             nullptr, labelers.data(), prior.data(), nullptr, N, W, K, CHORUS_TYPE_I64}, x.fault.data(), nullptr));
  };
  for (int set = 0; set < sets; ++set) posterior(set);
  x.ExpectNoFault();
  for (const Buffer<float>* results :
       {&alpha, &p, &belief, &variance, &total, &expected, &mutual, &differential, &epkl, &vacuity}) {
    ExpectNoNan("a result", *results);
  }
  for (int64_t n : SomeRows(N)) {
    std::vector<double> one_hot(static_cast<size_t>(W * K)), of_row[4];
    for (std::vector<double>& values : of_row) values.resize(static_cast<size_t>(K));
    const std::vector<int64_t> row_votes = votes.Get(n * W, W);
    for (int64_t w = 0; w < W; ++w) {
      const int64_t vote = row_votes[static_cast<size_t>(w)];
      if (vote >= 0) one_hot[static_cast<size_t>(w * K + vote)] = 1;
    }
    chorus::DirichletRowRef ref = {};
    ref.alpha = of_row[0].data();
    ref.p = of_row[1].data();
    ref.belief = of_row[2].data();
    ref.variance = of_row[3].data();
    chorus::DirichletPosteriorRef(ref, one_hot.data(), ToDoubles(labeler_values).data(),
                                  std::vector<double>(static_cast<size_t>(K), 1.0).data(), W, K);
    ExpectAllNear("alpha", alpha.Get(n * K, K), of_row[0], kFloatResult);
    ExpectAllNear("p", p.Get(n * K, K), of_row[1], kFloatResult);
    ExpectAllNear("belief", belief.Get(n * K, K), of_row[2], kFloatResult);
    ExpectAllNear("variance", variance.Get(n * K, K), of_row[3], kFloatResult);
    ExpectNear("label", ToDouble(label.Get(n, 1)[0]), ToDouble(ref.label), {0, 0});
    ExpectNear("total", total.Get(n, 1)[0], ref.total, kFloatResult);
    ExpectNear("expected", expected.Get(n, 1)[0], ref.expected, kFloatResult);
    ExpectNear("mutual", mutual.Get(n, 1)[0], ref.mutual, kFloatResult);
    ExpectNear("differential", differential.Get(n, 1)[0], ref.differential, {1e-4, 2e-5});
    ExpectNear("epkl", epkl.Get(n, 1)[0], ref.epkl, kFloatResult);
    ExpectNear("vacuity", vacuity.Get(n, 1)[0], ref.vacuity, kFloatResult);
  }
  Row row;
  row.op = "dirichlet_posterior of votes";
  row.shape = ShapeText("i64", {N, W}) + " K=10";
  row.bytes = bytes;
  row.goal_share = 0.8;
  row.note = "all outputs";
  x.Time(&row, posterior);
  x.report.Add(row);
}

/** Pairs of a kind: forward, backward, rewards and totals in one call. */
inline void PreferencePairs(Context& x, int kind, const char* name, double goal) {
  const int64_t P = x.Size(4096, 100);
  const double bytes = 4.0 * 9 * static_cast<double>(P);
  const int64_t sets = x.Sets(static_cast<int64_t>(bytes));
  Buffer<float> policy_chosen(P, sets), policy_rejected(P, sets), ref_chosen(P, sets), ref_rejected(P, sets);
  Buffer<float> loss(P, sets), dchosen(P, sets), drejected(P, sets), chosen_rewards(P, sets), rejected_rewards(P, sets);
  Buffer<double> totals(CHORUS_PREFERENCE_TOTALS);
  const int64_t workspace_bytes = chorus_cuda_preference_workspace(kind, P);
  Buffer<char> workspace(workspace_bytes);
  uint64_t seed = 60;
  for (const Buffer<float>* values : {&policy_chosen, &policy_rejected, &ref_chosen, &ref_rejected}) {
    FillUniform(*values, -60, -20, seed++);
  }
  x.ClearFault();
  constexpr double kBeta = 0.1;
  const auto pairs = [&](int run) {
    Ok(Call(chorus_cuda_preference,
            {loss.At(run), dchosen.At(run), drejected.At(run), chosen_rewards.At(run), rejected_rewards.At(run),
             totals.data(), workspace.data(), policy_chosen.At(run), policy_rejected.At(run), ref_chosen.At(run),
             ref_rejected.At(run), nullptr, nullptr, nullptr, nullptr, nullptr, P, kind, kBeta, 0, 0,
             CHORUS_DIVERGENCE_REVERSE_KL, 0, 1, CHORUS_TYPE_F32}, x.fault.data(), nullptr));
  };
  pairs(0);
  x.ExpectNoFault();
  const std::vector<double> inputs[] = {ToDoubles(policy_chosen.Get()), ToDoubles(policy_rejected.Get()),
                                        ToDoubles(ref_chosen.Get()), ToDoubles(ref_rejected.Get())};
  std::vector<double> results[5];
  for (std::vector<double>& values : results) values.resize(static_cast<size_t>(P));
  chorus::PreferenceRef({results[0].data(), results[1].data(), results[2].data(), results[3].data(), results[4].data(),
                         inputs[0].data(), inputs[1].data(), inputs[2].data(), inputs[3].data(), nullptr, nullptr, nullptr,
                         nullptr, nullptr, P, 1, {kind, kBeta, 0, 0, CHORUS_DIVERGENCE_REVERSE_KL, 0}});
  constexpr Tolerance kRounded = {1e-10, 1e-6};
  ExpectAllNear("loss", loss.Get(), results[0], kRounded);
  ExpectAllNear("dchosen", dchosen.Get(), results[1], kRounded);
  ExpectAllNear("drejected", drejected.Get(), results[2], kRounded);
  ExpectAllNear("chosen_rewards", chosen_rewards.Get(), results[3], kRounded);
  ExpectAllNear("rejected_rewards", rejected_rewards.Get(), results[4], kRounded);
  double sum = 0;
  for (double value : results[0]) sum += value;
  ExpectNear("totals", totals.Get()[CHORUS_PREFERENCE_LOSS_SUM], sum, {0, 1e-10});
  Row row;
  row.op = std::string("preference, ") + name;
  row.shape = "f32 " + std::to_string(P) + " pairs";
  row.bytes = bytes;
  row.goal_microseconds = goal;
  x.Time(&row, pairs);
  x.report.Add(row);
}

/** DPO on tokens: sums, pairs, and the gradient of each token. */
inline void PreferenceTokens(Context& x) {
  const int64_t P = x.Size(4096, 20), shortest = 32, longest = x.Size(512, 64);
  std::vector<int64_t> ends = {0};
  for (int64_t i = 0; i < 2 * P; ++i) ends.push_back(ends.back() + shortest + i * 7919 % (longest - shortest));
  const int64_t tokens = ends.back();
  const double bytes = 12.0 * static_cast<double>(tokens) + 8.0 * static_cast<double>(ends.size());
  const int64_t sets = x.Sets(static_cast<int64_t>(bytes));
  Buffer<int64_t> offsets(2 * P + 1);
  offsets.Set(ends);
  Buffer<float> policy(tokens, sets), ref(tokens, sets), dtokens(tokens, sets), loss(P), chosen(P), rejected(P);
  Buffer<double> totals(CHORUS_PREFERENCE_TOTALS);
  Buffer<char> workspace(chorus_cuda_preference_tokens_workspace(CHORUS_PREFERENCE_SIGMOID, P));
  FillUniform(policy, -3, 0, 70);
  FillUniform(ref, -3, 0, 71);
  x.ClearFault();
  constexpr double kBeta = 0.1;
  const auto pairs = [&](int run) {
    Ok(Call(chorus_cuda_preference_tokens,
            {loss.data(), dtokens.At(run), chosen.data(), rejected.data(), totals.data(), workspace.data(),
             policy.At(run), ref.At(run), nullptr, nullptr, offsets.data(), nullptr, nullptr, nullptr, nullptr, P,
             CHORUS_PREFERENCE_SIGMOID, kBeta, 0, 0, CHORUS_DIVERGENCE_REVERSE_KL, 0, 1,
             CHORUS_TYPE_F32}, x.fault.data(), nullptr));
  };
  pairs(0);
  x.ExpectNoFault();
  const std::vector<double> of_policy = ToDoubles(policy.Get()), of_ref = ToDoubles(ref.Get());
  const std::vector<float> all_losses = loss.Get(), all_gradients = dtokens.Get();
  for (int64_t n : SomeRows(P)) {
    double ratio[2] = {0, 0};
    for (int64_t side = 0; side < 2; ++side) {
      const size_t answer = static_cast<size_t>(2 * n + side);
      for (size_t t = static_cast<size_t>(ends[answer]); t < static_cast<size_t>(ends[answer + 1]); ++t) {
        ratio[side] += of_policy[t] - of_ref[t];
      }
    }
    const double margin = kBeta * (ratio[0] - ratio[1]);
    const double slope = kBeta / (1 + std::exp(margin));
    ExpectNear("loss", all_losses[static_cast<size_t>(n)], std::log1p(std::exp(-margin)), {1e-9, 1e-6});
    ExpectNear("dtokens", all_gradients[static_cast<size_t>(ends[static_cast<size_t>(2 * n)])], -slope, {1e-9, 1e-6});
    ExpectNear("dtokens", all_gradients[static_cast<size_t>(ends[static_cast<size_t>(2 * n + 1)])], slope, {1e-9, 1e-6});
  }
  ExpectNoNan("dtokens", dtokens.data(), tokens);
  Row row;
  row.op = "preference, sigmoid (DPO) on tokens";
  row.shape = "f32 " + std::to_string(P) + " pairs";
  row.bytes = bytes;
  row.note = std::to_string(tokens) + " tokens";
  x.Time(&row, pairs);
  x.report.Add(row);
}

inline void Preference(Context& x) {
  PreferencePairs(x, CHORUS_PREFERENCE_SIGMOID, "sigmoid (DPO)", 20);
  PreferencePairs(x, CHORUS_PREFERENCE_AOT, "AOT (sorts)", NAN);
  PreferenceTokens(x);
}

}  // namespace chorus_bench

#endif
