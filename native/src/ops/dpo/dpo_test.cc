#include "ops/dpo/dpo.h"

#include <cmath>
#include <string>
#include <vector>

#include "testing/test.h"

using namespace chorus_testing;

namespace {

/** Printed digits and one f32 rounding. */
constexpr Tolerance kGoldenF32 = {6e-9, 1e-7};

struct Case {
  double beta;
  std::vector<float> policy_chosen, policy_rejected, ref_chosen, ref_rejected, weights, flip, dloss;
  int64_t P() const { return static_cast<int64_t>(policy_chosen.size()); }
};

Case MakeCase(Random& random, int64_t P, double beta, double magnitude) {
  Case c = {beta,
            random.Floats(P, -magnitude, 0),
            random.Floats(P, -magnitude, 0),
            random.Floats(P, -magnitude, 0),
            random.Floats(P, -magnitude, 0),
            random.Floats(P, 0.1, 3),
            random.Floats(P, 0, 0.5),
            random.Floats(P, -2, 2)};
  for (size_t n = 1; n < c.weights.size(); n += 3) c.weights[n] = 0;
  return c;
}

const float* DataOrNull(const std::vector<float>& v) { return v.empty() ? nullptr : v.data(); }

struct Outputs {
  std::vector<double> loss, chosen_rewards, rejected_rewards, dchosen, drejected;
};

Outputs Kernel(const Case& c) {
  const size_t n = c.policy_chosen.size();
  std::vector<float> loss(n), chosen(n), rejected(n), dchosen(n), drejected(n);
  EXPECT_OK(chorus_dpo_forward_f32(loss.data(), chosen.data(), rejected.data(),
                                   c.policy_chosen.data(), c.policy_rejected.data(),
                                   c.ref_chosen.data(), c.ref_rejected.data(),
                                   DataOrNull(c.weights), DataOrNull(c.flip), c.P(), c.beta));
  EXPECT_OK(chorus_dpo_backward_f32(dchosen.data(), drejected.data(), c.dloss.data(),
                                    c.policy_chosen.data(), c.policy_rejected.data(),
                                    c.ref_chosen.data(), c.ref_rejected.data(),
                                    DataOrNull(c.weights), DataOrNull(c.flip), c.P(), c.beta));
  return {ToDouble(loss), ToDouble(chosen), ToDouble(rejected), ToDouble(dchosen),
          ToDouble(drejected)};
}

/** `policy` holds the chosen, then the rejected log-probabilities, so that they can be moved. */
Outputs Reference(const Case& c, const std::vector<double>& policy) {
  const size_t n = c.policy_chosen.size();
  const std::vector<double> ref_chosen = ToDouble(c.ref_chosen),
                            ref_rejected = ToDouble(c.ref_rejected);
  const std::vector<double> weights = ToDouble(c.weights), flip = ToDouble(c.flip);
  const chorus::DpoPairs<double> pairs = {policy.data(),
                                          policy.data() + n,
                                          ref_chosen.data(),
                                          ref_rejected.data(),
                                          weights.empty() ? nullptr : weights.data(),
                                          flip.empty() ? nullptr : flip.data(),
                                          c.P(),
                                          c.beta};
  const std::vector<double> zero(n);
  Outputs o = {zero, zero, zero, zero, zero};
  chorus::DpoForwardRef(o.loss.data(), o.chosen_rewards.data(), o.rejected_rewards.data(), pairs);
  chorus::DpoBackwardRef(o.dchosen.data(), o.drejected.data(), ToDouble(c.dloss).data(), pairs);
  return o;
}

std::vector<double> Policy(const Case& c) {
  std::vector<double> policy = ToDouble(c.policy_chosen);
  policy.insert(policy.end(), c.policy_rejected.begin(), c.policy_rejected.end());
  return policy;
}

void ExpectSame(const Outputs& actual, const Outputs& expected) {
  // The reference mixes two log-sigmoids, which rounds terms of size |x| that the kernel never forms.
  constexpr Tolerance kLoss = {1e-9, 1e-7};
  EXPECT_ALL_NEAR(actual.loss, expected.loss, kLoss);
  EXPECT_ALL_NEAR(actual.chosen_rewards, expected.chosen_rewards, kF32Rounding);
  EXPECT_ALL_NEAR(actual.rejected_rewards, expected.rejected_rewards, kF32Rounding);
  EXPECT_ALL_NEAR(actual.dchosen, expected.dchosen, kF32Rounding);
  EXPECT_ALL_NEAR(actual.drejected, expected.drejected, kF32Rounding);
}

}  // namespace

CHORUS_TEST(MatchesReferenceOverSizesAndMagnitudes) {
  Random random(41);
  for (int64_t P : {0, 1, 2, 3, 7, 8, 17, 1009}) {
    for (double beta : {0.01, 0.1, 5.0}) {
      for (double magnitude : {1.0, 100.0, 1e4}) {
        SetCase("P " + std::to_string(P) + ", beta " + std::to_string(beta) + ", magnitude " +
                std::to_string(magnitude));
        Case c = MakeCase(random, P, beta, magnitude);
        ExpectSame(Kernel(c), Reference(c, Policy(c)));
        c.weights.clear();
        ExpectSame(Kernel(c), Reference(c, Policy(c)));
        c.flip.clear();
        ExpectSame(Kernel(c), Reference(c, Policy(c)));
      }
    }
  }
}

CHORUS_TEST(ReferenceGradientEqualsFiniteDifferences) {
  Random random(42);
  const Case c = MakeCase(random, 9, 0.7, 4);
  const auto objective = [&](const std::vector<double>& policy) {
    const std::vector<double> loss = Reference(c, policy).loss;
    double sum = 0;
    for (size_t n = 0; n < loss.size(); ++n) sum += c.dloss[n] * loss[n];
    return sum;
  };
  const Outputs o = Reference(c, Policy(c));
  std::vector<double> d = o.dchosen;
  d.insert(d.end(), o.drejected.begin(), o.drejected.end());
  EXPECT_ALL_NEAR(d, NumericGradient(objective, Policy(c)), kFiniteDifference);
}

CHORUS_TEST(Golden_SigmoidAndConservative) {
  Case c = {.1, {-12, -30}, {-15, -28}, {-13, -29}, {-14, -29.5f}, {}, {}, {1, 1}};
  Outputs o = Kernel(c);
  EXPECT_ALL_NEAR(o.loss, (std::vector<double>{.59813887, .82593942}), kGoldenF32);
  EXPECT_ALL_NEAR(o.chosen_rewards, (std::vector<double>{.1, -.1}), kGoldenF32);
  EXPECT_ALL_NEAR(o.rejected_rewards, (std::vector<double>{-.1, .15}), kGoldenF32);
  EXPECT_ALL_NEAR(o.dchosen, (std::vector<double>{-.04501660, -.05621765}), kGoldenF32);
  EXPECT_ALL_NEAR(o.drejected, (std::vector<double>{.04501660, .05621765}), kGoldenF32);
  EXPECT_ALL_NEAR(Reference(c, Policy(c)).loss, (std::vector<double>{.59813887, .82593942}),
                  kGolden8);
  c.flip = {.1f, .1f};
  o = Kernel(c);
  EXPECT_ALL_NEAR(o.loss, (std::vector<double>{.61813887, .80093942}), kGoldenF32);
  EXPECT_ALL_NEAR(o.dchosen, (std::vector<double>{-.03501660, -.04621765}), kGoldenF32);
  EXPECT_ALL_NEAR(o.drejected, (std::vector<double>{.03501660, .04621765}), kGoldenF32);
}

CHORUS_TEST(Golden_ConservativeBetaFive) {
  Case c = {5, {-3}, {-4}, {-3.2f}, {-3.9f}, {}, {.1f}, {1}};
  const Outputs o = Kernel(c);
  // The references -3.2 and -3.9 are off by up to 1e-7 in f32, times beta.
  constexpr Tolerance kRoundedInputs = {1e-6, 0};
  EXPECT_NEAR(o.loss[0], .3514132780, kRoundedInputs);
  EXPECT_NEAR(o.dchosen[0], -.4121276190, kRoundedInputs);
  // Exact inputs, in double.
  const double policy[] = {-3, -4}, ref_chosen = -3.2, ref_rejected = -3.9, flip = .1, one = 1;
  const chorus::DpoPairs<double> pairs = {policy,  policy + 1, &ref_chosen, &ref_rejected,
                                          nullptr, &flip,      1,           5};
  double loss, chosen, rejected, dchosen, drejected;
  chorus::DpoForwardRef(&loss, &chosen, &rejected, pairs);
  chorus::DpoBackwardRef(&dchosen, &drejected, &one, pairs);
  EXPECT_NEAR(loss, .3514132780, kGolden10);
  EXPECT_NEAR(dchosen, -.4121276190, kGolden10);
}

CHORUS_TEST(Conservative_IsStationaryAtAFiniteMargin) {
  const Case c = {1, {static_cast<float>(2.1972245773)}, {0}, {0}, {0}, {}, {.1f}, {1}};
  EXPECT_NEAR(Kernel(c).dchosen[0], 0,
              (Tolerance{2e-8, 0}));  // 0.1 and the margin are rounded to f32
}

CHORUS_TEST(ExtremeMargins_StayExact) {
  const Case c = {1, {0, -2e4f}, {-2e4f, 0}, {0, 0}, {0, 0}, {}, {}, {1, 1}};
  const Outputs o = Kernel(c);
  EXPECT_ALL_NEAR(o.loss, (std::vector<double>{0, 2e4}), kF32Rounding);
  EXPECT_ALL_NEAR(o.dchosen, (std::vector<double>{0, -1}), kF32Rounding);
}

CHORUS_TEST(WeightZeroIsRemoved_EvenIfThePairHoldsNonsense) {
  Case c = {.1, {-12, NAN}, {-15, INFINITY}, {-13, 0}, {-14, 0}, {1, 0}, {0, 7}, {1, NAN}};
  const Outputs o = Kernel(c);
  EXPECT_TRUE(o.loss[1] == 0 && o.chosen_rewards[1] == 0 && o.rejected_rewards[1] == 0);
  EXPECT_TRUE(o.dchosen[1] == 0 && o.drejected[1] == 0 && o.loss[0] > 0 && o.dchosen[0] < 0);
}

CHORUS_TEST(WeightTwoEqualsThePairTwice) {
  Case c = {.3, {-12}, {-15}, {-13}, {-14}, {}, {.2f}, {.7f}};
  const Outputs once = Kernel(c);
  c.weights = {2};
  const Outputs twice = Kernel(c);
  EXPECT_TRUE(twice.loss[0] == 2 * once.loss[0] && twice.dchosen[0] == 2 * once.dchosen[0]);
  EXPECT_TRUE(twice.chosen_rewards[0] == once.chosen_rewards[0]);
}

CHORUS_TEST(RefusesBadValues_NamesThePair_AndWritesNothing) {
  const Case good = {.1, {-12, -30}, {-15, -28}, {-13, -29}, {-14, -29}, {1, 1}, {0, 0}, {1, 1}};
  const auto refused = [](const Case& c, const std::string& message) {
    std::vector<float> out(10, 9);
    EXPECT_STATUS(
        chorus_dpo_forward_f32(&out[0], &out[2], &out[4], c.policy_chosen.data(),
                               c.policy_rejected.data(), c.ref_chosen.data(), c.ref_rejected.data(),
                               c.weights.data(), c.flip.data(), 2, .1),
        CHORUS_INVALID_VALUE, "dpo_forward_f32: " + message);
    EXPECT_STATUS(
        chorus_dpo_backward_f32(&out[6], &out[8], c.dloss.data(), c.policy_chosen.data(),
                                c.policy_rejected.data(), c.ref_chosen.data(),
                                c.ref_rejected.data(), c.weights.data(), c.flip.data(), 2, .1),
        CHORUS_INVALID_VALUE, "dpo_backward_f32: " + message);
    EXPECT_TRUE(out == std::vector<float>(10, 9));
  };
  Case c = good;
  c.policy_chosen[1] = NAN;
  refused(c, "pair 1: policy_chosen is");
  c = good;
  c.policy_rejected[0] = -INFINITY;
  refused(c, "pair 0: policy_rejected is -inf");
  c = good;
  c.ref_chosen[1] = INFINITY;
  refused(c, "pair 1: ref_chosen is inf");
  c = good;
  c.ref_rejected[1] = NAN;
  refused(c, "pair 1: ref_rejected is");
  c = good;
  c.flip[1] = 1.5f;
  refused(c, "pair 1: flip is 1.5, expected [0, 1]");
  c = good;
  c.weights[1] = -1;
  refused(c, "pair 1: weight is -1");
  float out[2];
  const float nan = NAN, zero = 0;
  EXPECT_STATUS(chorus_dpo_backward_f32(out, out + 1, &nan, &zero, &zero, &zero, &zero, nullptr,
                                        nullptr, 1, 1),
                CHORUS_INVALID_VALUE, "pair 0: dloss is");
}

CHORUS_TEST(RefusesBadArguments) {
  float x[1] = {0};
  EXPECT_STATUS(chorus_dpo_forward_f32(x, x, x, x, x, x, x, nullptr, nullptr, -1, 1),
                CHORUS_INVALID_ARGUMENT, "P = -1");
  EXPECT_STATUS(chorus_dpo_forward_f32(x, x, x, x, x, x, x, nullptr, nullptr, 1, 0),
                CHORUS_INVALID_ARGUMENT, "beta = 0");
  EXPECT_STATUS(chorus_dpo_forward_f32(x, x, nullptr, x, x, x, x, nullptr, nullptr, 1, 1),
                CHORUS_INVALID_ARGUMENT, "rejected_rewards is null");
  EXPECT_STATUS(chorus_dpo_backward_f32(x, x, x, x, x, nullptr, x, nullptr, nullptr, 1, 1),
                CHORUS_INVALID_ARGUMENT, "ref_chosen is null");
  EXPECT_OK(chorus_dpo_forward_f32(nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr,
                                   nullptr, nullptr, 0, 1));
}
