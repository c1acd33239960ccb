// The ops of a language model's head: three matrix products by cuBLAS, and between them the rows that this library turns
// from logits into their gradient, a chunk at a time, so that [tokens, vocabulary] is never held.
#ifndef CHORUS_BENCH_HEAD_H
#define CHORUS_BENCH_HEAD_H

#include "bench/context.h"
#include "bench/cublas.h"
#include "cuda/team.h"
#include "ops/evidential_token/evidential_token.h"
#include "ops/linear_logprob/linear_logprob.h"

namespace chorus_bench {

/** out = sum of a [i a_step] b [i b_step]; one block. */
static __global__ void DotKernel(double* out, const Bf16* a, int64_t a_step, const Bf16* b, int64_t b_step, int64_t count) {
  double sum = 0;
  for (int64_t i = threadIdx.x; i < count; i += 256) {
    sum += static_cast<double>(chorus::cuda::ToFloat(a[i * a_step])) * chorus::cuda::ToFloat(b[i * b_step]);
  }
  sum = chorus::cuda::SumTeam<256>(sum);
  if (threadIdx.x == 0) *out = sum;
}

inline double Dot(const Bf16* a, int64_t a_step, const Bf16* b, int64_t b_step, int64_t count) {
  Buffer<double> out(1);
  ForEach(256, DotKernel, out.data(), a, a_step, b, b_step, count);
  return out.Get()[0];
}

/** Sums of thousands of products in f32, whose terms cancel; and rounded to bf16. */
constexpr Tolerance kFloatProduct = {2e-2, 1e-3};
constexpr Tolerance kBf16Product = {2e-2, 8e-3};

/** hidden [N, C], weight [V, C], dhidden [N, C] and dweight [V, C], which is summed in f32 over the chunks. */
class Head {
 public:
  Head(const Cublas& cublas, int64_t N, int64_t C, int64_t V, int64_t chunk)
      : N(N), C(C), V(V), chunk(chunk), logits(chunk * V), hidden(N * C), weight(V * C), dhidden(N * C), dweight(V * C),
        cublas_(cublas) {
    FillNormal(hidden, 1, 30);
    FillNormal(weight, static_cast<float>(2 / std::sqrt(static_cast<double>(C))), 31);
  }

  const int64_t N, C, V, chunk;
  Buffer<Bf16> logits;

  void Logits(Bf16* out, int64_t first, int64_t count) const {
    cublas_.Product(out, {hidden.data() + first * C, C, Read::kAsIs}, {weight.data(), C, Read::kTransposed}, count, V, C, 0);
  }
  void Gradients(const Bf16* dlogits, int64_t first, int64_t count) const {
    cublas_.Product(dhidden.data() + first * C, {dlogits, V, Read::kAsIs}, {weight.data(), C, Read::kAsIs}, count, C, V, 0);
    cublas_.Product(dweight.data(), {dlogits, V, Read::kTransposed}, {hidden.data() + first * C, C, Read::kAsIs}, V, C,
                    count, first > 0 ? 1.0f : 0.0f);
  }

  /** rows(first, count) turns `logits` into their gradient. */
  template <typename Rows>
  void Step(const Rows& rows) const {
    for (int64_t first = 0; first < N; first += chunk) {
      const int64_t count = std::min(chunk, N - first);
      Logits(logits.data(), first, count);
      rows(first, count);
      Gradients(logits.data(), first, count);
    }
  }

  /** Of three products of N C V multiplications. */
  double Flops() const { return 6.0 * static_cast<double>(N) * static_cast<double>(C) * static_cast<double>(V); }
  /** What a training step keeps beyond its inputs and results, `per_row` bytes of it for each token. */
  double ExtraBytes(int64_t per_row) const {
    return static_cast<double>(2 * chunk * V + Cublas::kWorkspace + per_row * N);
  }

  /** An element of each product against a plain sum: with logits for their own gradient, they can be had again. */
  void CheckProducts() const {
    ExpectNoNan("dhidden", dhidden);
    ExpectNoNan("dweight", dweight);
    Step([](int64_t, int64_t) {});
    const double of_weight = dweight.Get(3 * C + 2, 1)[0], of_hidden = ToDouble(dhidden.Get(C + 1, 1)[0]);
    double sum = 0;
    for (int64_t first = 0; first < N; first += chunk) {
      const int64_t count = std::min(chunk, N - first);
      Logits(logits.data(), first, count);
      sum += Dot(logits.data() + 3, V, hidden.data() + first * C + 2, C, count);
      if (first > 0) continue;
      ExpectNear("a logit", ToDouble(logits.Get(V + 5, 1)[0]), Dot(hidden.data() + C, 1, weight.data() + 5 * C, 1, C),
                 kBf16Product);
      ExpectNear("dhidden", of_hidden, Dot(logits.data() + V, 1, weight.data() + 1, C, V), kBf16Product);
    }
    ExpectNear("dweight", of_weight, sum, kFloatProduct);
  }

 private:
  Buffer<Bf16> hidden, weight, dhidden;
  Buffer<float> dweight;
  const Cublas& cublas_;
};

/** Results and targets of the rows. */
struct HeadRows {
  explicit HeadRows(const Head& head)
      : ids(kNamed * head.N), tokens(head.N), probabilities(kNamed * head.N), loss(head.N), kl(head.N), lse(head.N),
        entropy(head.N), dloss(head.N) {
    std::vector<int64_t> id_values, token_values;
    std::vector<float> probability_values;
    const float named[kNamed] = {0.5f, 0.2f, 0.1f, 0.05f};
    for (int64_t n = 0; n < head.N; ++n) {
      const int64_t token = n * 7919 % head.V;
      token_values.push_back(token);
      for (int64_t j = 0; j < kNamed; ++j) {
        id_values.push_back((token + j * (head.V / kNamed)) % head.V);
        probability_values.push_back(named[j]);
      }
    }
    ids.Set(id_values);
    tokens.Set(token_values);
    probabilities.Set(probability_values);
    Fill(dloss, -0.5f);
  }

  static constexpr int64_t kNamed = 4;
  Buffer<int64_t> ids, tokens;
  Buffer<float> probabilities, loss, kl, lse, entropy, dloss;
};

/** kl is that of one token, and so -logps: it is not asked for. */
inline void LogprobRows(const Context& x, const Head& head, const HeadRows& rows, int64_t first, int64_t count) {
  Ok(Call(chorus_cuda_linear_logprob_rows,
          {rows.loss.data() + first, nullptr, rows.lse.data() + first, rows.entropy.data() + first, nullptr,
           head.logits.data(), nullptr, rows.tokens.data() + first, nullptr, nullptr, nullptr, rows.dloss.data() + first, nullptr, count,
           head.V, 1, head.V, 1, 0, CHORUS_TYPE_BF16}, x.fault.data(), nullptr));
}

constexpr double kTokenKlWeight = 0.1;

inline void EvidentialRows(const Context& x, const Head& head, const HeadRows& rows, int64_t first, int64_t count) {
  constexpr int64_t k = HeadRows::kNamed;
  Ok(Call(chorus_cuda_evidential_token,
          {rows.loss.data() + first, rows.lse.data() + first, rows.kl.data() + first, head.logits.data(),
           rows.dloss.data() + first, rows.ids.data() + first * k, rows.probabilities.data() + first * k, nullptr,
           nullptr, count, head.V, k, head.V, CHORUS_EVIDENCE_SOFTPLUS, kTokenKlWeight,
           CHORUS_TYPE_BF16}, x.fault.data(), nullptr));
}

/** The first chunk's first rows against the definition, of the logits that cuBLAS gave. */
inline void CheckLogprobRows(const Context& x, const Head& head, const HeadRows& rows) {
  head.Logits(head.logits.data(), 0, head.chunk);
  std::vector<std::vector<double>> z;
  for (int64_t n : SomeRows(head.chunk)) z.push_back(ToDoubles(head.logits.Get(n * head.V, head.V)));
  LogprobRows(x, head, rows, 0, head.chunk);
  x.ExpectNoFault();
  size_t next = 0;
  for (int64_t n : SomeRows(head.chunk)) {
    double logp, kl, lse, entropy, top1;
    const double d = -0.5;
    std::vector<double> dlogits(static_cast<size_t>(head.V));
    chorus::LinearLogprobRowsRef(&logp, &kl, &lse, &entropy, &top1, dlogits.data(), z[next++].data(), nullptr,
                                 rows.tokens.Get(n, 1).data(), nullptr, 1, nullptr, nullptr, &d,
                                 {1, head.V, head.V, nullptr, 1, 0});
    ExpectNear("logps", rows.loss.Get(n, 1)[0], logp, kFloatResult);
    ExpectNear("lse", rows.lse.Get(n, 1)[0], lse, kFloatResult);
    ExpectNear("entropy", rows.entropy.Get(n, 1)[0], entropy, kFloatResult);
    ExpectAllNear("dlogits", head.logits.Get(n * head.V, head.V), dlogits, kBf16Gradient);
  }
}

inline void CheckEvidentialRows(const Context& x, const Head& head, const HeadRows& rows) {
  head.Logits(head.logits.data(), 0, head.chunk);
  std::vector<std::vector<double>> z;
  for (int64_t n : SomeRows(head.chunk)) z.push_back(ToDoubles(head.logits.Get(n * head.V, head.V)));
  EvidentialRows(x, head, rows, 0, head.chunk);
  x.ExpectNoFault();
  size_t next = 0;
  for (int64_t n : SomeRows(head.chunk)) {
    constexpr int64_t k = HeadRows::kNamed;
    double loss, nll, kl;
    const double d = -0.5;
    std::vector<double> dlogits(static_cast<size_t>(head.V));
    chorus::EvidentialTokenSpec spec = {1, head.V, k, head.V, CHORUS_EVIDENCE_SOFTPLUS, kTokenKlWeight};
    chorus::EvidentialTokenRef(&loss, &nll, &kl, dlogits.data(), &d, z[next++].data(), rows.ids.Get(n * k, k).data(),
                               ToDoubles(rows.probabilities.Get(n * k, k)).data(), nullptr, spec);
    // lnGamma of a sum of thousands and its parts cancel, in f32 at the last digits of the larger.
    ExpectNear("loss", rows.loss.Get(n, 1)[0], loss, {1e-3, 1e-4});
    ExpectAllNear("dlogits", head.logits.Get(n * head.V, head.V), dlogits, {1e-6, 1e-2});
  }
}

/** Rows of a chunk, of which 416 MiB and cuBLAS's workspace stay below 512 MiB for a vocabulary of 131,072. */
inline int64_t ChunkRows(int64_t N, int64_t V) {
  constexpr int64_t kMostBytes = int64_t{470} << 20;
  const int64_t most = std::max<int64_t>(128, kMostBytes / (2 * V) / 128 * 128);
  const int64_t chunks = (N + most - 1) / most;
  return std::min(N, ((N + chunks - 1) / chunks + 127) / 128 * 128);
}

inline void LinearLogprob(Context& x) {
  const Cublas cublas;
  const int64_t N = x.Size(8192, 96), C = x.Size(4096, 64), V = x.Size(131072, 640);
  const Head head(cublas, N, C, V, x.small ? 40 : ChunkRows(N, V));
  const HeadRows rows(head);
  x.ClearFault();
  CheckLogprobRows(x, head, rows);
  const auto step = [&](int) {
    head.Step([&](int64_t first, int64_t count) { LogprobRows(x, head, rows, first, count); });
  };
  step(0);
  x.ExpectNoFault();
  ExpectNoNan("logps", rows.loss);
  head.CheckProducts();

  Row row;
  row.shape = ShapeText("bf16", {N, C, V});
  row.flops = head.Flops();
  Row products = row, rows_alone = row;
  {
    Buffer<Bf16> all(N * V);
    products.op = "cuBLAS, three products";
    x.Time(&products, [&](int) {
      head.Logits(all.data(), 0, N);
      head.Gradients(all.data(), 0, N);
    });
  }
  x.report.Add(products);
  row.op = "linear_logprob forward + backward";
  x.Time(&row, step);
  row.ratio = row.microseconds / products.microseconds;
  row.ratio_to = "the products";
  row.goal_ratio = 1.05;
  row.goal_teraflops = 650;
  row.extra_bytes = head.ExtraBytes(5 * 4);
  row.goal_extra = 512.0 * 1048576;
  row.note = "chunks of " + std::to_string(head.chunk) + " rows, " + cublas.name();
  x.report.Add(row);
  // Of a chunk whose logits are not its first ones: the gradient of the run before.
  rows_alone.op = "  of it, the rows of one chunk";
  rows_alone.shape = ShapeText("bf16", {head.chunk, V});
  rows_alone.flops = NAN;
  rows_alone.bytes = 4.0 * static_cast<double>(head.chunk * V);
  x.Time(&rows_alone, [&](int) { LogprobRows(x, head, rows, 0, head.chunk); });
  x.report.Add(rows_alone);
}

inline void EvidentialToken(Context& x) {
  const Cublas cublas;
  const int64_t N = x.Size(4096, 96), C = x.Size(4096, 64), V = x.Size(32000, 640);
  const Head head(cublas, N, C, V, x.small ? 96 : ChunkRows(N, V));
  const HeadRows rows(head);
  x.ClearFault();
  CheckEvidentialRows(x, head, rows);
  Row plain;
  plain.shape = ShapeText("bf16", {N, C, V});
  plain.flops = head.Flops();
  plain.extra_bytes = head.ExtraBytes(5 * 4);
  Row row = plain;
  plain.op = "linear_logprob, same shape";
  x.Time(&plain, [&](int) {
    head.Step([&](int64_t first, int64_t count) { LogprobRows(x, head, rows, first, count); });
  });
  x.report.Add(plain);
  const auto step = [&](int) {
    head.Step([&](int64_t first, int64_t count) { EvidentialRows(x, head, rows, first, count); });
  };
  step(0);
  x.ExpectNoFault();
  for (const Buffer<float>* results : {&rows.loss, &rows.lse, &rows.kl}) ExpectNoNan("a result", *results);
  head.CheckProducts();
  row.op = "evidential_token through the head";
  x.Time(&row, step);
  row.ratio = row.microseconds / plain.microseconds;
  row.ratio_to = "linear_logprob";
  row.goal_ratio = 1.15;
  row.note = "softplus evidence, KL weight 0.1, 4 named tokens; chunks of " + std::to_string(head.chunk) + " rows";
  x.report.Add(row);
}

}  // namespace chorus_bench

#endif
