#include "ops/token_logprob/token_logprob.h"

#include <cmath>
#include <string>
#include <vector>

#include "common/bf16.h"
#include "testing/backend.h"
#include "testing/test.h"

using namespace chorus_testing;

namespace {

struct Case {
  int64_t N, V;
  double low, high;
  std::vector<float> logits;
  std::vector<int64_t> targets;
  std::vector<float> weights, dlogps;
};

Case MakeCase(Random& random, int64_t N, int64_t V, double low, double high) {
  Case c = {N,
            V,
            low,
            high,
            random.Floats(N * V, low, high),
            {},
            random.Floats(N, 0.1, 3),
            random.Floats(N, -2, 2)};
  for (int64_t n = 0; n < N; ++n) {
    c.targets.push_back(random.Below(V));
    if (n % 3 == 1) c.weights[static_cast<size_t>(n)] = 0;
  }
  return c;
}

struct Forward {
  std::vector<double> logps, lse, entropy;
};

Forward Reference(const Case& c, const float* weights) {
  const std::vector<double> w =
      weights ? ToDouble({weights, weights + c.N}) : std::vector<double>();
  const size_t n = static_cast<size_t>(c.N);
  Forward f = {std::vector<double>(n), std::vector<double>(n), std::vector<double>(n)};
  chorus::TokenLogprobForwardRef(f.logps.data(), f.lse.data(), f.entropy.data(),
                                 ToDouble(c.logits).data(), c.targets.data(),
                                 weights ? w.data() : nullptr, c.N, c.V, c.V);
  return f;
}

std::vector<double> ReferenceGradient(const Case& c, const float* weights) {
  const std::vector<double> w =
      weights ? ToDouble({weights, weights + c.N}) : std::vector<double>();
  std::vector<double> d(c.logits.size());
  chorus::TokenLogprobBackwardRef(d.data(), ToDouble(c.logits).data(), c.targets.data(),
                                  ToDouble(c.dlogps).data(), weights ? w.data() : nullptr, c.N, c.V,
                                  c.V);
  return d;
}

/** Rows are computed in f32 (common/softmax_rows.h): ln sum is good to 3e-7, and so is what is a difference to it. */
constexpr double kRowError = 3e-7;

Tolerance ForwardTolerance(const Case& c) {
  // Beside it the reference itself loses |z| 2^-53 where it subtracts lse.
  return {kRowError + 4e-16 * c.high * static_cast<double>(c.V), 1e-7};
}

/** The entropy's dot / sum is up to ln V, and good to 1e-6 of it. */
Tolerance EntropyTolerance(const Case& c) {
  return {ForwardTolerance(c).absolute + 1e-6 * std::log(static_cast<double>(c.V)), 1e-7};
}

/** lse is f32: every probability is off by the factor e^(|lse| 2^-24), and e^x by 2.4e-7 where it counts; |w dlogp| is at
 * most 6. */
Tolerance BackwardTolerance(const Case& c) {
  return {6 * (6e-8 * std::fmax(1.0, c.high + std::log(static_cast<double>(c.V))) + 2.4e-7), 1e-7};
}

/** Forward and backward through the C interface, on rows `gap` apart that begin `offset` floats
 * into a buffer. */
void CheckAgainstReference(const Case& c, const float* weights, int64_t gap, int64_t offset) {
  SetCase("N " + std::to_string(c.N) + ", V " + std::to_string(c.V) + ", |z| " +
          std::to_string(c.high) + ", gap " + std::to_string(gap) + (weights ? ", weighted" : ""));
  StridedMatrix logits(c.logits, c.N, c.V, gap, offset);
  const size_t n = static_cast<size_t>(c.N);
  std::vector<float> logps(n), lse(n), entropy(n);
  EXPECT_OK(Call(chorus_token_logprob_forward,
                 {logps.data(), lse.data(), entropy.data(), logits.data(), c.targets.data(), weights, c.N, c.V,
                  logits.stride(), CHORUS_TYPE_F32}));
  const Forward expected = Reference(c, weights);
  EXPECT_ALL_NEAR(ToDouble(logps), expected.logps, ForwardTolerance(c));
  EXPECT_ALL_NEAR(ToDouble(lse), expected.lse, (Tolerance{kRowError, 1e-7}));
  EXPECT_ALL_NEAR(ToDouble(entropy), expected.entropy, EntropyTolerance(c));
  EXPECT_TRUE(logits.Dense() == c.logits);

  EXPECT_OK(Call(chorus_token_logprob_backward,
                 {logits.data(), c.targets.data(), lse.data(), c.dlogps.data(), weights, c.N, c.V, logits.stride(),
                  CHORUS_TYPE_F32}));
  EXPECT_ALL_NEAR(ToDouble(logits.Dense()), ReferenceGradient(c, weights), BackwardTolerance(c));
  EXPECT_TRUE(logits.IntactGaps());
}

/** The same on bf16 logits; only the gradient is rounded to bf16. */
void CheckBf16(Case c, const float* weights) {
  SetCase("bf16, N " + std::to_string(c.N) + ", V " + std::to_string(c.V) + ", |z| " + std::to_string(c.high));
  // One element in front, so that rows are not aligned.
  std::vector<uint16_t> half(1);
  for (float& z : c.logits) {
    half.push_back(chorus::Narrow<uint16_t>(z));
    z = chorus::Widen(half.back());
  }
  const size_t n = static_cast<size_t>(c.N);
  std::vector<float> logps(n), lse(n), entropy(n);
  EXPECT_OK(Call(chorus_token_logprob_forward,
                 {logps.data(), lse.data(), entropy.data(), half.data() + 1, c.targets.data(), weights, c.N, c.V, c.V,
                  CHORUS_TYPE_BF16}));
  const Forward expected = Reference(c, weights);
  EXPECT_ALL_NEAR(ToDouble(logps), expected.logps, ForwardTolerance(c));
  EXPECT_ALL_NEAR(ToDouble(lse), expected.lse, (Tolerance{kRowError, 1e-7}));
  EXPECT_ALL_NEAR(ToDouble(entropy), expected.entropy, EntropyTolerance(c));
  EXPECT_OK(Call(chorus_token_logprob_backward,
                 {half.data() + 1, c.targets.data(), lse.data(), c.dlogps.data(), weights, c.N, c.V, c.V,
                  CHORUS_TYPE_BF16}));
  std::vector<double> gradient;
  for (size_t i = 1; i < half.size(); ++i) gradient.push_back(chorus::Widen(half[i]));
  EXPECT_ALL_NEAR(gradient, ReferenceGradient(c, weights), (Tolerance{BackwardTolerance(c).absolute, 0.00391}));
}

}  // namespace

CHORUS_TEST(MatchesReferenceOverShapesStridesAndMagnitudes) {
  Random random(21);
  for (int64_t N : {0, 1, 2, 7, 13}) {
    for (int64_t V : {1, 2, 3, 7, 8, 15, 16, 17, 31, 33, 64, 127, 1009}) {
      for (double magnitude : {0.5, 10.0, 1e4}) {
        const Case c = MakeCase(random, N, V, -magnitude, magnitude);
        CheckAgainstReference(c, nullptr, 0, 0);
        CheckAgainstReference(c, c.weights.data(), 0, 0);
        CheckAgainstReference(c, c.weights.data(), 5, 1);
        CheckAgainstReference(c, nullptr, 1, 3);
        CheckBf16(c, nullptr);
        CheckBf16(c, c.weights.data());
      }
    }
  }
}

CHORUS_TEST(LongRowsOnSeveralThreads) {
  Random random(23);
  const Case c = MakeCase(random, 9, 40000, -10, 10);
  CheckAgainstReference(c, c.weights.data(), 3, 1);
  CheckBf16(c, nullptr);
}

CHORUS_TEST(ReferenceGradientEqualsFiniteDifferences) {
  Random random(22);
  for (int64_t V : {1, 2, 5, 11}) {
    const Case c = MakeCase(random, 4, V, -3, 3);
    const auto objective = [&](const std::vector<double>& z) {
      std::vector<double> logps(4), lse(4), entropy(4);
      chorus::TokenLogprobForwardRef(logps.data(), lse.data(), entropy.data(), z.data(),
                                     c.targets.data(), nullptr, 4, V, V);
      double sum = 0;
      for (size_t n = 0; n < 4; ++n) sum += c.weights[n] * c.dlogps[n] * logps[n];
      return sum;
    };
    EXPECT_ALL_NEAR(ReferenceGradient(c, c.weights.data()),
                    NumericGradient(objective, ToDouble(c.logits)), kFiniteDifference);
  }
}

CHORUS_TEST(Golden_TwoTokens) {
  const std::vector<float> logits = {1, 0, -1, 0, 2, 0};
  const std::vector<int64_t> targets = {0, 1};
  std::vector<float> logps(2), lse(2), entropy(2);
  EXPECT_OK(Call(chorus_token_logprob_forward,
                 {logps.data(), lse.data(), entropy.data(), logits.data(), targets.data(), nullptr, 2, 3, 3,
                  CHORUS_TYPE_F32}));
  const std::vector<double> expected = {-0.40760596, -0.23954477};
  constexpr Tolerance kGoldenF32 = {6e-9 + kRowError, 1e-7};
  EXPECT_ALL_NEAR(ToDouble(logps), expected, kGoldenF32);
  EXPECT_NEAR(static_cast<double>(logps[0]) + logps[1], -0.64715073, kGoldenF32);
  EXPECT_NEAR((static_cast<double>(logps[0]) + logps[1]) / 2, -0.32357537, kGoldenF32);
  std::vector<double> ref(2), ref_lse(2), ref_entropy(2);
  chorus::TokenLogprobForwardRef(ref.data(), ref_lse.data(), ref_entropy.data(),
                                 ToDouble(logits).data(), targets.data(), nullptr, 2, 3, 3);
  EXPECT_ALL_NEAR(ref, expected, kGolden8);
}

CHORUS_TEST(UniformRow_HasEntropyLogV) {
  const std::vector<float> logits(1000, -9999.5f);
  const int64_t target = 3;
  float logp, lse, entropy;
  EXPECT_OK(Call(chorus_token_logprob_forward,
                 {&logp, &lse, &entropy, logits.data(), &target, nullptr, 1, 1000, 1000, CHORUS_TYPE_F32}));
  EXPECT_NEAR(entropy, std::log(1000.0), kF32Rounding);
  EXPECT_NEAR(logp, -std::log(1000.0), kF32Rounding);
}

CHORUS_TEST(MaskedEntries_AreAsIfRemoved) {
  const std::vector<float> masked = {1, -INFINITY, 0, -INFINITY, -1};
  const int64_t target = 2, target_without = 1;
  const std::vector<float> without = {1, 0, -1};
  float logp[2], lse[2], entropy[2];
  EXPECT_OK(Call(chorus_token_logprob_forward,
                 {logp, lse, entropy, masked.data(), &target, nullptr, 1, 5, 5, CHORUS_TYPE_F32}));
  EXPECT_OK(Call(chorus_token_logprob_forward,
                 {logp + 1, lse + 1, entropy + 1, without.data(), &target_without, nullptr, 1, 3, 3,
                  CHORUS_TYPE_F32}));
  // A device shares a row out among threads by its length, and its exponential is off by up to 2^-22.
  const Tolerance same = HostOrDevice({0, 0}, {kRowError, 0});
  EXPECT_NEAR(logp[0], logp[1], same);
  EXPECT_NEAR(lse[0], lse[1], same);
  EXPECT_NEAR(entropy[0], entropy[1], same);
  std::vector<float> d = masked, d_without = without;
  const float dlogp = 1;
  EXPECT_OK(Call(chorus_token_logprob_backward, {d.data(), &target, lse, &dlogp, nullptr, 1, 5, 5, CHORUS_TYPE_F32}));
  EXPECT_OK(Call(chorus_token_logprob_backward,
                 {d_without.data(), &target_without, lse, &dlogp, nullptr, 1, 3, 3, CHORUS_TYPE_F32}));
  const std::vector<float> expected = {d_without[0], 0, d_without[1], 0, d_without[2]};
  EXPECT_ALL_NEAR(ToDouble(d), ToDouble(expected), same);
}

CHORUS_TEST(WeightZeroIsRemoved_EvenIfTheRowHoldsNonsense) {
  std::vector<float> logits = {1, 0, NAN, INFINITY, 0, 2};
  const std::vector<int64_t> targets = {0, -100, 1};
  const std::vector<float> weights = {1, 0, 1};
  std::vector<float> logps(3, 9), lse(3, 9), entropy(3, 9);
  EXPECT_OK(Call(chorus_token_logprob_forward,
                 {logps.data(), lse.data(), entropy.data(), logits.data(), targets.data(), weights.data(), 3, 2, 2,
                  CHORUS_TYPE_F32}));
  EXPECT_TRUE(logps[1] == 0 && lse[1] == 0 && entropy[1] == 0);
  const std::vector<float> dlogps = {1, NAN, 1};
  EXPECT_OK(Call(chorus_token_logprob_backward,
                 {logits.data(), targets.data(), lse.data(), dlogps.data(), weights.data(), 3, 2, 2,
                  CHORUS_TYPE_F32}));
  EXPECT_TRUE(logits[2] == 0 && logits[3] == 0 && logits[0] > 0 && logits[5] > 0);
}

CHORUS_TEST(WeightTwoEqualsTheRowTwice) {
  std::vector<float> once = {0.3f, -1, 2};
  std::vector<float> twice = {0.3f, -1, 2, 0.3f, -1, 2};
  const std::vector<int64_t> targets = {1, 1};
  const std::vector<float> dlogps = {0.7f, 0.7f};
  const float two = 2;
  std::vector<float> logps(2), lse(2), entropy(2);
  EXPECT_OK(Call(chorus_token_logprob_forward,
                 {logps.data(), lse.data(), entropy.data(), twice.data(), targets.data(), nullptr, 2, 3, 3,
                  CHORUS_TYPE_F32}));
  EXPECT_OK(Call(chorus_token_logprob_backward,
                 {once.data(), targets.data(), lse.data(), dlogps.data(), &two, 1, 3, 3, CHORUS_TYPE_F32}));
  EXPECT_OK(Call(chorus_token_logprob_backward,
                 {twice.data(), targets.data(), lse.data(), dlogps.data(), nullptr, 2, 3, 3, CHORUS_TYPE_F32}));
  for (size_t v = 0; v < 3; ++v) EXPECT_TRUE(once[v] == twice[v] + twice[v + 3]);
}

CHORUS_TEST(RefusesBadValues_AndNamesTheRow) {
  const std::vector<float> good = {1, 0, 0, 2};
  const std::vector<int64_t> targets = {0, 1};
  const auto forward = [](std::vector<float> logits, std::vector<int64_t> t, std::vector<float> w) {
    std::vector<float> out(6, 9);
    const int status =
        Call(chorus_token_logprob_forward,
             {out.data(), out.data() + 2, out.data() + 4, logits.data(), t.data(), w.empty() ? nullptr : w.data(), 2,
              2, 2, CHORUS_TYPE_F32});
    return status;
  };
  EXPECT_STATUS(forward({1, 0, 0, NAN}, targets, {}), CHORUS_INVALID_VALUE,
                "row 1: logit 1 is NaN");
  EXPECT_STATUS(forward({1, 0, INFINITY, 0}, targets, {}), CHORUS_INVALID_VALUE,
                "row 1: logit 0 is +infinity");
  EXPECT_STATUS(forward({1, 0, 0, -INFINITY}, targets, {}), CHORUS_INVALID_VALUE,
                "row 1: the logit of target 1");
  EXPECT_STATUS(forward({1, 0, -INFINITY, -INFINITY}, targets, {}), CHORUS_INVALID_VALUE, "row 1");
  EXPECT_STATUS(forward(good, {0, 2}, {}), CHORUS_INVALID_VALUE,
                "row 1: target 2 is outside [0, 2)");
  EXPECT_STATUS(forward(good, {-1, 1}, {}), CHORUS_INVALID_VALUE,
                "row 0: target -1 is outside [0, 2)");
  EXPECT_STATUS(forward(good, targets, {1, -1}), CHORUS_INVALID_VALUE, "row 1: weight is -1");
  EXPECT_STATUS(forward(good, targets, {1, NAN}), CHORUS_INVALID_VALUE, "row 1: weight is");
  EXPECT_STATUS(forward(good, targets, {INFINITY, 1}), CHORUS_INVALID_VALUE,
                "row 0: weight is inf");

  const auto backward = [&](std::vector<float> logits, std::vector<float> lse,
                            std::vector<float> dlogps) {
    std::vector<float> d = logits;
    const int status = Call(chorus_token_logprob_backward,
                            {d.data(), targets.data(), lse.data(), dlogps.data(), nullptr, 2, 2, 2, CHORUS_TYPE_F32});
    return status;
  };
  EXPECT_STATUS(backward({1, 0, 0, NAN}, {1, 1}, {1, 1}), CHORUS_INVALID_VALUE, "row 1: it holds NaN");
  EXPECT_STATUS(backward({1, INFINITY, 0, 1}, {1, 1}, {1, 1}), CHORUS_INVALID_VALUE, "row 0: it holds NaN");
  EXPECT_STATUS(backward({1, 0, 0, -INFINITY}, {1, 1}, {1, 1}), CHORUS_INVALID_VALUE, "row 1: it holds NaN");
  EXPECT_STATUS(backward(good, {1, NAN}, {1, 1}), CHORUS_INVALID_VALUE, "row 1: lse is");
  EXPECT_STATUS(backward(good, {1, 1}, {1, INFINITY}), CHORUS_INVALID_VALUE,
                "row 1: lse is 1 and dlogps is inf");
}

CHORUS_TEST(RefusesBadArguments) {
  float x[4] = {1, 0, 0, 2};
  const int64_t t[2] = {0, 1};
  EXPECT_STATUS(Call(chorus_token_logprob_forward, {x, x, x, nullptr, t, nullptr, 2, 2, 2, CHORUS_TYPE_F32}),
                CHORUS_INVALID_ARGUMENT, "logits is null");
  EXPECT_STATUS(Call(chorus_token_logprob_forward, {x, x, x, x, t, nullptr, -1, 2, 2, CHORUS_TYPE_F32}),
                CHORUS_INVALID_ARGUMENT, "N = -1");
  EXPECT_STATUS(Call(chorus_token_logprob_forward, {x, x, x, x, t, nullptr, 2, 0, 2, CHORUS_TYPE_F32}),
                CHORUS_INVALID_ARGUMENT, "V = 0");
  EXPECT_STATUS(Call(chorus_token_logprob_forward, {x, x, x, x, t, nullptr, 2, 2, 1, CHORUS_TYPE_F32}),
                CHORUS_INVALID_ARGUMENT, "stride = 1");
  EXPECT_STATUS(
      Call(chorus_token_logprob_forward, {x, x, x, x, t, nullptr, INT64_MAX / 2, 2, INT64_MAX / 2, CHORUS_TYPE_F32}),
      CHORUS_INVALID_ARGUMENT, "N = ");
  EXPECT_STATUS(Call(chorus_token_logprob_backward, {x, nullptr, x, x, nullptr, 2, 2, 2, CHORUS_TYPE_F32}),
                CHORUS_INVALID_ARGUMENT, "targets is null");
  EXPECT_OK(Call(chorus_token_logprob_forward,
                 {nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, 0, 0, 0, CHORUS_TYPE_F32}));
  EXPECT_OK(
      Call(chorus_token_logprob_backward, {nullptr, nullptr, nullptr, nullptr, nullptr, 0, 5, 5, CHORUS_TYPE_F32}));
}
