#include "ops/preference/preference.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "common/bf16.h"
#include "testing/backend.h"
#include "testing/test.h"

using namespace chorus_testing;

namespace {

/** Printed digits and one f32 rounding. */
constexpr Tolerance kGoldenF32 = {6e-9, 1e-7};
/** The reference forms 1 - sigma and differences of log-sigmoids that the kernel does not: 1e-16 of terms up to the largest
 * number of the batch, before it is rounded to f32. */
Tolerance KernelTolerance(const std::vector<double>& expected) {
  double largest = 1;
  for (double x : expected) largest = std::fmax(largest, std::fabs(x));
  return {1e-12 * largest, 1e-7};
}

const int kAllKinds[] = {CHORUS_PREFERENCE_SIGMOID,      CHORUS_PREFERENCE_ROBUST,   CHORUS_PREFERENCE_HINGE,
                         CHORUS_PREFERENCE_IPO,          CHORUS_PREFERENCE_IPO_MEAN, CHORUS_PREFERENCE_EXO,
                         CHORUS_PREFERENCE_NCA,          CHORUS_PREFERENCE_BCO,      CHORUS_PREFERENCE_SPPO,
                         CHORUS_PREFERENCE_AOT,          CHORUS_PREFERENCE_AOT_UNPAIRED,
                         CHORUS_PREFERENCE_APO_ZERO,     CHORUS_PREFERENCE_APO_DOWN, CHORUS_PREFERENCE_DISCOPOP,
                         CHORUS_PREFERENCE_SIGMOID_MEAN};

bool TakesFlip(int kind) {
  return kind == CHORUS_PREFERENCE_SIGMOID || kind == CHORUS_PREFERENCE_SIGMOID_MEAN || kind == CHORUS_PREFERENCE_ROBUST ||
         kind == CHORUS_PREFERENCE_EXO;
}
bool TakesDivergence(int kind) {
  return !chorus::IsSortedPreference(kind) && kind != CHORUS_PREFERENCE_APO_ZERO;
}

chorus::PreferenceSpec SpecOf(int kind, double beta, int divergence = CHORUS_DIVERGENCE_REVERSE_KL) {
  const bool epsilon = TakesFlip(kind) || chorus::IsSortedPreference(kind);
  const double parameter = kind == CHORUS_PREFERENCE_BCO ? 0.3 : kind == CHORUS_PREFERENCE_DISCOPOP ? 0.5 : 0;
  return {kind, beta, epsilon ? 0.2 : 0, parameter, divergence, 0.5};
}

struct Case {
  chorus::PreferenceSpec spec;
  std::vector<float> policy_chosen, policy_rejected, ref_chosen, ref_rejected;
  std::vector<int64_t> chosen_lengths, rejected_lengths;
  std::vector<float> weights, flip, dloss;
  double upstream = 1;
  int64_t P() const { return static_cast<int64_t>(policy_chosen.size()); }
};

Case MakeCase(Random& random, const chorus::PreferenceSpec& spec, int64_t P, double magnitude) {
  Case c;
  c.spec = spec;
  c.policy_chosen = random.Floats(P, -magnitude, 0);
  c.policy_rejected = random.Floats(P, -magnitude, 0);
  c.ref_chosen = random.Floats(P, -magnitude, 0);
  c.ref_rejected = random.Floats(P, -magnitude, 0);
  for (int64_t n = 0; n < P; ++n) {
    c.chosen_lengths.push_back(1 + random.Below(9));
    c.rejected_lengths.push_back(1 + random.Below(9));
  }
  const bool sorted = chorus::IsSortedPreference(spec.kind);
  c.weights = sorted ? std::vector<float>(static_cast<size_t>(P), 1.5f) : random.Floats(P, 0.1, 3);
  for (size_t n = 1; n < c.weights.size(); n += 3) c.weights[n] = 0;
  if (TakesFlip(spec.kind)) c.flip = random.Floats(P, 0.01, 0.45);
  c.dloss = random.Floats(P, -2, 2);
  c.upstream = 0.25;
  return c;
}

template <typename T>
const T* DataOrNull(const std::vector<T>& v) {
  return v.empty() ? nullptr : v.data();
}

struct Outputs {
  std::vector<double> loss, dchosen, drejected, chosen_rewards, rejected_rewards, totals;
};

std::vector<double> Workspace(int64_t doubles) { return std::vector<double>(static_cast<size_t>(doubles) + 1, NAN); }

/** Through the C interface, on arrays that begin one element after their allocation. */
Outputs Kernel(const Case& c, int expected = CHORUS_OK, const std::string& message = "") {
  const size_t n = c.policy_chosen.size();
  std::vector<std::vector<float>> out(5, std::vector<float>(n + 2, 9));
  std::vector<double> totals(CHORUS_PREFERENCE_TOTALS);
  std::vector<double> workspace = Workspace(chorus_preference_workspace(c.spec.kind, c.P()));
  EXPECT_STATUS(
      Call(chorus_preference,
           {out[0].data() + 1, out[1].data() + 1, out[2].data() + 1, out[3].data() + 1, out[4].data() + 1,
            totals.data(), workspace.data(), c.policy_chosen.data(), c.policy_rejected.data(),
            DataOrNull(c.ref_chosen), DataOrNull(c.ref_rejected), DataOrNull(c.chosen_lengths),
            DataOrNull(c.rejected_lengths), DataOrNull(c.weights), DataOrNull(c.flip), DataOrNull(c.dloss), c.P(),
            c.spec.kind, c.spec.beta, c.spec.epsilon, c.spec.parameter, c.spec.divergence, c.spec.alpha, c.upstream,
            CHORUS_TYPE_F32}),
      expected, message);
  Outputs o;
  std::vector<double>* results[] = {&o.loss, &o.dchosen, &o.drejected, &o.chosen_rewards, &o.rejected_rewards};
  for (size_t i = 0; i < 5; ++i) {
    EXPECT_TRUE(out[i][0] == 9 && out[i][n + 1] == 9);
    *results[i] = ToDouble({out[i].begin() + 1, out[i].end() - 1});
  }
  o.totals = totals;
  return o;
}

/** `policy` holds the chosen, then the rejected log-probabilities, so that they can be moved. */
Outputs Reference(const Case& c, const std::vector<double>& policy) {
  const size_t n = c.policy_chosen.size();
  const std::vector<double> ref_chosen = ToDouble(c.ref_chosen), ref_rejected = ToDouble(c.ref_rejected),
                            weights = ToDouble(c.weights), flip = ToDouble(c.flip), dloss = ToDouble(c.dloss);
  const std::vector<double> n_c(c.chosen_lengths.begin(), c.chosen_lengths.end()),
      n_r(c.rejected_lengths.begin(), c.rejected_lengths.end()), zero(n);
  Outputs o = {zero, zero, zero, zero, zero, std::vector<double>(CHORUS_PREFERENCE_TOTALS)};
  chorus::PreferenceRef({o.loss.data(), o.dchosen.data(), o.drejected.data(), o.chosen_rewards.data(),
                         o.rejected_rewards.data(), policy.data(), policy.data() + n, DataOrNull(ref_chosen),
                         DataOrNull(ref_rejected), DataOrNull(n_c), DataOrNull(n_r), DataOrNull(weights), DataOrNull(flip),
                         DataOrNull(dloss), c.P(), c.upstream, c.spec});
  for (size_t i = 0; i < n; ++i) {
    o.totals[CHORUS_PREFERENCE_LOSS_SUM] += o.loss[i];
    o.totals[CHORUS_PREFERENCE_MARGIN_SUM] += o.chosen_rewards[i] - o.rejected_rewards[i];
    o.totals[CHORUS_PREFERENCE_RIGHT] += o.chosen_rewards[i] > o.rejected_rewards[i] ? 1 : 0;
    o.totals[CHORUS_PREFERENCE_PAIRS] += weights.empty() || weights[i] != 0 ? 1 : 0;
  }
  return o;
}

std::vector<double> Policy(const Case& c) {
  std::vector<double> policy = ToDouble(c.policy_chosen);
  policy.insert(policy.end(), c.policy_rejected.begin(), c.policy_rejected.end());
  return policy;
}

void ExpectSame(const Outputs& actual, const Outputs& expected) {
  EXPECT_ALL_NEAR(actual.loss, expected.loss, KernelTolerance(expected.loss));
  EXPECT_ALL_NEAR(actual.dchosen, expected.dchosen, KernelTolerance(expected.dchosen));
  EXPECT_ALL_NEAR(actual.drejected, expected.drejected, KernelTolerance(expected.drejected));
  EXPECT_ALL_NEAR(actual.chosen_rewards, expected.chosen_rewards, kF32Rounding);
  EXPECT_ALL_NEAR(actual.rejected_rewards, expected.rejected_rewards, kF32Rounding);
  // In double, as the reference's; the terms may cancel.
  EXPECT_ALL_NEAR(actual.totals, expected.totals, KernelTolerance(expected.totals));
}

void CheckCase(Case c) {
  ExpectSame(Kernel(c), Reference(c, Policy(c)));
  c.dloss.clear();
  ExpectSame(Kernel(c), Reference(c, Policy(c)));
  c.weights.clear();
  ExpectSame(Kernel(c), Reference(c, Policy(c)));
  c.flip.clear();
  ExpectSame(Kernel(c), Reference(c, Policy(c)));
  c.ref_chosen.clear();
  c.ref_rejected.clear();
  ExpectSame(Kernel(c), Reference(c, Policy(c)));
}

std::string Name(const Case& c) {
  return "kind " + std::to_string(c.spec.kind) + ", divergence " + std::to_string(c.spec.divergence) + ", P " +
         std::to_string(c.P()) + ", beta " + std::to_string(c.spec.beta);
}

Case GoldenCase(int kind) {
  Case c;
  c.spec = {kind, .1, 0, 0, CHORUS_DIVERGENCE_REVERSE_KL, 0};
  c.policy_chosen = {-12, -30};
  c.policy_rejected = {-15, -28};
  c.ref_chosen = {-13, -29};
  c.ref_rejected = {-14, -29.5f};
  c.chosen_lengths = {4, 10};
  c.rejected_lengths = {5, 9};
  return c;
}

void ExpectGolden(const Case& c, const std::vector<double>& loss) {
  SetCase(Name(c));
  EXPECT_ALL_NEAR(Kernel(c).loss, loss, kGoldenF32);
  EXPECT_ALL_NEAR(Reference(c, Policy(c)).loss, loss, kGolden8);
}

}  // namespace

CHORUS_TEST(MatchesReferenceOverKindsSizesAndMagnitudes) {
  Random random(51);
  for (int kind : kAllKinds) {
    for (int64_t P : {0, 1, 2, 7, 13, 33, 1009}) {
      for (double beta : {0.01, 0.1, 5.0}) {
        for (double magnitude : {1.0, 30.0}) {
          const Case c = MakeCase(random, SpecOf(kind, beta), P, magnitude);
          SetCase(Name(c));
          CheckCase(c);
        }
      }
    }
  }
}

CHORUS_TEST(MatchesReferenceOverDivergences) {
  Random random(52);
  for (int kind : kAllKinds) {
    if (!TakesDivergence(kind)) continue;
    for (int divergence : {CHORUS_DIVERGENCE_FORWARD_KL, CHORUS_DIVERGENCE_JS, CHORUS_DIVERGENCE_ALPHA}) {
      for (double alpha : {0.5, 1.0, 2.0, -0.5}) {
        for (int64_t P : {1, 16, 37}) {
          Case c = MakeCase(random, SpecOf(kind, 0.3, divergence), P, 4);
          c.spec.alpha = alpha;
          SetCase(Name(c) + ", alpha " + std::to_string(alpha));
          CheckCase(c);
        }
      }
    }
  }
}

CHORUS_TEST(ReferenceGradientEqualsFiniteDifferences) {
  Random random(53);
  for (int kind : kAllKinds) {
    for (int divergence = 0; divergence <= (TakesDivergence(kind) ? 3 : 0); ++divergence) {
      const Case c = MakeCase(random, SpecOf(kind, 0.7, divergence), 9, 2);
      SetCase(Name(c));
      const auto objective = [&](const std::vector<double>& policy) {
        const std::vector<double> loss = Reference(c, policy).loss;
        double sum = 0;
        for (size_t n = 0; n < loss.size(); ++n) sum += c.upstream * static_cast<double>(c.dloss[n]) * loss[n];
        return sum;
      };
      const Outputs o = Reference(c, Policy(c));
      std::vector<double> d = o.dchosen;
      d.insert(d.end(), o.drejected.begin(), o.drejected.end());
      EXPECT_ALL_NEAR(d, NumericGradient(objective, Policy(c)), kFiniteDifference);
    }
  }
}

CHORUS_TEST(Golden_EveryKind) {
  Case c = GoldenCase(CHORUS_PREFERENCE_SIGMOID);
  ExpectGolden(c, {.59813887, .82593942});
  c.spec.epsilon = .1;
  ExpectGolden(c, {.61813887, .80093942});
  c.spec.kind = CHORUS_PREFERENCE_ROBUST;
  ExpectGolden(c, {.57313887, .85718942});
  ExpectGolden(GoldenCase(CHORUS_PREFERENCE_HINGE), {.8, 1.25});
  ExpectGolden(GoldenCase(CHORUS_PREFERENCE_IPO_MEAN), {20.7025, 27.73777778});
  ExpectGolden(GoldenCase(CHORUS_PREFERENCE_IPO), {9, 56.25});
  c.spec.kind = CHORUS_PREFERENCE_EXO;
  c.spec.epsilon = 1e-3;
  ExpectGolden(c, {2.42201462, 3.19842044});
  ExpectGolden(GoldenCase(CHORUS_PREFERENCE_NCA), {1.33879332, 1.45207351});
  ExpectGolden(GoldenCase(CHORUS_PREFERENCE_BCO), {1.28879332, 1.51535371});
  c = GoldenCase(CHORUS_PREFERENCE_BCO);
  c.spec.parameter = .0125;
  ExpectGolden(c, {1.28883228, 1.51523698});
  ExpectGolden(GoldenCase(CHORUS_PREFERENCE_SPPO), {32, 78.25});
  // In the order of the sorted values the second pair comes first: .82593942, .59813887 and .69314718, .71845965.
  ExpectGolden(GoldenCase(CHORUS_PREFERENCE_AOT), {.59813887, .82593942});
  ExpectGolden(GoldenCase(CHORUS_PREFERENCE_AOT_UNPAIRED), {.71845965, .69314718});
  ExpectGolden(GoldenCase(CHORUS_PREFERENCE_APO_ZERO), {.95004163, 1.06240903});
  ExpectGolden(GoldenCase(CHORUS_PREFERENCE_APO_DOWN), {.97514519, 1.03719731});
  c = GoldenCase(CHORUS_PREFERENCE_DISCOPOP);
  c.spec.parameter = .05;
  ExpectGolden(c, {.81476314, .82900532});
  ExpectGolden(GoldenCase(CHORUS_PREFERENCE_SIGMOID_MEAN), {.67090028, .70656940});
}

CHORUS_TEST(Golden_ReferenceFreeAndDivergences) {
  Case c = GoldenCase(CHORUS_PREFERENCE_SIGMOID);
  c.spec.divergence = CHORUS_DIVERGENCE_FORWARD_KL;
  ExpectGolden(c, {.58251671, .82566689});
  c.spec.divergence = CHORUS_DIVERGENCE_JS;
  ExpectGolden(c, {.64439666, .75028406});
  c.spec.divergence = CHORUS_DIVERGENCE_ALPHA;
  c.spec.alpha = .5;
  ExpectGolden(c, {.59434912, .81768581});
  c = GoldenCase(CHORUS_PREFERENCE_SIGMOID);
  c.ref_chosen.clear();
  c.ref_rejected.clear();
  ExpectGolden(c, {.55435524, .79813887});
}

CHORUS_TEST(Golden_Gradients) {
  Case c = GoldenCase(CHORUS_PREFERENCE_SIGMOID);
  Outputs o = Kernel(c);
  EXPECT_ALL_NEAR(o.dchosen, (std::vector<double>{-.04501660, -.05621765}), kGoldenF32);
  EXPECT_ALL_NEAR(o.drejected, (std::vector<double>{.04501660, .05621765}), kGoldenF32);
  EXPECT_ALL_NEAR(o.chosen_rewards, (std::vector<double>{.1, -.1}), kGoldenF32);
  EXPECT_ALL_NEAR(o.rejected_rewards, (std::vector<double>{-.1, .15}), kGoldenF32);
  EXPECT_ALL_NEAR(o.totals, (std::vector<double>{.59813887 + .82593942, -.05, 1, 2}), (Tolerance{2e-8, 0}));
  c.flip = {.1f, .1f};
  o = Kernel(c);
  EXPECT_ALL_NEAR(o.loss, (std::vector<double>{.61813887, .80093942}), kGoldenF32);
  EXPECT_ALL_NEAR(o.dchosen, (std::vector<double>{-.03501660, -.04621765}), kGoldenF32);
}

CHORUS_TEST(Golden_ConservativeBetaFive) {
  Case c;
  c.spec = {CHORUS_PREFERENCE_SIGMOID, 5, .1, 0, CHORUS_DIVERGENCE_REVERSE_KL, 0};
  c.policy_chosen = {-3};
  c.policy_rejected = {-4};
  c.ref_chosen = {-3.2f};
  c.ref_rejected = {-3.9f};
  const Outputs o = Kernel(c);
  // The references -3.2 and -3.9 are off by up to 1e-7 in f32, times beta.
  constexpr Tolerance kRoundedInputs = {1e-6, 0};
  EXPECT_NEAR(o.loss[0], .3514132780, kRoundedInputs);
  EXPECT_NEAR(o.dchosen[0], -.4121276190, kRoundedInputs);
}

CHORUS_TEST(Conservative_IsStationaryAtAFiniteMargin) {
  Case c;
  c.spec = {CHORUS_PREFERENCE_SIGMOID, 1, .1, 0, CHORUS_DIVERGENCE_REVERSE_KL, 0};
  c.policy_chosen = {static_cast<float>(2.1972245773)};
  c.policy_rejected = {0};
  // The margin is rounded to f32.
  EXPECT_NEAR(Kernel(c).dchosen[0], 0, (Tolerance{2e-8, 0}));
}

CHORUS_TEST(ExtremeMargins_StayFinite) {
  for (int kind : kAllKinds) {
    for (int divergence = 0; divergence <= (TakesDivergence(kind) ? 3 : 0); ++divergence) {
      Case c;
      c.spec = SpecOf(kind, .1, divergence);
      // Squares of e^80 do not fit into f32; what does not is refused, not returned.
      const bool squares =
          kind == CHORUS_PREFERENCE_IPO || kind == CHORUS_PREFERENCE_IPO_MEAN || kind == CHORUS_PREFERENCE_SPPO;
      const bool overflows = squares && (divergence == CHORUS_DIVERGENCE_FORWARD_KL || divergence == CHORUS_DIVERGENCE_ALPHA);
      c.policy_chosen = {0, -2e4f};
      c.policy_rejected = {-2e4f, 0};
      c.ref_chosen = c.ref_rejected = {0, 0};
      c.chosen_lengths = c.rejected_lengths = {1, 1};
      SetCase(Name(c));
      const Outputs o = overflows ? Kernel(c, CHORUS_INVALID_VALUE, "pair 0: its loss, gradient or rewards are too large")
                                  : Kernel(c);
      for (size_t n = 0; n < 2 && !overflows; ++n) {
        EXPECT_TRUE(std::isfinite(o.loss[n]) && std::isfinite(o.dchosen[n]) && std::isfinite(o.drejected[n]));
      }
    }
  }
}

CHORUS_TEST(Bf16_EqualsF32OfTheSameValues) {
  Random random(54);
  for (int kind : kAllKinds) {
    for (int64_t P : {1, 13, 40}) {
      Case c = MakeCase(random, SpecOf(kind, .3), P, 20);
      SetCase(Name(c));
      std::vector<std::vector<uint16_t>> half(4);
      std::vector<float>* inputs[] = {&c.policy_chosen, &c.policy_rejected, &c.ref_chosen, &c.ref_rejected};
      for (size_t i = 0; i < 4; ++i) {
        for (float& x : *inputs[i]) {
          half[i].push_back(chorus::Narrow<uint16_t>(x));
          x = chorus::Widen(half[i].back());
        }
      }
      const Outputs expected = Kernel(c);
      const size_t n = static_cast<size_t>(P);
      std::vector<float> loss(n), dchosen(n), drejected(n), chosen(n), rejected(n);
      std::vector<double> totals(4), workspace = Workspace(chorus_preference_workspace(kind, P));
      EXPECT_OK(Call(chorus_preference,
                     {loss.data(), dchosen.data(), drejected.data(), chosen.data(), rejected.data(), totals.data(),
                      workspace.data(), half[0].data(), half[1].data(), half[2].data(), half[3].data(),
                      c.chosen_lengths.data(), c.rejected_lengths.data(), c.weights.data(), DataOrNull(c.flip),
                      c.dloss.data(), P, kind, c.spec.beta, c.spec.epsilon, c.spec.parameter, c.spec.divergence,
                      c.spec.alpha, c.upstream, CHORUS_TYPE_BF16}));
      EXPECT_TRUE(ToDouble(loss) == expected.loss && ToDouble(dchosen) == expected.dchosen &&
                  ToDouble(drejected) == expected.drejected && ToDouble(chosen) == expected.chosen_rewards &&
                  ToDouble(rejected) == expected.rejected_rewards && totals == expected.totals);
    }
  }
}

CHORUS_TEST(ForwardAlone_GivesTheSameLoss) {
  Random random(55);
  for (int kind : kAllKinds) {
    const Case c = MakeCase(random, SpecOf(kind, .3), 21, 20);
    SetCase(Name(c));
    std::vector<float> loss(21);
    std::vector<double> workspace = Workspace(chorus_preference_workspace(kind, 21));
    EXPECT_OK(Call(chorus_preference,
                   {loss.data(), nullptr, nullptr, nullptr, nullptr, nullptr, workspace.data(), c.policy_chosen.data(),
                    c.policy_rejected.data(), c.ref_chosen.data(), c.ref_rejected.data(), c.chosen_lengths.data(),
                    c.rejected_lengths.data(), c.weights.data(), DataOrNull(c.flip), nullptr, 21, kind, c.spec.beta,
                    c.spec.epsilon, c.spec.parameter, c.spec.divergence, c.spec.alpha, 1, CHORUS_TYPE_F32}));
    EXPECT_TRUE(ToDouble(loss) == Kernel(c).loss);
  }
}

CHORUS_TEST(WeightZeroIsRemoved_EvenIfThePairHoldsNonsense) {
  Random random(56);
  for (int kind : kAllKinds) {
    for (int64_t P : {5, 24}) {
      Case c = MakeCase(random, SpecOf(kind, .3), P, 10);
      SetCase(Name(c));
      Case without = c;
      std::vector<float>* all[] = {&c.policy_chosen, &c.policy_rejected, &c.ref_chosen,
                                   &c.ref_rejected,  &c.dloss,           &c.flip};
      for (size_t n = 1; n < c.weights.size(); n += 3) {
        for (auto* values : all) {
          if (!values->empty()) (*values)[n] = n % 2 == 0 ? NAN : INFINITY;
        }
        c.chosen_lengths[n] = -7;
      }
      const Outputs expected = Kernel(without);
      const Outputs o = Kernel(c);
      EXPECT_TRUE(o.loss == expected.loss && o.dchosen == expected.dchosen && o.drejected == expected.drejected &&
                  o.totals == expected.totals);
      EXPECT_TRUE(o.loss[1] == 0 && o.dchosen[1] == 0 && o.drejected[1] == 0 && o.chosen_rewards[1] == 0 &&
                  o.rejected_rewards[1] == 0);
    }
  }
}

CHORUS_TEST(WeightTwoEqualsThePairTwice) {
  for (int kind : kAllKinds) {
    Case once = GoldenCase(kind);
    once.spec = SpecOf(kind, .3);
    SetCase(Name(once));
    for (auto* values : {&once.policy_chosen, &once.policy_rejected, &once.ref_chosen, &once.ref_rejected}) {
      values->resize(1);
    }
    Case twice = once;
    for (auto* values : {&twice.policy_chosen, &twice.policy_rejected, &twice.ref_chosen, &twice.ref_rejected}) {
      values->push_back(values->front());
    }
    twice.chosen_lengths = {4, 4};
    twice.rejected_lengths = {5, 5};
    once.weights = {2};
    const Outputs a = Kernel(once), b = Kernel(twice);
    EXPECT_TRUE(a.loss[0] == b.loss[0] + b.loss[1] && a.dchosen[0] == b.dchosen[0] + b.dchosen[1] &&
                a.drejected[0] == b.drejected[0] + b.drejected[1] && a.chosen_rewards[0] == b.chosen_rewards[0]);
  }
}

CHORUS_TEST(Sorting_IsStable_AndOrdersNegativeValues) {
  // All policy margins are equal; the reference's are not, and meet them in the pairs' order.
  Case c;
  c.spec = {CHORUS_PREFERENCE_AOT, 1, 0, 0, CHORUS_DIVERGENCE_REVERSE_KL, 0};
  c.policy_chosen = {-1, -2, -3};
  c.policy_rejected = {-1, -2, -3};
  c.ref_chosen = {0, -9, -4};
  c.ref_rejected = {-5, 0, -4};
  const std::vector<double> loss = Kernel(c).loss;
  const auto of = [](double ref_margin) { return std::log1p(std::exp(ref_margin)); };
  EXPECT_ALL_NEAR(loss, (std::vector<double>{of(-9), of(0), of(5)}), kF32Rounding);
}

CHORUS_TEST(Sorting_OfManyValues_OfWhichMostAreEqual) {
  Random random(63);
  for (int kind : {CHORUS_PREFERENCE_AOT, CHORUS_PREFERENCE_AOT_UNPAIRED}) {
    for (int64_t P : {1024, 1025, 2500}) {
      Case c = MakeCase(random, SpecOf(kind, .3), P, 1);
      for (auto* values : {&c.policy_chosen, &c.policy_rejected, &c.ref_chosen, &c.ref_rejected}) {
        for (float& x : *values) x = static_cast<float>(random.Below(5));
      }
      SetCase(Name(c));
      ExpectSame(Kernel(c), Reference(c, Policy(c)));
      // All but the last; then there is nothing to sort.
      std::fill(c.weights.begin(), c.weights.end() - 1, 0.0f);
      c.weights.back() = 2;
      ExpectSame(Kernel(c), Reference(c, Policy(c)));
      c.weights.back() = 0;
      ExpectSame(Kernel(c), Reference(c, Policy(c)));
    }
  }
}

/* ---- tokens ---- */

namespace {

struct Tokens {
  std::vector<float> policy, ref, weights;
  std::vector<int64_t> offsets = {0};
};

Tokens MakeTokens(Random& random, int64_t P, int64_t longest) {
  Tokens t;
  for (int64_t i = 0; i < 2 * P; ++i) t.offsets.push_back(t.offsets.back() + 1 + random.Below(longest));
  t.policy = random.Floats(t.offsets.back(), -2, 0);
  t.ref = random.Floats(t.offsets.back(), -2, 0);
  t.weights = random.Floats(t.offsets.back(), 0.1, 1);
  for (size_t i = 0; i < t.weights.size(); i += 4) t.weights[i] = 0;
  // No answer is left without tokens.
  for (size_t i = 0; i + 1 < t.offsets.size(); ++i) t.weights[static_cast<size_t>(t.offsets[i])] = 0.5f;
  return t;
}

struct TokenOutputs {
  std::vector<float> loss, dtokens, chosen_rewards, rejected_rewards;
  std::vector<double> totals;
};

TokenOutputs TokenKernel(const Tokens& t, const Case& c, int64_t P, bool ref_tokens, const float* ref_chosen = nullptr,
                         const float* ref_rejected = nullptr, int status = CHORUS_OK, const std::string& message = "") {
  const size_t n = static_cast<size_t>(P);
  TokenOutputs o = {std::vector<float>(n, 9), std::vector<float>(t.policy.size(), 9), std::vector<float>(n, 9),
                    std::vector<float>(n, 9), std::vector<double>(4)};
  std::vector<double> workspace = Workspace(chorus_preference_tokens_workspace(c.spec.kind, P));
  EXPECT_STATUS(Call(chorus_preference_tokens,
                     {o.loss.data(), o.dtokens.data(), o.chosen_rewards.data(), o.rejected_rewards.data(),
                      o.totals.data(), workspace.data(), t.policy.data(), ref_tokens ? t.ref.data() : nullptr,
                      ref_chosen, ref_rejected, t.offsets.data(), DataOrNull(t.weights), DataOrNull(c.weights),
                      DataOrNull(c.flip), DataOrNull(c.dloss), P, c.spec.kind, c.spec.beta, c.spec.epsilon,
                      c.spec.parameter, c.spec.divergence, c.spec.alpha, c.upstream, CHORUS_TYPE_F32}),
                status, message);
  return o;
}

/** The definition, on sums made here. */
void CheckTokens(const Tokens& t, const Case& c, int64_t P) {
  const size_t n = static_cast<size_t>(P);
  std::vector<double> policy[2], ref[2], lengths[2];
  for (size_t i = 0; i < 2 * n; ++i) {
    double policy_sum = 0, ref_sum = 0, length = 0;
    for (size_t k = static_cast<size_t>(t.offsets[i]); k < static_cast<size_t>(t.offsets[i + 1]); ++k) {
      const double w = t.weights.empty() ? 1.0 : static_cast<double>(t.weights[k]);
      policy_sum += w * static_cast<double>(t.policy[k]);
      ref_sum += w * static_cast<double>(t.ref[k]);
      length += w > 0 ? 1 : 0;
    }
    policy[i % 2].push_back(policy_sum);
    ref[i % 2].push_back(ref_sum);
    lengths[i % 2].push_back(length);
  }
  const std::vector<double> weights = ToDouble(c.weights), flip = ToDouble(c.flip), dloss = ToDouble(c.dloss);
  std::vector<double> loss(n), d[2] = {loss, loss}, chosen(n), rejected(n);
  chorus::PreferenceRef({loss.data(), d[0].data(), d[1].data(), chosen.data(), rejected.data(), policy[0].data(),
                         policy[1].data(), ref[0].data(), ref[1].data(), lengths[0].data(), lengths[1].data(),
                         DataOrNull(weights), DataOrNull(flip), DataOrNull(dloss), P, c.upstream, c.spec});
  std::vector<double> dtokens;
  for (size_t i = 0; i < 2 * n; ++i) {
    for (size_t k = static_cast<size_t>(t.offsets[i]); k < static_cast<size_t>(t.offsets[i + 1]); ++k) {
      dtokens.push_back((t.weights.empty() ? 1.0 : static_cast<double>(t.weights[k])) * d[i % 2][i / 2]);
    }
  }
  const TokenOutputs o = TokenKernel(t, c, P, true);
  EXPECT_ALL_NEAR(ToDouble(o.loss), loss, KernelTolerance(loss));
  EXPECT_ALL_NEAR(ToDouble(o.dtokens), dtokens, KernelTolerance(dtokens));
  EXPECT_ALL_NEAR(ToDouble(o.chosen_rewards), chosen, kF32Rounding);
  EXPECT_ALL_NEAR(ToDouble(o.rejected_rewards), rejected, kF32Rounding);
}

}  // namespace

CHORUS_TEST(Tokens_MatchTheReferenceOnTheirSums) {
  Random random(57);
  for (int kind : kAllKinds) {
    for (int64_t P : {1, 2, 13}) {
      for (int64_t longest : {1, 9, 100}) {
        Case c = MakeCase(random, SpecOf(kind, .3), P, 1);
        Tokens t = MakeTokens(random, P, longest);
        SetCase(Name(c) + ", up to " + std::to_string(longest) + " tokens");
        CheckTokens(t, c, P);
        t.weights.clear();
        CheckTokens(t, c, P);
      }
    }
  }
}

CHORUS_TEST(Tokens_OfManyAnswersAndOfLongOnes) {
  Random random(64);
  for (int kind : {CHORUS_PREFERENCE_SIGMOID_MEAN, CHORUS_PREFERENCE_AOT_UNPAIRED}) {
    for (int64_t P : {3, 700}) {
      const Case c = MakeCase(random, SpecOf(kind, .3), P, 1);
      const Tokens t = MakeTokens(random, P, P < 10 ? 5000 : 300);
      SetCase(Name(c));
      CheckTokens(t, c, P);
    }
  }
}

CHORUS_TEST(Tokens_TakeTheReferenceAsSumsOrNotAtAll) {
  Random random(58);
  Case c = MakeCase(random, SpecOf(CHORUS_PREFERENCE_SIGMOID, .3), 3, 1);
  Tokens t = MakeTokens(random, 3, 4);
  t.weights.clear();
  // Halves of halves, so that their sums are exact in f32.
  for (float& x : t.ref) x = std::round(x * 4) / 4;
  std::vector<float> sums[2];
  for (size_t i = 0; i < 6; ++i) {
    float sum = 0;
    for (size_t k = static_cast<size_t>(t.offsets[i]); k < static_cast<size_t>(t.offsets[i + 1]); ++k) sum += t.ref[k];
    sums[i % 2].push_back(sum);
  }
  const TokenOutputs of_tokens = TokenKernel(t, c, 3, true);
  const TokenOutputs of_sums = TokenKernel(t, c, 3, false, sums[0].data(), sums[1].data());
  EXPECT_TRUE(of_tokens.loss == of_sums.loss && of_tokens.dtokens == of_sums.dtokens);
  const TokenOutputs free = TokenKernel(t, c, 3, false);
  std::fill(t.ref.begin(), t.ref.end(), 0.0f);
  EXPECT_TRUE(TokenKernel(t, c, 3, true).loss == free.loss);
  TokenKernel(t, c, 3, true, sums[0].data(), sums[1].data(), CHORUS_INVALID_ARGUMENT, "expected one");
}

CHORUS_TEST(Tokens_Bf16EqualsF32OfTheSameValues) {
  Random random(59);
  const Case c = MakeCase(random, SpecOf(CHORUS_PREFERENCE_IPO_MEAN, .3), 5, 1);
  Tokens t = MakeTokens(random, 5, 40);
  std::vector<uint16_t> half[2];
  std::vector<float>* inputs[] = {&t.policy, &t.ref};
  for (size_t i = 0; i < 2; ++i) {
    for (float& x : *inputs[i]) {
      half[i].push_back(chorus::Narrow<uint16_t>(x));
      x = chorus::Widen(half[i].back());
    }
  }
  const TokenOutputs expected = TokenKernel(t, c, 5, true);
  std::vector<float> loss(5), dtokens(t.policy.size());
  std::vector<double> workspace = Workspace(chorus_preference_tokens_workspace(c.spec.kind, 5));
  EXPECT_OK(Call(chorus_preference_tokens,
                 {loss.data(), dtokens.data(), nullptr, nullptr, nullptr, workspace.data(), half[0].data(),
                  half[1].data(), nullptr, nullptr, t.offsets.data(), t.weights.data(), c.weights.data(), nullptr,
                  c.dloss.data(), 5, c.spec.kind, c.spec.beta, 0, 0, 0, 0, c.upstream, CHORUS_TYPE_BF16}));
  EXPECT_TRUE(loss == expected.loss && dtokens == expected.dtokens);
}

CHORUS_TEST(Tokens_ThatDoNotCountMayHoldAnything) {
  Random random(60);
  for (int kind : {CHORUS_PREFERENCE_SIGMOID_MEAN, CHORUS_PREFERENCE_AOT}) {
    Case c = MakeCase(random, SpecOf(kind, .3), 4, 1);
    Tokens t = MakeTokens(random, 4, 9);
    t.offsets.back() = t.offsets[t.offsets.size() - 2];  // the last rejected answer is empty
    t.policy.resize(static_cast<size_t>(t.offsets.back()));
    const TokenOutputs expected = TokenKernel(t, c, 4, true);
    EXPECT_TRUE(expected.loss[3] == 0 && expected.totals[CHORUS_PREFERENCE_PAIRS] == 2);
    EXPECT_TRUE(expected.dtokens[static_cast<size_t>(t.offsets[6])] == 0);
    for (size_t i = 0; i < t.policy.size(); ++i) {
      if (t.weights[i] == 0) t.policy[i] = t.ref[i] = NAN;
    }
    for (size_t i = static_cast<size_t>(t.offsets[2]); i < static_cast<size_t>(t.offsets[4]); ++i) {
      t.policy[i] = t.weights[i] = NAN;  // pair 1 has weight 0
    }
    const TokenOutputs o = TokenKernel(t, c, 4, true);
    EXPECT_TRUE(o.loss == expected.loss && o.dtokens == expected.dtokens);
  }
}

CHORUS_TEST(Tokens_RefuseBadValues_AndNameThem) {
  Random random(61);
  Case c = MakeCase(random, SpecOf(CHORUS_PREFERENCE_SIGMOID, .3), 2, 1);
  c.weights.clear();
  const Tokens good = MakeTokens(random, 2, 5);
  const auto refused = [&](const Tokens& t, const std::string& message) {
    TokenKernel(t, c, 2, true, nullptr, nullptr, CHORUS_INVALID_VALUE, "preference_tokens_f32: " + message);
  };
  Tokens t = good;
  t.policy[static_cast<size_t>(t.offsets[3])] = NAN;
  refused(t, "pair 1, rejected: policy of token 0 is");
  t = good;
  t.ref[static_cast<size_t>(t.offsets[0])] = -INFINITY;
  refused(t, "pair 0, chosen: ref of token 0 is -inf");
  t = good;
  t.weights[static_cast<size_t>(t.offsets[2])] = -1;
  refused(t, "pair 1, chosen: the weight of token 0 is -1");
  t = good;
  t.offsets[0] = 1;
  refused(t, "offsets begin with 1");
  t = good;
  t.offsets[2] = 0;
  refused(t, "pair 0: offsets fall from");
}

CHORUS_TEST(RefusesBadValues_AndNamesThePair) {
  Random random(62);
  for (int kind : kAllKinds) {
    for (int64_t P : {3, 20}) {
      const Case good = MakeCase(random, SpecOf(kind, .1), P, 10);
      SetCase(Name(good));
      const size_t last = static_cast<size_t>(P) - 1, before = last - 1 - (last - 1) % 3;
      const auto refused = [&](const Case& c, size_t pair, const std::string& message) {
        Kernel(c, CHORUS_INVALID_VALUE, "preference_f32: pair " + std::to_string(pair) + ": " + message);
      };
      Case c = good;
      c.policy_chosen[before] = NAN;
      refused(c, before, "policy_chosen is");
      c = good;
      c.policy_rejected[0] = -INFINITY;
      refused(c, 0, "policy_rejected is -inf");
      c = good;
      c.ref_chosen[before] = INFINITY;
      refused(c, before, "ref_chosen is inf");
      c = good;
      c.ref_rejected[before] = NAN;
      refused(c, before, "ref_rejected is");
      c = good;
      c.weights[before] = -1;
      refused(c, before, "weight is -1, expected finite and >= 0");
      c.weights[before] = NAN;
      refused(c, before, "weight is");
      c.weights[before] = INFINITY;
      refused(c, before, "weight is inf");
      c = good;
      c.dloss[before] = NAN;
      refused(c, before, "dloss is");
      if (TakesFlip(kind)) {
        c = good;
        c.flip[before] = kind == CHORUS_PREFERENCE_ROBUST ? 0.5f : 1.5f;
        refused(c, before, "flip is");
        c.flip[before] = NAN;
        refused(c, before, "flip is");
        c.flip[before] = -0.1f;
        refused(c, before, "flip is");
      }
      if (chorus::UsesLengths(kind)) {
        c = good;
        c.rejected_lengths[before] = 0;
        refused(c, before, "lengths are");
      }
      if (chorus::IsSortedPreference(kind) && before > 0) {
        c = good;
        c.weights[before] = 2;
        refused(c, before, "weight is 2 where another is 1.5");
      }
    }
  }
}

CHORUS_TEST(RefusesBadArguments) {
  const auto refused = [](const Case& c, const std::string& message) {
    Kernel(c, CHORUS_INVALID_ARGUMENT, "preference_f32: " + message);
  };
  for (int kind : kAllKinds) {
    const Case good = [&] {
      Case c = GoldenCase(kind);
      c.spec = SpecOf(kind, .1);
      return c;
    }();
    SetCase(Name(good));
    Kernel(good);
    Case c = good;
    c.spec.beta = 0;
    refused(c, "beta = 0");
    c = good;
    c.spec.divergence = 4;
    refused(c, "divergence = 4");
    c = good;
    c.upstream = NAN;
    refused(c, "upstream = ");
    c = good;
    c.spec.epsilon = TakesFlip(kind) || chorus::IsSortedPreference(kind) ? 1.5 : .1;
    refused(c, "epsilon = ");
    c = good;
    c.spec.parameter = kind == CHORUS_PREFERENCE_BCO ? INFINITY : kind == CHORUS_PREFERENCE_DISCOPOP ? 0 : 1;
    refused(c, "parameter = ");
    c = good;
    c.flip = {.1f, .1f};
    if (!TakesFlip(kind)) refused(c, "kind " + std::to_string(kind) + " takes no flip for each pair");
    c = good;
    c.spec.divergence = CHORUS_DIVERGENCE_JS;
    if (!TakesDivergence(kind)) refused(c, "kind " + std::to_string(kind) + " is defined for reverse KL alone");
    c = good;
    c.chosen_lengths.clear();
    if (chorus::UsesLengths(kind)) refused(c, "chosen_lengths is null");
    c = good;
    c.ref_rejected.clear();
    refused(c, "ref_rejected is null and ref_chosen is not");
  }
  Case c = GoldenCase(15);
  refused(c, "kind = 15");
  c = GoldenCase(CHORUS_PREFERENCE_ROBUST);
  c.spec.epsilon = .5;
  refused(c, "epsilon = 0.5");
  c = GoldenCase(CHORUS_PREFERENCE_EXO);
  refused(c, "epsilon = 0");
  c = GoldenCase(CHORUS_PREFERENCE_SIGMOID);
  c.spec.divergence = CHORUS_DIVERGENCE_ALPHA;
  c.spec.alpha = NAN;
  refused(c, "alpha = ");

  float x[1] = {0};
  const int64_t offsets[3] = {0, 1, 1};
  const auto call = [&](float* loss, float* dchosen, const float* policy_chosen, int64_t P, int kind) {
    return Call(chorus_preference,
                {loss, dchosen, nullptr, nullptr, nullptr, nullptr, nullptr, policy_chosen, x, nullptr, nullptr,
                 nullptr, nullptr, nullptr, nullptr, nullptr, P, kind, 1, 0, 0, 0, 0, 1, CHORUS_TYPE_F32});
  };
  EXPECT_STATUS(call(x, nullptr, x, -1, 0), CHORUS_INVALID_ARGUMENT, "P = -1");
  EXPECT_STATUS(call(nullptr, nullptr, x, 1, 0), CHORUS_INVALID_ARGUMENT, "loss is null");
  EXPECT_STATUS(call(x, nullptr, nullptr, 1, 0), CHORUS_INVALID_ARGUMENT, "policy_chosen is null");
  EXPECT_STATUS(call(x, x, x, 1, 0), CHORUS_INVALID_ARGUMENT, "drejected is null and dchosen is not");
  // In doubles on the host, in bytes on a device.
  // Devices count it in bytes, and ask for room of their own.
  EXPECT_STATUS(call(x, nullptr, x, 1, CHORUS_PREFERENCE_AOT), CHORUS_INVALID_ARGUMENT,
                IsDevice() ? "workspace is null, expected " : "workspace is null, expected 10 doubles");
  EXPECT_OK(call(nullptr, nullptr, nullptr, 0, 0));
  EXPECT_STATUS(Call(chorus_preference_tokens,
                     {x, nullptr, nullptr, nullptr, nullptr, nullptr, x, nullptr, nullptr, nullptr, offsets, nullptr,
                      nullptr, nullptr, nullptr, 1, 0, 1, 0, 0, 0, 0, 1, CHORUS_TYPE_F32}),
                CHORUS_INVALID_ARGUMENT,
                IsDevice() ? "workspace is null, expected " : "workspace is null, expected 12 doubles");
  EXPECT_STATUS(Call(chorus_preference_tokens,
                     {x, nullptr, nullptr, nullptr, nullptr, nullptr, x, nullptr, nullptr, nullptr, nullptr, nullptr,
                      nullptr, nullptr, nullptr, 1, 0, 1, 0, 0, 0, 0, 1, CHORUS_TYPE_F32}),
                CHORUS_INVALID_ARGUMENT, "offsets is null");
  EXPECT_OK(Call(chorus_preference_tokens,
                 {nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr,
                  nullptr, nullptr, nullptr, nullptr, 0, 0, 1, 0, 0, 0, 0, 1, CHORUS_TYPE_F32}));
}
