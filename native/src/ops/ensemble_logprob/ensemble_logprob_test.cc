#include <algorithm>
#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include "ops/ensemble_logprob/ensemble_logprob_cases.h"
#include "testing/backend.h"

#if defined(_OPENMP)
#include <omp.h>
#endif

using namespace chorus_testing;

namespace {

template <typename In>
void CheckAgainstReference(Case c, bool weighted, int64_t gap) {
  Round<In>(c);
  SetCase("W " + std::to_string(c.W) + ", N " + std::to_string(c.N()) + ", V " + std::to_string(c.V()) + ", |z| " +
          std::to_string(c.high) + ", gap " + std::to_string(gap) + ", bytes " + std::to_string(sizeof(In)) +
          (weighted ? ", weighted" : ""));
  Logits<In> logits(c, gap);
  Results<float> r(c);
  EXPECT_OK(Forward(c, logits, weighted, r));
  EXPECT_TRUE(logits.Dense() == AllLogits(c));
  const Results<double> expected = Reference(c, AllLogits(c), weighted);
  EXPECT_ALL_NEAR(ToDouble(r.logps), expected.logps, LogpTolerance(c));
  EXPECT_ALL_NEAR(ToDouble(r.lse), expected.lse, (Tolerance{kRowError, 1e-7}));
  EXPECT_ALL_NEAR(ToDouble(r.entropy), expected.entropy, EntropyTolerance(c));
  EXPECT_ALL_NEAR(ToDouble(r.mixture), expected.mixture, MixtureTolerance(c));
  EXPECT_ALL_NEAR(ToDouble(r.sequence_logps), expected.sequence_logps, SumTolerance(c, c.N()));
  EXPECT_ALL_NEAR(ToDouble(r.sequence_mixture), expected.sequence_mixture, SumTolerance(c, c.N()));
  EXPECT_OK(Backward(c, logits, weighted, r));
  EXPECT_ALL_NEAR(logits.Dense(), ReferenceGradient(c, weighted), GradientTolerance<In>(c, LogpBound(c)));
  EXPECT_TRUE(logits.IntactGaps());
}

template <typename In>
void CheckRaggedAgainstReference(Case c, bool weighted, int64_t gap) {
  Round<In>(c);
  SetCase("ragged, W " + std::to_string(c.W) + ", N " + std::to_string(c.N()) + ", V " + std::to_string(c.V()) +
          ", |z| " + std::to_string(c.high) + ", gap " + std::to_string(gap) + ", bytes " + std::to_string(sizeof(In)) +
          (weighted ? ", weighted" : ""));
  Logits<In> logits(c, gap);
  RaggedResults<float> r(c);
  EXPECT_OK(RaggedForward(c, logits, weighted, r));
  Doubles gradient(AllLogits(c).size());
  const RaggedResults<double> expected = RaggedReference(c, AllLogits(c), weighted, &gradient);
  const int64_t rows = c.N() + c.W;
  EXPECT_ALL_NEAR(r.logps.All(), expected.logps.All(), LogpTolerance(c));
  EXPECT_ALL_NEAR(r.lse.All(), expected.lse.All(), (Tolerance{kRowError, 1e-7}));
  EXPECT_ALL_NEAR(r.entropy.All(), expected.entropy.All(), EntropyTolerance(c));
  EXPECT_ALL_NEAR(ToDouble(r.sequence_logps), expected.sequence_logps, SumTolerance(c, rows));
  EXPECT_ALL_NEAR(ToDouble(r.sequence_means), expected.sequence_means, (Tolerance{LogpTolerance(c).absolute, 2e-7}));
  EXPECT_ALL_NEAR(ToDouble(r.sequence_mixture), expected.sequence_mixture, SumTolerance(c, rows));
  EXPECT_OK(RaggedBackward(c, logits, weighted, r));
  const double sum = kMaxWeight * static_cast<double>(rows) * (LogpBound(c) + kRowError / 6e-8);
  EXPECT_ALL_NEAR(logits.Dense(), gradient, GradientTolerance<In>(c, sum));
  EXPECT_TRUE(logits.IntactGaps());
}

}  // namespace

CHORUS_TEST(MatchesReferenceOverShapesStridesAndMagnitudes) {
  Random random(61);
  for (int64_t W : {1, 2, 5}) {
    for (int64_t N : {0, 1, 2, 7, 13}) {
      for (int64_t V : {1, 2, 7, 16, 17, 33, 127, 1009}) {
        for (double magnitude : {0.5, 10.0, 1e4}) {
          const Case c = MakeCase(random, W, N, V, 4, magnitude, false);
          CheckAgainstReference<float>(c, false, 0);
          CheckAgainstReference<float>(c, true, 3);
          CheckAgainstReference<uint16_t>(c, true, 0);
          CheckAgainstReference<uint16_t>(c, false, 1);
        }
      }
    }
  }
}

CHORUS_TEST(RaggedMatchesReferenceOverShapesStridesAndMagnitudes) {
  Random random(62);
  for (int64_t W : {1, 2, 5}) {
    for (int64_t N : {0, 1, 2, 7, 13}) {
      for (int64_t V : {1, 2, 15, 33, 1009}) {
        for (double magnitude : {0.5, 10.0, 1e4}) {
          const Case c = MakeCase(random, W, N, V, 4, magnitude, true);
          CheckRaggedAgainstReference<float>(c, false, 0);
          CheckRaggedAgainstReference<float>(c, true, 3);
          CheckRaggedAgainstReference<uint16_t>(c, true, 1);
        }
      }
    }
  }
}

CHORUS_TEST(LongRowsOnSeveralThreads) {
  Random random(63);
  CheckAgainstReference<float>(MakeCase(random, 3, 5, 40000, 2, 10, false), true, 3);
  CheckRaggedAgainstReference<uint16_t>(MakeCase(random, 3, 5, 40000, 2, 10, true), true, 1);
}

CHORUS_TEST(ManyModels) {
  Random random(71);
  for (int64_t W : {31, 33, 64}) {
    CheckAgainstReference<float>(MakeCase(random, W, 3, 9, 2, 10, false), true, 1);
    CheckRaggedAgainstReference<uint16_t>(MakeCase(random, W, 2, 5, 3, 10, true), false, 0);
  }
}

CHORUS_TEST(ManyTokensGiveWhatFewOfThemGive) {
  Random random(70);
  // Enough for a device to take each token through all models.
  const Case many = MakeCase(random, 3, 300, 32, 5, 10, false);
  CheckAgainstReference<float>(many, true, 0);
  CheckAgainstReference<uint16_t>(MakeCase(random, 2, 270, 17, 3, 10, false), false, 1);
  Case few = many;
  for (Model& m : few.models) {
    m.N = 7;
    m.offsets = {0, 7, 7, 7, 7, 7};
  }
  Results<float> all(many), some(few);
  EXPECT_OK(Forward(many, Logits<float>(many), true, all));
  EXPECT_OK(Forward(few, Logits<float>(few), true, some));
  EXPECT_TRUE(std::equal(some.mixture.begin(), some.mixture.end(), all.mixture.begin()));
  for (size_t w = 0; w < 3; ++w) {
    EXPECT_TRUE(std::equal(&some.logps[7 * w], &some.logps[7 * w] + 7, &all.logps[300 * w]));
    EXPECT_TRUE(std::equal(&some.entropy[7 * w], &some.entropy[7 * w] + 7, &all.entropy[300 * w]));
  }
}

#if defined(_OPENMP)
CHORUS_TEST(ResultsDoNotDependOnTheNumberOfThreads) {
  Random random(64);
  const Case c = MakeCase(random, 3, 7, 9000, 3, 10, false);
  const int before = omp_get_max_threads();
  std::vector<Results<float>> results;
  std::vector<Doubles> gradients;
  for (int threads : {1, 2, 5}) {
    omp_set_num_threads(threads);
    Logits<float> logits(c);
    results.emplace_back(c);
    EXPECT_OK(Forward(c, logits, true, results.back()));
    EXPECT_OK(Backward(c, logits, true, results.back()));
    gradients.push_back(logits.Dense());
  }
  omp_set_num_threads(before);
  for (size_t i : {1, 2}) {
    EXPECT_TRUE(results[i].logps == results[0].logps && results[i].mixture == results[0].mixture);
    EXPECT_TRUE(results[i].sequence_logps == results[0].sequence_logps &&
                results[i].sequence_mixture == results[0].sequence_mixture);
    EXPECT_TRUE(gradients[i] == gradients[0]);
  }
}
#endif

CHORUS_TEST(ReferenceGradientsEqualFiniteDifferences) {
  Random random(65);
  for (int64_t W : {1, 3}) {
    for (bool weighted : {false, true}) {
      const Case c = MakeCase(random, W, 4, 5, 3, 3, false);
      const auto objective = [&](const Doubles& z) {
        const Results<double> r = Reference(c, z, weighted);
        double sum = 0;
        for (size_t i = 0; i < r.logps.size(); ++i) {
          const size_t n = i % Size(c.N());
          sum += (weighted ? c.models[0].weights[n] : 1.0) * c.dlogps[i] * r.logps[i];
        }
        for (size_t n = 0; n < r.mixture.size(); ++n) {
          sum += (weighted ? c.models[0].weights[n] : 1.0) * c.dmixture[n] * r.mixture[n];
        }
        for (size_t i = 0; i < r.sequence_logps.size(); ++i) sum += c.dsequence[i] * r.sequence_logps[i];
        for (size_t s = 0; s < r.sequence_mixture.size(); ++s) sum += c.dsequence_mixture[s] * r.sequence_mixture[s];
        return sum;
      };
      EXPECT_ALL_NEAR(ReferenceGradient(c, weighted), NumericGradient(objective, AllLogits(c)), kFiniteDifference);

      const Case g = MakeCase(random, W, 4, 5, 3, 3, true);
      const auto ragged_objective = [&](const Doubles& z) {
        const RaggedResults<double> r = RaggedReference(g, z, weighted, nullptr);
        double sum = 0;
        for (size_t i = 0; i < r.sequence_logps.size(); ++i) sum += g.dsequence[i] * r.sequence_logps[i];
        for (size_t s = 0; s < r.sequence_mixture.size(); ++s) sum += g.dsequence_mixture[s] * r.sequence_mixture[s];
        return sum;
      };
      Doubles gradient(AllLogits(g).size());
      RaggedReference(g, AllLogits(g), weighted, &gradient);
      EXPECT_ALL_NEAR(gradient, NumericGradient(ragged_objective, AllLogits(g)), kFiniteDifference);
    }
  }
}

namespace {

/** Two models of two tokens, the second uniform. */
Case GoldenCase() {
  const Model first = {2, 3, {1, 0, -1, 0, 2, 0}, {0, 1}, {1, 1}, {0, 2}};
  Model uniform = first;
  uniform.logits = Floats(6, 0.5f);
  return {2, 1, 2, {first, uniform}, {0.75f, 0.25f}, {}, {}, {}, {}};
}

}  // namespace

CHORUS_TEST(Golden_TwoTokensOfTwoModels) {
  const Case c = GoldenCase();
  const Logits<float> logits(c);
  Results<float> r(c);
  RaggedResults<float> g(c);
  EXPECT_OK(Forward(c, logits, false, r));
  EXPECT_OK(RaggedForward(c, logits, false, g));
  constexpr Tolerance kGoldenF32 = {6e-9 + 2 * kRowError, 1e-7};
  const Doubles mixture = {-0.54083124, -0.39515910};
  const Doubles sums = {-0.64715073, -2.19722458};
  const Doubles means = {-0.32357537, -1.09861229};
  EXPECT_ALL_NEAR(ToDouble(r.mixture), mixture, kGoldenF32);
  EXPECT_ALL_NEAR(ToDouble(r.sequence_logps), sums, kGoldenF32);
  EXPECT_NEAR(r.sequence_mixture[0], -0.93599034, kGoldenF32);
  EXPECT_ALL_NEAR(ToDouble(g.sequence_logps), sums, kGoldenF32);
  EXPECT_ALL_NEAR(ToDouble(g.sequence_means), means, kGoldenF32);
  EXPECT_NEAR(g.sequence_mixture[0], -0.86647898, kGoldenF32);

  const Results<double> ref = Reference(c, AllLogits(c), false);
  EXPECT_ALL_NEAR(ref.mixture, mixture, kGolden8);
  EXPECT_NEAR(ref.sequence_mixture[0], -0.93599034, kGolden8);
  const RaggedResults<double> ragged = RaggedReference(c, AllLogits(c), false, nullptr);
  EXPECT_NEAR(ragged.sequence_mixture[0], -0.86647898, kGolden8);
  EXPECT_ALL_NEAR(ragged.sequence_means, means, kGolden8);
}

CHORUS_TEST(OneModelIsTokenLogprobBitForBit) {
  Random random(66);
  Case c = MakeCase(random, 1, 13, 1009, 2, 10, false);
  c.dmixture = c.dlogps;
  Logits<float> logits(c), of_mixture(c), alone(c);
  Results<float> r(c), expected(c);
  EXPECT_OK(Forward(c, logits, true, r));
  const Model& m = c.models[0];
  EXPECT_OK(Call(chorus_token_logprob_forward,
                 {expected.logps.data(), expected.lse.data(), expected.entropy.data(), alone.pointers[0],
                  m.targets.data(), m.weights.data(), 13, 1009, 1009, CHORUS_TYPE_F32}));
  EXPECT_TRUE(r.logps == expected.logps && r.lse == expected.lse && r.entropy == expected.entropy);
  EXPECT_TRUE(r.mixture == r.logps && r.sequence_mixture == r.sequence_logps);
  EXPECT_OK(Call(chorus_token_logprob_backward,
                 {alone.pointers[0], m.targets.data(), r.lse.data(), c.dlogps.data(), m.weights.data(), 13, 1009, 1009,
                  CHORUS_TYPE_F32}));
  const auto backward = [&](Logits<float>& z, const float* dlogps, const float* dmixture) {
    return Call(chorus_ensemble_logprob_backward,
                {Voids<void>(z.pointers.data()), m.targets.data(), r.lse.data(), r.logps.data(), dlogps, dmixture,
                 nullptr, nullptr, m.weights.data(), c.omega.data(), nullptr, 1, 13, 1009, z.strides.data(), 0,
                 CHORUS_TYPE_F32});
  };
  EXPECT_OK(backward(logits, c.dlogps.data(), nullptr));
  EXPECT_OK(backward(of_mixture, nullptr, c.dmixture.data()));
  EXPECT_TRUE(logits.Dense() == alone.Dense());
  EXPECT_TRUE(of_mixture.Dense() == alone.Dense());
}

CHORUS_TEST(EqualModelsHaveTheirOwnLogProbabilityAsMixture) {
  Random random(67);
  Case c = MakeCase(random, 3, 7, 33, 2, 10, false);
  c.omega = {0.5f, 0.25f, 0.25f};
  c.models[1].logits = c.models[2].logits = c.models[0].logits;
  const Logits<float> logits(c);
  Results<float> r(c);
  EXPECT_OK(Forward(c, logits, false, r));
  EXPECT_TRUE(r.mixture == Floats(r.logps.begin(), r.logps.begin() + 7));
  EXPECT_TRUE(r.mixture == Floats(r.logps.begin() + 14, r.logps.end()));
}

CHORUS_TEST(PermutingModelsPermutesResults) {
  Random random(68);
  const Case c = MakeCase(random, 3, 7, 33, 2, 10, false);
  Case p = c;
  const size_t order[] = {2, 0, 1};
  const size_t N = 7, S = 2;
  for (size_t w = 0; w < 3; ++w) {
    p.models[w] = c.models[order[w]];
    p.omega[w] = c.omega[order[w]];
    std::copy_n(c.dlogps.begin() + static_cast<long>(order[w] * N), N, p.dlogps.begin() + static_cast<long>(w * N));
    std::copy_n(c.dsequence.begin() + static_cast<long>(order[w] * S), S,
                p.dsequence.begin() + static_cast<long>(w * S));
  }
  Logits<float> logits(c), permuted(p);
  Results<float> r(c), q(p);
  EXPECT_OK(Forward(c, logits, true, r));
  EXPECT_OK(Forward(p, permuted, true, q));
  // Only the order of a sum of W terms differs.
  EXPECT_ALL_NEAR(ToDouble(q.mixture), ToDouble(r.mixture), kF32Rounding);
  EXPECT_OK(Backward(c, logits, true, r));
  EXPECT_OK(Backward(p, permuted, true, q));
  for (size_t w = 0; w < 3; ++w) {
    for (size_t n = 0; n < N; ++n) EXPECT_TRUE(q.logps[w * N + n] == r.logps[order[w] * N + n]);
    for (size_t s = 0; s < S; ++s) EXPECT_TRUE(q.sequence_logps[w * S + s] == r.sequence_logps[order[w] * S + s]);
    EXPECT_ALL_NEAR(permuted.matrices[w].Dense(), logits.matrices[order[w]].Dense(), (Tolerance{1e-12, 2e-7}));
  }
}

CHORUS_TEST(ModelOfOmegaZeroIsNotLookedAtByTheMixture) {
  Random random(69);
  Case c = MakeCase(random, 3, 7, 33, 2, 10, false);
  Results<float> r(c), other(c);
  EXPECT_OK(Forward(c, Logits<float>(c), true, r));
  for (float& z : c.models[2].logits) z = -30 - z;
  Logits<float> logits(c);
  EXPECT_OK(Forward(c, logits, true, other));
  EXPECT_TRUE(other.mixture == r.mixture && other.sequence_mixture == r.sequence_mixture);
  EXPECT_TRUE(other.logps != r.logps);
  // Nor by its gradient: not even a NaN that a row with c = 0 holds.
  logits.pointers[2][0] = NAN;
  std::fill(other.logps.begin() + 14, other.logps.end(), NAN);
  EXPECT_OK(Call(chorus_ensemble_logprob_backward,
                 {Voids<void>(logits.pointers.data()), c.models[0].targets.data(), other.lse.data(),
                  other.logps.data(), nullptr, c.dmixture.data(), nullptr, nullptr, nullptr, c.omega.data(), nullptr,
                  3, 7, 33, logits.strides.data(), 0, CHORUS_TYPE_F32}));
  EXPECT_TRUE(logits.matrices[2].Dense() == Doubles(7 * 33, 0));
  EXPECT_TRUE(logits.matrices[0].Dense() != Doubles(7 * 33, 0));
}

CHORUS_TEST(WeightZeroIsRemoved_EvenIfTheRowHoldsNonsense_AndWeightTwoIsTheRowTwice) {
  Case c = GoldenCase();
  for (Model& m : c.models) {
    m.N = 3;
    m.logits.insert(m.logits.begin() + 3, {NAN, INFINITY, 0});
    m.targets = {0, -100, 1};
    m.weights = {1, 0, 2};
    m.offsets = {0, 3};
  }
  c.dlogps = {1, NAN, 1, 1, NAN, 1};
  c.dmixture = {1, NAN, 1};
  c.dsequence = {1, 2};
  c.dsequence_mixture = {1};
  Case twice = GoldenCase();
  for (Model& m : twice.models) {
    m.N = 3;
    m.logits.insert(m.logits.end(), m.logits.begin() + 3, m.logits.begin() + 6);
    m.targets = {0, 1, 1};
    m.offsets = {0, 3};
  }
  twice.dlogps = {1, 1, 1, 1, 1, 1};
  twice.dmixture = {1, 1, 1};
  twice.dsequence = {1, 2};
  twice.dsequence_mixture = {1};
  Logits<float> logits(c), twice_logits(twice), ragged(c), twice_ragged(twice);
  Results<float> r(c), t(twice);
  // A device adds up a row in an order that depends on its alignment: 2^-24 of the sum in each log-probability, which the
  // three tokens' weights make 1.8e-7.
  const Tolerance same = HostOrDevice(kF32Rounding, {1.8e-7, 1e-7});
  EXPECT_OK(Forward(c, logits, true, r));
  EXPECT_OK(Forward(twice, twice_logits, false, t));
  EXPECT_TRUE(r.logps[1] == 0 && r.lse[1] == 0 && r.entropy[4] == 0 && r.mixture[1] == 0);
  EXPECT_ALL_NEAR(ToDouble(r.sequence_logps), ToDouble(t.sequence_logps), same);
  EXPECT_ALL_NEAR(ToDouble(r.sequence_mixture), ToDouble(t.sequence_mixture), same);
  EXPECT_OK(Backward(c, logits, true, r));
  EXPECT_OK(Backward(twice, twice_logits, false, t));
  RaggedResults<float> g(c), h(twice);
  EXPECT_OK(RaggedForward(c, ragged, true, g));
  EXPECT_OK(RaggedForward(twice, twice_ragged, false, h));
  EXPECT_ALL_NEAR(ToDouble(g.sequence_means), ToDouble(h.sequence_means), same);
  EXPECT_ALL_NEAR(ToDouble(g.sequence_mixture), ToDouble(h.sequence_mixture), same);
  EXPECT_OK(RaggedBackward(c, ragged, true, g));
  EXPECT_OK(RaggedBackward(twice, twice_ragged, false, h));
  for (size_t w = 0; w < 2; ++w) {
    const Doubles d[2] = {logits.matrices[w].Dense(), ragged.matrices[w].Dense()};
    const Doubles e[2] = {twice_logits.matrices[w].Dense(), twice_ragged.matrices[w].Dense()};
    for (size_t form : {0, 1}) {
      for (size_t v = 0; v < 3; ++v) {
        EXPECT_TRUE(d[form][3 + v] == 0);
        EXPECT_NEAR(d[form][v], e[form][v], same);
        EXPECT_NEAR(d[form][6 + v], e[form][3 + v] + e[form][6 + v], same);
      }
    }
  }
}

CHORUS_TEST(EmptySequencesGiveZero_AndAFactorOfZeroGivesZeros) {
  Case c = GoldenCase();
  c.S = 3;
  for (Model& m : c.models) m.offsets = {0, 0, 2, 2};
  c.dlogps = Floats(4, 0);
  c.dmixture = {0, 0};
  c.dsequence = {5, 0, 5, 5, 1, 5};
  c.dsequence_mixture = {5, 0, 5};
  Logits<float> logits(c);
  RaggedResults<float> g(c);
  EXPECT_OK(RaggedForward(c, logits, false, g));
  EXPECT_TRUE(g.sequence_logps[0] == 0 && g.sequence_means[2] == 0 && g.sequence_mixture[0] == 0);
  Results<float> r(c);
  EXPECT_OK(Forward(c, logits, false, r));
  EXPECT_TRUE(r.sequence_logps[0] == 0 && r.sequence_logps[5] == 0 && r.sequence_mixture[2] == 0);
  EXPECT_OK(Backward(c, logits, false, r));
  EXPECT_TRUE(logits.matrices[0].Dense() == Doubles(6, 0));
  EXPECT_TRUE(logits.matrices[1].Dense()[0] > 0);
}

CHORUS_TEST(RefusesBadValues_AndNamesModelAndRow) {
  const auto status = [](const std::function<void(Case&)>& spoil, bool ragged) -> int {
    Case c = GoldenCase();
    spoil(c);
    const Logits<float> logits(c);
    if (ragged) {
      RaggedResults<float> g(c);
      return RaggedForward(c, logits, true, g);
    }
    Results<float> r(c);
    return Forward(c, logits, true, r);
  };
  for (bool ragged : {false, true}) {
    const auto refused = [&](const std::function<void(Case&)>& spoil, const std::string& message) {
      EXPECT_STATUS(status(spoil, ragged), CHORUS_INVALID_VALUE, message);
    };
    refused([](Case& c) { c.models[1].logits[4] = NAN; }, "model 1: row 1: logit 1 is NaN");
    refused([](Case& c) { c.models[1].logits[1] = INFINITY; }, "model 1: row 0: logit 1 is +infinity");
    refused([](Case& c) { c.models[0].logits[0] = -INFINITY; }, "model 0: row 0: the logit of target 0");
    refused([](Case& c) { c.models[0].targets[1] = 3; }, "row 1: target 3 is outside [0, 3)");
    refused([](Case& c) { c.models[0].weights[1] = -1; }, "row 1: weight is -1");
    refused([](Case& c) { c.omega[1] = -0.25f; }, "model 1: omega is -0.25");
    refused([](Case& c) { c.omega[1] = NAN; }, "model 1: omega is nan");
    refused([](Case& c) { c.omega = {0, 0}; }, "omega sums to 0 over 2 models, expected 1");
    refused([](Case& c) { c.omega = {1, 1}; }, "omega sums to 2 over 2 models, expected 1");
    refused([](Case& c) { c.models[0].offsets = {0, 1}; }, "offset 1: it is 1");
    refused([](Case& c) { c.models[0].offsets = {1, 2}; }, "offset 0: it is 1");
    refused([](Case& c) { c.S = 2, c.models[0].offsets = c.models[1].offsets = {0, 3, 2}; }, "offset 1: it is 3");
    refused([](Case& c) { c.S = 2, c.models[0].offsets = c.models[1].offsets = {0, -1, 2}; }, "offset 1: it is -1");
  }
  EXPECT_STATUS(status([](Case& c) { c.models[1].targets[1] = -1; }, true), CHORUS_INVALID_VALUE,
                "model 1: row 1: target -1 is outside [0, 3)");

  const auto backward = [](const std::function<void(Case&, Results<float>&, RaggedResults<float>&)>& spoil,
                           bool ragged) -> int {
    Case c = GoldenCase();
    c.dlogps = {1, 1, 1, 1};
    c.dmixture = {1, 1};
    c.dsequence = {1, 1};
    c.dsequence_mixture = {1};
    Results<float> r(c);
    RaggedResults<float> g(c);
    Logits<float> good(c);
    EXPECT_OK(Forward(c, good, true, r));
    EXPECT_OK(RaggedForward(c, good, true, g));
    spoil(c, r, g);
    const Logits<float> logits(c);
    return ragged ? RaggedBackward(c, logits, true, g) : Backward(c, logits, true, r);
  };
  for (bool ragged : {false, true}) {
    const auto refused = [&](const std::function<void(Case&, Results<float>&, RaggedResults<float>&)>& spoil,
                             const std::string& message) {
      EXPECT_STATUS(backward(spoil, ragged), CHORUS_INVALID_VALUE, message);
    };
    refused([](Case& c, auto&, auto&) { c.models[1].logits[5] = NAN; }, "model 1: row 1: it holds NaN");
    refused([](Case& c, auto&, auto&) { c.models[1].logits[0] = -INFINITY; }, "model 1: row 0: it holds NaN");
    refused([](Case&, auto& r, auto& g) { r.lse[3] = g.lse.arrays[1][1] = NAN; }, "model 1: row 1: lse is nan");
    refused([](Case& c, auto&, auto&) { c.dsequence[1] = INFINITY; }, "model 1: row 0: its gradient has the factor inf");
    refused([](Case& c, auto&, auto&) { c.dsequence_mixture[0] = NAN; }, "model 0: row 0: its gradient has the factor");
    refused([](Case&, auto& r, auto& g) { r.logps[2] = g.sequence_logps[1] = NAN; },
            "model 0: row 0: its gradient has the factor");
  }
  EXPECT_STATUS(backward([](Case& c, auto&, auto&) { c.dlogps[3] = NAN; }, false), CHORUS_INVALID_VALUE,
                "model 1: row 1: its gradient has the factor");
  EXPECT_STATUS(backward([](Case& c, auto&, auto&) { c.dmixture[1] = NAN; }, false), CHORUS_INVALID_VALUE,
                "model 0: row 1: its gradient has the factor");
}

CHORUS_TEST(RefusesBadArguments) {
  float x[6] = {1, 0, 0, 2}, y[6] = {1, 0, 0, 2}, out[4];
  const float omega[2] = {0.5f, 0.5f};
  const int64_t t[2] = {0, 1}, offsets[2] = {0, 2}, strides[2] = {2, 2};
  float* logits[2] = {x, y};
  float* holes[2] = {x, nullptr};
  float* same[2] = {x, x};
  const auto forward = [&](float* const* z, const int64_t* o, int64_t W, int64_t N, int64_t V, const int64_t* stride,
                           int64_t S) -> int {
    return Call(chorus_ensemble_logprob_forward,
                {out, out, nullptr, out, out, out, Voids<const void>(z), t, nullptr, omega, o, W, N, V, stride, S,
                 CHORUS_TYPE_F32});
  };
  const int64_t narrow[2] = {2, 1};
  EXPECT_OK(forward(logits, offsets, 2, 2, 2, strides, 1));
  EXPECT_OK(forward(logits, nullptr, 2, 2, 2, strides, 0));
  EXPECT_STATUS(forward(nullptr, offsets, 2, 2, 2, strides, 1), CHORUS_INVALID_ARGUMENT, "logits is null");
  EXPECT_STATUS(forward(holes, offsets, 2, 2, 2, strides, 1), CHORUS_INVALID_ARGUMENT, "logits of model 1 is null");
  EXPECT_STATUS(forward(logits, nullptr, 2, 2, 2, strides, 1), CHORUS_INVALID_ARGUMENT, "offsets is null");
  EXPECT_STATUS(forward(logits, offsets, 0, 2, 2, strides, 1), CHORUS_INVALID_ARGUMENT, "W = 0");
  EXPECT_STATUS(forward(logits, offsets, 2, -1, 2, strides, 1), CHORUS_INVALID_ARGUMENT, "N = -1");
  EXPECT_STATUS(forward(logits, offsets, 2, 2, 0, strides, 1), CHORUS_INVALID_ARGUMENT, "V = 0");
  EXPECT_STATUS(forward(logits, offsets, 2, 2, 2, narrow, 1), CHORUS_INVALID_ARGUMENT, "model 1: N = 2, V = 2, stride = 1");
  EXPECT_STATUS(forward(logits, offsets, 2, 2, 2, strides, -1), CHORUS_INVALID_ARGUMENT, "S = -1");
  out[0] = 9;
  EXPECT_OK(Call(chorus_ensemble_logprob_forward,
                 {nullptr, nullptr, nullptr, nullptr, out, out + 2, nullptr, nullptr, nullptr, nullptr, offsets, 2, 0,
                  0, nullptr, 1, CHORUS_TYPE_F32}));
  EXPECT_TRUE(out[0] == 0 && out[1] == 0 && out[2] == 0);

  const auto backward = [&](float* const* z, const float* logps, const float* dlogps, const float* dmixture,
                            const float* dsequence) -> int {
    return Call(chorus_ensemble_logprob_backward,
                {Voids<void>(z), t, out, logps, dlogps, dmixture, dsequence, nullptr, nullptr, omega, nullptr, 2, 2, 2,
                 strides, 0, CHORUS_TYPE_F32});
  };
  EXPECT_STATUS(backward(logits, out, nullptr, nullptr, nullptr), CHORUS_INVALID_ARGUMENT, "all null");
  EXPECT_STATUS(backward(logits, nullptr, nullptr, out, nullptr), CHORUS_INVALID_ARGUMENT, "logps is null");
  EXPECT_STATUS(backward(logits, out, nullptr, nullptr, out), CHORUS_INVALID_ARGUMENT, "offsets is null");
  EXPECT_STATUS(backward(same, out, out, nullptr, nullptr), CHORUS_INVALID_ARGUMENT,
                "models 0 and 1 have the same logits");

  Case c = GoldenCase();
  c.dsequence = {1, 1};
  const RaggedInputs in(c, false);
  Arrays<float> lse(c);
  const auto ragged = [&](const float* sequence_logps, const float* dsequence, const float* dmixture) -> int {
    return Call(chorus_ragged_ensemble_logprob_backward,
                {Voids<void>(logits), in.targets.data(), lse.pointers.data(), sequence_logps, dsequence, dmixture,
                 nullptr, omega, in.offsets.data(), 2, in.rows.data(), in.vocabularies.data(), in.vocabularies.data(),
                 1, CHORUS_TYPE_F32});
  };
  EXPECT_STATUS(ragged(out, nullptr, nullptr), CHORUS_INVALID_ARGUMENT, "both null");
  EXPECT_STATUS(ragged(nullptr, nullptr, out), CHORUS_INVALID_ARGUMENT, "sequence_logps is null");
  EXPECT_STATUS(Call(chorus_ragged_ensemble_logprob_forward,
                     {nullptr, nullptr, nullptr, out, out, out, Voids<const void>(logits), in.targets.data(), nullptr,
                      omega, nullptr, 2, in.rows.data(), in.vocabularies.data(), in.vocabularies.data(), 1,
                      CHORUS_TYPE_F32}),
                CHORUS_INVALID_ARGUMENT, "offsets is null");
}
