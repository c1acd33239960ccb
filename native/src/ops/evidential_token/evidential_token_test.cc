#include "ops/evidential_token/evidential_token.h"

#include <cmath>
#include <string>
#include <vector>

#include "common/bf16.h"
#include "ops/evidential/evidential.h"
#include "testing/backend.h"
#include "testing/test.h"

using namespace chorus_testing;
using chorus::EvidentialTokenSpec;

namespace {

constexpr int kKinds[] = {CHORUS_EVIDENCE_EXP, CHORUS_EVIDENCE_SOFTPLUS, CHORUS_EVIDENCE_RELU};

/**
 * One rounding to f32; the absolute part is what the reference's own cancellation leaves: S ln S 2^-53 at S = 1e6.
 *
 * A device computes tokens in f32, exponentials as 2^(z log2 e): those are off by a rounding of z and 2.4e-7. Logarithms are
 * good to 2.4e-7, inverses to 1.2e-7, polynomials to 1.6e-7, and there are some six roundings of 6e-8: 1.5e-6 of the largest
 * term, which is that of S, K or the labels times weight and dloss.
 */
const Tolerance kAgainstReference = HostOrDevice({1e-8, 1e-7}, {3e-6, 1.5e-6});
/** Gradients that were rounded to bf16, whose 8 bits make that 2^-8 at most. */
const Tolerance kBf16Gradient = HostOrDevice({1e-8, 0.00391}, {3e-6, 0.00392});
/** Printed digits, one f32 rounding, and the label .6, which f32 has to 2.4e-8; a device's errors as above. */
const Tolerance kGoldenF32 = HostOrDevice({4e-8, 1.2e-7}, {1.5e-6, 1.5e-6});
/** What a device makes of numbers of which little more than their rounding is expected. */
const Tolerance kSame = HostOrDevice(kF32Rounding, {1e-6, 1e-6});

struct Case {
  EvidentialTokenSpec spec;
  std::vector<float> logits;
  std::vector<int64_t> ids;
  std::vector<float> probs, weights, dloss;
};

Case MakeCase(Random& random, int64_t N, int64_t V, int64_t named, int kind, double kl_weight, double magnitude) {
  Case c = {{N, V, named, V, kind, kl_weight}, random.Floats(N * V, -magnitude, magnitude), {}, {},
            random.Floats(N, 0.1, 3),          random.Floats(N, -2, 2)};
  for (int64_t n = 0; n < N; ++n) {
    const int64_t first = random.Below(V);
    const double sum = n % 4 == 3 ? 1 : random.Uniform(0.2, 0.95);
    for (int64_t j = 0; j < named; ++j) {
      // Neighbours, around the end of the row; more than V of them are not there.
      c.ids.push_back(j >= V || (j > 0 && (n + j) % 3 == 0) ? -1 : (first + j) % V);
      c.probs.push_back(static_cast<float>(sum / static_cast<double>(named)));
    }
    if (n % 3 == 1) c.weights[static_cast<size_t>(n)] = 0;
  }
  return c;
}

const float* DataOrNull(const std::vector<float>& v) { return v.empty() ? nullptr : v.data(); }

struct Result {
  std::vector<double> loss, nll, kl, d;
};

Result Reference(const Case& c) {
  const EvidentialTokenSpec& s = c.spec;
  const size_t n = static_cast<size_t>(s.N);
  Result r = {std::vector<double>(n), std::vector<double>(n), std::vector<double>(n), std::vector<double>(c.logits.size())};
  const std::vector<double> weights = ToDouble(c.weights);
  chorus::EvidentialTokenRef(r.loss.data(), r.nll.data(), r.kl.data(), r.d.data(), ToDouble(c.dloss).data(),
                             ToDouble(c.logits).data(), c.ids.data(), ToDouble(c.probs).data(),
                             c.weights.empty() ? nullptr : weights.data(), s);
  return r;
}

Result Kernel(const Case& c) {
  const EvidentialTokenSpec& s = c.spec;
  const size_t n = static_cast<size_t>(s.N);
  std::vector<float> loss(n), nll(n), kl(n), z = c.logits;
  EXPECT_OK(Call(chorus_evidential_token,
                 {loss.data(), nll.data(), kl.data(), z.data(), c.dloss.data(), c.ids.data(), c.probs.data(),
                  DataOrNull(c.weights), nullptr, s.N, s.V, s.named, s.V, s.evidence, s.kl_weight, CHORUS_TYPE_F32}));
  return {ToDouble(loss), ToDouble(nll), ToDouble(kl), ToDouble(z)};
}

void CheckAgainstReference(Case c, int64_t gap, int64_t offset) {
  const EvidentialTokenSpec& s = c.spec;
  SetCase("N " + std::to_string(s.N) + ", V " + std::to_string(s.V) + ", k " + std::to_string(s.named) + ", evidence " +
          std::to_string(s.evidence) + ", kl_weight " + std::to_string(s.kl_weight));
  const size_t n = static_cast<size_t>(s.N);
  std::vector<float> loss(n), nll(n), kl(n);
  Result expected = Reference(c);
  StridedMatrix logits(c.logits, s.N, s.V, gap, offset);
  const float* weights = DataOrNull(c.weights);
  EXPECT_OK(Call(chorus_evidential_token,
                 {loss.data(), nll.data(), kl.data(), logits.data(), nullptr, c.ids.data(), c.probs.data(), weights,
                  nullptr, s.N, s.V, s.named, logits.stride(), s.evidence, s.kl_weight, CHORUS_TYPE_F32}));
  EXPECT_ALL_NEAR(ToDouble(loss), expected.loss, kAgainstReference);
  EXPECT_ALL_NEAR(ToDouble(nll), expected.nll, kAgainstReference);
  EXPECT_ALL_NEAR(ToDouble(kl), expected.kl, kAgainstReference);
  EXPECT_TRUE(logits.IntactGaps() && logits.Dense() == c.logits);
  // With the gradient, and without kl, which nothing else depends on.
  loss.assign(n, 9);
  EXPECT_OK(Call(chorus_evidential_token,
                 {loss.data(), nll.data(), nullptr, logits.data(), c.dloss.data(), c.ids.data(), c.probs.data(),
                  weights, nullptr, s.N, s.V, s.named, logits.stride(), s.evidence, s.kl_weight, CHORUS_TYPE_F32}));
  EXPECT_ALL_NEAR(ToDouble(loss), expected.loss, kAgainstReference);
  EXPECT_ALL_NEAR(ToDouble(logits.Dense()), expected.d, kAgainstReference);
  EXPECT_TRUE(logits.IntactGaps());

  // One element in front, so that rows are not aligned.
  std::vector<uint16_t> half(1);
  for (float& z : c.logits) {
    half.push_back(chorus::Narrow<uint16_t>(z));
    z = chorus::Widen(half.back());
  }
  expected = Reference(c);
  EXPECT_OK(Call(chorus_evidential_token,
                 {loss.data(), nll.data(), kl.data(), half.data() + 1, c.dloss.data(), c.ids.data(), c.probs.data(),
                  weights, nullptr, s.N, s.V, s.named, s.V, s.evidence, s.kl_weight, CHORUS_TYPE_BF16}));
  EXPECT_ALL_NEAR(ToDouble(loss), expected.loss, kAgainstReference);
  EXPECT_ALL_NEAR(ToDouble(nll), expected.nll, kAgainstReference);
  EXPECT_ALL_NEAR(ToDouble(kl), expected.kl, kAgainstReference);
  std::vector<double> gradient;
  for (size_t i = 1; i < half.size(); ++i) gradient.push_back(chorus::Widen(half[i]));
  EXPECT_ALL_NEAR(gradient, expected.d, kBf16Gradient);
}

/** One row with one named token. */
Case Single(std::vector<float> z, int64_t id, float prob, int kind, double kl_weight) {
  const int64_t V = static_cast<int64_t>(z.size());
  return {{1, V, 1, V, kind, kl_weight}, std::move(z), {id}, {prob}, {}, {1}};
}

}  // namespace

CHORUS_TEST(MatchesReferenceOverShapesAndStrides) {
  Random random(41);
  for (int kind : kKinds) {
    for (int64_t N : {0, 1, 2, 7, 13}) {
      for (int64_t V : {1, 2, 3, 7, 8, 15, 16, 17, 31, 32, 33, 63, 65, 127, 1009, 1025}) {
        for (int64_t named : {1, 3}) {
          for (double kl_weight : {0.0, 0.3}) {
            const Case c = MakeCase(random, N, V, named, kind, kl_weight, V > 1000 ? 3 : 6);
            CheckAgainstReference(c, 3, 1);
          }
        }
      }
    }
  }
}

CHORUS_TEST(LongRowsOnSeveralThreads) {
  Random random(42);
  for (int kind : kKinds) {
    Case c = MakeCase(random, 5, 32001, 9, kind, 0.3, 3);
    CheckAgainstReference(c, 7, 3);
    c.weights.clear();
    c.logits[5] = c.logits[32000] = c.logits[2 * 32001 + 17] = -INFINITY;
    CheckAgainstReference(c, 0, 0);
  }
}

CHORUS_TEST(VeryLongRows) {
  Random random(44);
  CheckAgainstReference(MakeCase(random, 2, 70003, 9, CHORUS_EVIDENCE_EXP, 0.3, 3), 1, 0);
}

CHORUS_TEST(NamedNeighboursThatHaveAlmostEverything) {
  Random random(45);
  for (int kind : kKinds) {
    for (float top : {9.f, 12.f, 15.f}) {
      Case c = MakeCase(random, 1, 300, 2, kind, 0.3, 1);
      c.logits[8] = c.logits[9] = top;
      c.ids = {8, 9};
      c.probs = {.4f, .3f};
      CheckAgainstReference(c, 0, 0);
    }
  }
}

CHORUS_TEST(RowsFarBelowZeroKeepTheirShape) {
  Random random(46);
  for (int kind : kKinds) {
    for (double below : {70.0, 100.0, 500.0}) {
      Case c = MakeCase(random, 1, 33, 2, kind, 0.3, 2);
      for (float& z : c.logits) z -= static_cast<float>(below);
      CheckAgainstReference(c, 0, 0);
    }
  }
}

CHORUS_TEST(Golden_FourTokens) {
  const Case c = Single({2, 1, 0, -1}, 1, .6f, CHORUS_EVIDENCE_EXP, 0);
  const Result r = Kernel(c);
  EXPECT_NEAR(r.nll[0], 1.1964809000, kGoldenF32);
  EXPECT_NEAR(r.kl[0], 1.2516677159, kGoldenF32);
  EXPECT_ALL_NEAR(r.d, (std::vector<double>{.18019195, -.26298128, .04178041, .01925287}), kGoldenF32);
  // The reference in double, whose only error is the printing of the golden values.
  const double z[] = {2, 1, 0, -1}, s = .6, one = 1;
  const int64_t id = 1;
  double loss, nll, kl, d[4];
  chorus::EvidentialTokenRef(&loss, &nll, &kl, d, &one, z, &id, &s, nullptr, c.spec);
  EXPECT_NEAR(nll, 1.1964809000, kGolden10);
  EXPECT_NEAR(kl, 1.2516677159, kGolden10);
  EXPECT_ALL_NEAR((std::vector<double>(d, d + 4)), (std::vector<double>{.18019195, -.26298128, .04178041, .01925287}),
                  kGolden8);
}

CHORUS_TEST(EqualsTheClassLossOfTheSameLabel) {
  // softmax({2, 1, 0, -1}) without its second, scaled to .4.
  const std::vector<double> p = {std::exp(2.0), 0, 1, std::exp(-1.0)};
  std::vector<float> y;
  for (double each : p) y.push_back(static_cast<float>(.4 * each / (p[0] + p[2] + p[3])));
  y[1] = .6f;
  for (int kind : kKinds) {
    SetCase("evidence " + std::to_string(kind));
    const Case c = Single({2, 1, 0, -1}, 1, .6f, kind, 0.7);
    const Result r = Kernel(c);
    const float one = 1;
    float loss, nll, kl, d[4];
    EXPECT_OK(Call(chorus_evidential,
                   {&loss, &nll, &kl, d, &one, c.logits.data(), y.data(), nullptr, nullptr, 1, 1, 4, 4, kind, 0.7,
                    CHORUS_TYPE_F32}));
    // The labels are f32 in one of the two.
    const Tolerance kLabels = HostOrDevice({2e-7, 2e-7}, {1.5e-6, 1.5e-6});
    EXPECT_NEAR(r.loss[0], loss, kLabels);
    EXPECT_NEAR(r.kl[0], kl, kLabels);
    EXPECT_ALL_NEAR(r.d, ToDouble({d, d + 4}), kLabels);
  }
}

CHORUS_TEST(RestIsSpreadEvenlyWhereItHasNoShape) {
  for (int kind : kKinds) {
    SetCase("evidence " + std::to_string(kind));
    // The named token has all but 1e-9 of the model's probability, and then all but 3e-6.
    for (float top : {22.f, 12.f}) {
      const Case c = Single({top, 1, 0, -1}, 0, .5f, kind, 0.1);
      const Result r = Kernel(c), expected = Reference(c);
      EXPECT_ALL_NEAR(r.nll, expected.nll, kAgainstReference);
      // What remains of the model's probability has lost up to six digits in 1 - p.
      EXPECT_ALL_NEAR(r.d, expected.d, kAgainstReference);
    }
    const Result even = Kernel(Single({22, 1, 0, -1}, 0, .5f, kind, 0));
    const Result shaped = Kernel(Single({12, 1, 0, -1}, 0, .5f, kind, 0));
    // y is the same for the last three only if it was spread evenly: there, y sigma(z) is in the ratio of the slopes.
    if (kind == CHORUS_EVIDENCE_EXP) {
      EXPECT_NEAR(even.d[1] / even.d[2], 2 / (1 + std::exp(-1.0)), HostOrDevice({0, 1e-6}, {0, 2e-6}));
      EXPECT_TRUE(shaped.d[1] / shaped.d[2] > 3);
    }
  }
  // A row without any evidence.
  const Result none = Kernel(Single({-INFINITY, -INFINITY, -INFINITY}, 1, .5f, CHORUS_EVIDENCE_EXP, 1));
  EXPECT_NEAR(none.nll[0], std::log(3.0), kSame);
  // On a device both of the terms whose difference this is are f32, of order 1.
  EXPECT_NEAR(none.kl[0], 0, HostOrDevice({1e-14, 0}, {3e-7, 0}));
  for (double d : none.d) EXPECT_TRUE(d == 0);
}

CHORUS_TEST(ExtremeLogits_StayFiniteAndExact) {
  const Case far = Single({1e4f, -1e4f, 0}, 2, 1, CHORUS_EVIDENCE_EXP, 0);
  const Result r = Kernel(far);
  EXPECT_NEAR(r.nll[0], 1e4 - std::log(2.0), kSame);
  EXPECT_ALL_NEAR(r.d, (std::vector<double>{1, 0, -.5}), kSame);
  for (int kind : kKinds) {
    for (float magnitude : {41.f, 88.f, 710.f, 1e4f, 3e38f}) {
      SetCase("evidence " + std::to_string(kind) + ", |z| " + std::to_string(magnitude));
      for (int64_t id : {0, 1, 2}) {
        const Result f = Kernel(Single({magnitude, -magnitude, 0}, id, .25f, kind, 1));
        EXPECT_TRUE(std::isfinite(f.loss[0]) && f.nll[0] > 0 && f.kl[0] > 0);
        for (double d : f.d) EXPECT_TRUE(std::isfinite(d));
      }
    }
    for (float z : {-500.f, -650.f, -1e4f, -3e38f}) {
      SetCase("evidence " + std::to_string(kind) + ", z " + std::to_string(z));
      EXPECT_NEAR(Kernel(Single({z, z, z}, 1, .25f, kind, 1)).nll[0], std::log(3.0), kSame);
    }
  }
}

CHORUS_TEST(HugeConcentrationsKeepTheirDigits) {
  // The label of the golden values of evidential_test in the form of this op: one token has half of the mass, and with
  // equal logits the rest is spread evenly. z = {22, -1, -1, -1, -1}, y = {1/2, 1/8, ...}.
  const Case c = Single({22, -1, -1, -1, -1}, 0, .5f, CHORUS_EVIDENCE_EXP, 1);
  const std::vector<float> y = {.5f, .125f, .125f, .125f, .125f};
  const float one = 1;
  float loss, nll, kl, d[5];
  EXPECT_OK(Call(chorus_evidential,
                 {&loss, &nll, &kl, d, &one, c.logits.data(), y.data(), nullptr, nullptr, 1, 1, 5, 5,
                  CHORUS_EVIDENCE_EXP, 1, CHORUS_TYPE_F32}));
  const Result r = Kernel(c);
  EXPECT_NEAR(r.kl[0], kl, kSame);
  EXPECT_NEAR(r.loss[0], loss, kSame);
  EXPECT_ALL_NEAR(r.d, ToDouble({d, d + 5}), HostOrDevice({1e-9, 1.2e-7}, kSame));
}

CHORUS_TEST(AllTokensNamed_LeaveNoRest) {
  const Case c = {{1, 3, 4, 3, CHORUS_EVIDENCE_EXP, 1}, {1, 0, -1}, {2, -1, 0, 1}, {.1f, 7, .7f, .2f}, {}, {1}};
  const Result r = Kernel(c);
  EXPECT_NEAR(r.nll[0], 0.8689049790, kGoldenF32);
  EXPECT_NEAR(r.kl[0], 0.1718259265, kGoldenF32);
}

CHORUS_TEST(WeightZeroIsRemoved_WeightTwoIsTwice) {
  Case c = {{3, 2, 1, 2, CHORUS_EVIDENCE_EXP, 0.5}, {1, 0, NAN, INFINITY, 1, 0}, {0, 77, 0}, {.5f, -3, .5f}, {1, 0, 2},
            {1, NAN, 1}};
  const Result r = Kernel(c);
  EXPECT_TRUE(r.loss[1] == 0 && r.nll[1] == 0 && r.kl[1] == 0 && r.d[2] == 0 && r.d[3] == 0);
  EXPECT_TRUE(r.loss[2] == 2 * r.loss[0] && r.nll[2] == r.nll[0] && r.kl[2] == r.kl[0]);
  EXPECT_TRUE(r.d[0] != 0 && r.d[4] == 2 * r.d[0] && r.d[5] == 2 * r.d[1]);
}

CHORUS_TEST(GradientEqualsFiniteDifferencesOfTheLossWithTheLabelHeld) {
  Random random(43);
  for (int kind : kKinds) {
    SetCase("evidence " + std::to_string(kind));
    const Case c = MakeCase(random, 1, 5, 2, kind, 0.7, 2.5);
    const std::vector<double> z = ToDouble(c.logits);
    // The label by hand.
    double sum = 0, model = 0, named = 0;
    std::vector<double> y(5);
    for (double each : z) sum += std::exp(each);
    for (size_t v = 0; v < 5; ++v) y[v] = std::exp(z[v]) / sum;
    for (size_t j = 0; j < 2; ++j) {
      if (c.ids[j] < 0) continue;
      model += y[static_cast<size_t>(c.ids[j])];
      named += c.probs[j];
    }
    for (double& each : y) each *= (1 - named) / (1 - model);
    for (size_t j = 0; j < 2; ++j) {
      if (c.ids[j] >= 0) y[static_cast<size_t>(c.ids[j])] = c.probs[j];
    }
    const auto objective = [&](const std::vector<double>& x) {
      double loss, nll, kl;
      const double weight = c.weights[0];
      const chorus::EvidentialSpec spec = {1, 1, 5, 5, kind, 0.7};
      chorus::EvidentialForwardRef(&loss, &nll, &kl, x.data(), y.data(), nullptr, &weight, spec);
      return c.dloss[0] * loss;
    };
    EXPECT_ALL_NEAR(Kernel(c).d, NumericGradient(objective, z), HostOrDevice(kFiniteDifference, kAgainstReference));
  }
}

CHORUS_TEST(RefusesBadValues_AndNamesTheRow) {
  const Case good = {{2, 3, 2, 3, CHORUS_EVIDENCE_EXP, 1}, {1, 0, 2, 0, 2, 1}, {0, 1, 2, 1}, {.5f, .2f, .5f, .5f}, {1, 1},
                     {1, 1}};
  const auto refused = [](Case c, const std::string& message) {
    std::vector<float> out(6);
    EXPECT_STATUS(Call(chorus_evidential_token,
                       {out.data(), out.data() + 2, out.data() + 4, c.logits.data(), c.dloss.data(), c.ids.data(),
                        c.probs.data(), c.weights.data(), nullptr, 2, 3, 2, 3, 0, 1, CHORUS_TYPE_F32}),
                  CHORUS_INVALID_VALUE, "evidential_token_f32: " + message);
  };
  Case c = good;
  c.logits[4] = NAN;
  refused(c, "row 1: logit 1 is NaN");
  c.logits[4] = INFINITY;
  refused(c, "row 1: logit 1 is +infinity");
  c = good;
  c.ids[2] = 3;
  refused(c, "row 1: id 0 is 3, expected -1 or in [0, 3)");
  c.ids[2] = -2;
  refused(c, "row 1: id 0 is -2");
  c.ids[2] = 1;
  refused(c, "row 1: id 1 is there twice");
  c = good;
  c.probs[3] = -.5f;
  refused(c, "row 1: probability 1 is -0.5, expected [0, 1]");
  c.probs[3] = NAN;
  refused(c, "row 1: probability 1 is");
  c.probs[3] = .51f;
  refused(c, "row 1: probabilities sum to 1.01, expected at most 1");
  c = good;
  c.weights[1] = -1;
  refused(c, "row 1: weight is -1");
  c = good;
  c.dloss[1] = INFINITY;
  refused(c, "row 1: dloss is inf");
}

CHORUS_TEST(OneOtherTokenTakesTheWholeRest_WithoutRoundingIntoNegativeConcentrations) {
  // Its label is 1 whatever the model says, so it has no evidence against it: KL is that of the named token alone, at which
  // 1 - sum p cancels.
  for (int step = 0; step < 512; ++step) {
    float z[2] = {40, 20 + static_cast<float>(step) / 64};
    SetCase("z = " + std::to_string(z[1]));
    const int64_t id = 0;
    const float none = 0, dloss = 1;
    float loss, nll, kl;
    const float alone[2] = {40, -INFINITY};
    const float label[2] = {0, 1};
    float expected_loss, expected_nll, expected_kl;
    EXPECT_OK(Call(chorus_evidential,
                   {&expected_loss, &expected_nll, &expected_kl, nullptr, nullptr, alone, label, nullptr, nullptr, 1,
                    1, 2, 2, CHORUS_EVIDENCE_EXP, 1, CHORUS_TYPE_F32}));
    EXPECT_OK(Call(chorus_evidential_token,
                   {&loss, &nll, &kl, z, &dloss, &id, &none, nullptr, nullptr, 1, 2, 1, 2, CHORUS_EVIDENCE_EXP, 1,
                    CHORUS_TYPE_F32}));
    // The label is 1 to within a few roundings of 2^-53, times an evidence of up to e^28: 2e-4 of a concentration of 1.
    // A device holds the label's shape in two f32, 49 bits.
    EXPECT_NEAR(kl, expected_kl, HostOrDevice({2e-3, 1e-6}, {3e-3, 1e-6}));
    EXPECT_TRUE(std::isfinite(loss) && std::isfinite(z[0]) && std::isfinite(z[1]));
  }
}

CHORUS_TEST(RefusesBadArguments) {
  float x[4] = {1, 0, 0, 1};
  const int64_t id[1] = {0};
  EXPECT_STATUS(Call(chorus_evidential_token,
                     {x, x, x, x, x, id, nullptr, nullptr, nullptr, 1, 2, 1, 2, 0, 1, CHORUS_TYPE_F32}),
                CHORUS_INVALID_ARGUMENT, "probabilities is null");
  EXPECT_STATUS(Call(chorus_evidential_token,
                     {x, x, x, x, x, nullptr, x, nullptr, nullptr, 1, 2, 1, 2, 0, 1, CHORUS_TYPE_F32}),
                CHORUS_INVALID_ARGUMENT, "ids is null");
  EXPECT_STATUS(Call(chorus_evidential_token,
                     {x, x, x, x, x, id, x, nullptr, nullptr, 1, 2, 0, 2, 0, 1,
                      CHORUS_TYPE_F32}), CHORUS_INVALID_ARGUMENT,
                "k = 0");
  EXPECT_STATUS(Call(chorus_evidential_token,
                     {x, x, x, x, x, id, x, nullptr, nullptr, 1, 2, 1, 1, 0, 1,
                      CHORUS_TYPE_F32}), CHORUS_INVALID_ARGUMENT,
                "stride = 1");
  EXPECT_STATUS(Call(chorus_evidential_token,
                     {x, x, x, x, x, id, x, nullptr, nullptr, 1, 2, 1, 2, -1, 1,
                      CHORUS_TYPE_F32}), CHORUS_INVALID_ARGUMENT,
                "evidence = -1");
  EXPECT_STATUS(Call(chorus_evidential_token,
                     {x, x, x, x, x, id, x, nullptr, nullptr, 1, 2, 1, 2, 0, -1,
                      CHORUS_TYPE_F32}), CHORUS_INVALID_ARGUMENT,
                "kl_weight = -1");
  const int64_t name = 41;
  float nan[2] = {NAN, 0}, out[3], share = 0.5f;
  EXPECT_STATUS(Call(chorus_evidential_token,
                     {out, out + 1, out + 2, nan, nullptr, id, &share, nullptr, &name, 1, 2, 1, 2, 0, 1,
                      CHORUS_TYPE_F32}),
                CHORUS_INVALID_VALUE, "row 41: logit 0 is NaN");
  EXPECT_OK(Call(chorus_evidential_token,
                 {nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, 0, 0, 0, 0, 0, 1,
                  CHORUS_TYPE_F32}));
}
