// The ops that read logits and write little: they should take as long as the memory takes to deliver them.
#ifndef CHORUS_BENCH_VOCABULARY_H
#define CHORUS_BENCH_VOCABULARY_H

#include <memory>

#include "bench/context.h"
#include "ops/ensemble_logprob/ensemble_logprob.h"
#include "ops/token_logprob/token_logprob.h"

namespace chorus_bench {

/** GB/s, read and written, of the largest copy that fits. */
inline double CopyBandwidth(Timer& timer, bool small) {
  size_t free = 0, total = 0;
  Check(cudaMemGetInfo(&free, &total), "memory");
  const int64_t bytes = small ? int64_t{1} << 16 : std::min<int64_t>(int64_t{4} << 30, static_cast<int64_t>(free / 4));
  Buffer<char> from(bytes), to(bytes);
  Check(cudaMemset(from.data(), 1, static_cast<size_t>(bytes)), "memory");
  const Times times = timer.Measure([&](int) {
    Check(cudaMemcpyAsync(to.data(), from.data(), static_cast<size_t>(bytes), cudaMemcpyDeviceToDevice), "copy");
  });
  return 2.0 * static_cast<double>(bytes) / times.median / 1e3;
}

inline void TokenLogprob(Context& x) {
  const int64_t N = x.Size(8192, 64), V = x.Size(128256, 1000);
  Buffer<Bf16> logits(N * V);
  Buffer<int64_t> targets(N);
  Buffer<float> logps(N), lse(N), entropy(N), dlogps(N);
  FillNormal(logits, 2, 1);
  FillIntegers(targets, 0, V, 2);
  FillNormal(dlogps, 1, 3);
  x.ClearFault();

  Row row;
  row.shape = ShapeText("bf16", {N, V});
  row.goal_share = 0.9;
  const auto forward = [&](int) {
    Ok(Call(chorus_cuda_token_logprob_forward,
            {logps.data(), lse.data(), entropy.data(), logits.data(), targets.data(), nullptr, N, V, V,
             CHORUS_TYPE_BF16}, x.fault.data(), nullptr));
  };
  forward(0);
  x.ExpectNoFault();
  for (const Buffer<float>* results : {&logps, &lse, &entropy}) ExpectNoNan("a result", *results);
  for (int64_t n : SomeRows(N)) {
    double logp, sum, uncertainty;
    const std::vector<double> z = ToDoubles(logits.Get(n * V, V));
    chorus::TokenLogprobForwardRef(&logp, &sum, &uncertainty, z.data(), targets.Get(n, 1).data(), nullptr, 1, V, V);
    ExpectNear("logps", logps.Get(n, 1)[0], logp, kFloatResult);
    ExpectNear("lse", lse.Get(n, 1)[0], sum, kFloatResult);
    ExpectNear("entropy", entropy.Get(n, 1)[0], uncertainty, kFloatResult);
  }
  row.op = "token_logprob forward";
  row.bytes = static_cast<double>(N) * (2 * V + 8 + 12);
  x.Time(&row, forward);
  x.report.Add(row);

  // In place: each run takes the gradient of the run before for logits, which are as good as any.
  const auto backward = [&](int) {
    Ok(Call(chorus_cuda_token_logprob_backward,
            {logits.data(), targets.data(), lse.data(), dlogps.data(), nullptr, N, V, V,
             CHORUS_TYPE_BF16}, x.fault.data(), nullptr));
  };
  std::vector<std::vector<double>> expected;
  for (int64_t n : SomeRows(N)) {
    expected.emplace_back(static_cast<size_t>(V));
    const double d = dlogps.Get(n, 1)[0];
    chorus::TokenLogprobBackwardRef(expected.back().data(), ToDoubles(logits.Get(n * V, V)).data(),
                                    targets.Get(n, 1).data(), &d, nullptr, 1, V, V);
  }
  backward(0);
  x.ExpectNoFault();
  ExpectNoNan("the gradient", logits);
  size_t next = 0;
  for (int64_t n : SomeRows(N)) ExpectAllNear("dlogits", logits.Get(n * V, V), expected[next++], kBf16Gradient);
  row.op = "token_logprob backward, in place";
  row.bytes = static_cast<double>(N) * (4 * V + 8 + 8);
  x.Time(&row, backward);
  x.report.Add(row);
}

inline void EnsembleLogprob(Context& x) {
  const int64_t W = 5, N = x.Size(4096, 32), V = x.Size(32000, 1000), S = 16;
  std::vector<std::unique_ptr<Buffer<Bf16>>> models;
  std::vector<Bf16*> logits;
  for (int64_t w = 0; w < W; ++w) {
    models.emplace_back(new Buffer<Bf16>(N * V));
    logits.push_back(models.back()->data());
    FillNormal(*models.back(), 2, static_cast<uint64_t>(10 + w));
  }
  const std::vector<int64_t> strides(static_cast<size_t>(W), V);
  const std::vector<double> omega_values = {0.125, 0.25, 0.25, 0.125, 0.25};
  std::vector<int64_t> offset_values;
  for (int64_t s = 0; s <= S; ++s) offset_values.push_back(s * N / S);
  Buffer<int64_t> targets(N), offsets(S + 1);
  Buffer<float> omega(W), logps(W * N), lse(W * N), entropy(W * N), mixture(N), sequence_logps(W * S), sequence_mixture(S);
  Buffer<float> dlogps(W * N), dmixture(N);
  FillIntegers(targets, 0, V, 20);
  offsets.Set(offset_values);
  omega.Set({omega_values.begin(), omega_values.end()});
  FillNormal(dlogps, 1, 21);
  FillNormal(dmixture, 1, 22);
  x.ClearFault();

  Row row;
  row.shape = ShapeText("bf16", {W, N, V});
  const auto forward = [&](int) {
    Ok(Call(chorus_cuda_ensemble_logprob_forward,
            {logps.data(), lse.data(), entropy.data(), mixture.data(), sequence_logps.data(), sequence_mixture.data(),
             reinterpret_cast<const void* const*>(logits.data()), targets.data(), nullptr, omega.data(),
             offsets.data(), W, N, V, strides.data(), S, CHORUS_TYPE_BF16}, x.fault.data(), nullptr));
  };
  forward(0);
  x.ExpectNoFault();
  for (const Buffer<float>* results : {&logps, &lse, &entropy, &mixture, &sequence_logps, &sequence_mixture}) {
    ExpectNoNan("a result", *results);
  }
  const std::vector<float> all_logps = logps.Get(), all_lse = lse.Get(), all_mixtures = mixture.Get();
  const int64_t one_row[] = {0, 1};
  const std::vector<double> zero(static_cast<size_t>(W), 0.0);
  std::vector<std::vector<double>> expected;
  for (int64_t n : SomeRows(N)) {
    std::vector<double> z, row_logps(static_cast<size_t>(W)), row_lse = row_logps, row_entropy = row_logps,
                              row_sequence = row_logps, d;
    for (int64_t w = 0; w < W; ++w) {
      const std::vector<double> of_model = ToDoubles(models[static_cast<size_t>(w)]->Get(n * V, V));
      z.insert(z.end(), of_model.begin(), of_model.end());
      d.push_back(dlogps.Get(w * N + n, 1)[0]);
    }
    double row_mixture, row_sequence_mixture;
    const double dmix = dmixture.Get(n, 1)[0];
    const std::vector<int64_t> target = targets.Get(n, 1);
    chorus::EnsembleLogprobForwardRef(row_logps.data(), row_lse.data(), row_entropy.data(), &row_mixture,
                                      row_sequence.data(), &row_sequence_mixture, z.data(), target.data(), nullptr,
                                      omega_values.data(), one_row, W, 1, V, 1);
    ExpectNear("mixture", all_mixtures[static_cast<size_t>(n)], row_mixture, kFloatResult);
    for (int64_t w = 0; w < W; ++w) {
      const size_t at = static_cast<size_t>(w * N + n);
      ExpectNear("logps", all_logps[at], row_logps[static_cast<size_t>(w)], kFloatResult);
      ExpectNear("lse", all_lse[at], row_lse[static_cast<size_t>(w)], kFloatResult);
    }
    expected.emplace_back(z.size());
    chorus::EnsembleLogprobBackwardRef(expected.back().data(), z.data(), target.data(), d.data(), &dmix, zero.data(),
                                       zero.data(), nullptr, omega_values.data(), one_row, W, 1, V, 1);
  }
  double first_sequence = 0;
  for (int64_t n = 0; n < offset_values[1]; ++n) first_sequence += all_mixtures[static_cast<size_t>(n)];
  ExpectNear("sequence_mixture", sequence_mixture.Get(0, 1)[0], first_sequence, {1e-3, 1e-6});
  row.op = "ensemble_logprob forward";
  row.bytes = static_cast<double>(W * N) * (2 * V + 12) + static_cast<double>(N) * 12;
  row.goal_share = 0.9;
  x.Time(&row, forward);
  x.report.Add(row);

  const auto backward = [&](int) {
    Ok(Call(chorus_cuda_ensemble_logprob_backward,
            {reinterpret_cast<void* const*>(logits.data()), targets.data(), lse.data(), logps.data(), dlogps.data(),
             dmixture.data(), nullptr, nullptr, nullptr, omega.data(), offsets.data(), W, N, V, strides.data(), S,
             CHORUS_TYPE_BF16}, x.fault.data(), nullptr));
  };
  backward(0);
  x.ExpectNoFault();
  for (const auto& model : models) ExpectNoNan("the gradient", *model);
  size_t next = 0;
  for (int64_t n : SomeRows(N)) {
    const std::vector<double>& d = expected[next++];
    for (int64_t w = 0; w < W; ++w) {
      ExpectAllNear("dlogits", models[static_cast<size_t>(w)]->Get(n * V, V), {d.begin() + w * V, d.begin() + (w + 1) * V},
                    kBf16Gradient);
    }
  }
  row.op = "ensemble_logprob backward, in place";
  row.bytes = static_cast<double>(W * N) * (4 * V + 12) + static_cast<double>(N) * 12;
  row.goal_share = NAN;
  x.Time(&row, backward);
  x.report.Add(row);
}

}  // namespace chorus_bench

#endif
