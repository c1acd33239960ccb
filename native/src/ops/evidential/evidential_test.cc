#include "ops/evidential/evidential.h"

#include <cmath>
#include <string>
#include <vector>

#include "common/bf16.h"
#include "common/dirichlet.h"
#include "common/special.h"
#include "testing/backend.h"
#include "testing/test.h"

using namespace chorus_testing;
using chorus::EvidentialSpec;

namespace {

constexpr int kKinds[] = {CHORUS_EVIDENCE_EXP, CHORUS_EVIDENCE_SOFTPLUS, CHORUS_EVIDENCE_RELU};

/** One rounding to f32; the absolute part is what the reference's own cancellation leaves: S ln S 2^-53 at S = 1e6. */
constexpr Tolerance kAgainstReference = {1e-8, 1e-7};

/**
 * That, or what a device makes of W labels. It computes a class's evidence, logarithm and slope in f32: exponentials are good
 * to 2 units in the last place, 2.4e-7, inverses to 1.2e-7, logarithms to base 2 to 2.4e-7, polynomials to 1.6e-7, and there
 * are some six roundings of 6e-8: 1e-6 of the largest term, which is that of S, K, or the sum over lambda times weights and
 * dloss, here up to 4 and more where there are many labels.
 */
Tolerance AgainstReference(int64_t W) {
  return HostOrDevice(kAgainstReference, {4e-6 + 2e-7 * static_cast<double>(W), 1e-6});
}

/** Printed digits and one f32 rounding of values up to 4; a device's errors as above. */
const Tolerance kGoldenF32 = HostOrDevice({6e-9, 1.2e-7}, {1e-6, 1e-6});
/** What a device makes of numbers of which little more than their rounding is expected. */
const Tolerance kSame = HostOrDevice(kF32Rounding, {5e-7, 5e-7});

struct Case {
  EvidentialSpec spec;
  std::vector<float> logits, targets, lambda, weights, dloss;
};

Case MakeCase(Random& random, int64_t N, int64_t W, int64_t K, int kind, double kl_weight,
              double magnitude) {
  Case c = {{N, W, K, K, kind, kl_weight},
            random.Floats(N * K, -magnitude, magnitude),
            {},
            random.Floats(N * W, 0, 1),
            random.Floats(N, 0.1, 3),
            random.Floats(N, -2, 2)};
  for (int64_t i = 0; i < N * W; ++i) {
    std::vector<float> y = random.Floats(K, 0.01, 1);
    float sum = 0;
    for (float v : y) sum += v;
    for (float v : y) c.targets.push_back(i % 4 == 3 ? 0 : v / sum);
    if (i % 4 == 3) c.targets[static_cast<size_t>(i * K + random.Below(K))] = 1;  // a hard label
    if (i % 5 == 2) c.lambda[static_cast<size_t>(i)] = 0;
  }
  for (int64_t n = 1; n < N; n += 3) c.weights[static_cast<size_t>(n)] = 0;
  return c;
}

const float* DataOrNull(const std::vector<float>& v) { return v.empty() ? nullptr : v.data(); }

struct Forward {
  std::vector<double> loss, nll, kl;
};

Forward Reference(const Case& c, const std::vector<double>& z) {
  const size_t n = static_cast<size_t>(c.spec.N);
  Forward f = {std::vector<double>(n), std::vector<double>(n), std::vector<double>(n)};
  const std::vector<double> lambda = ToDouble(c.lambda), weights = ToDouble(c.weights);
  chorus::EvidentialForwardRef(f.loss.data(), f.nll.data(), f.kl.data(), z.data(),
                               ToDouble(c.targets).data(),
                               c.lambda.empty() ? nullptr : lambda.data(),
                               c.weights.empty() ? nullptr : weights.data(), c.spec);
  return f;
}

std::vector<double> ReferenceGradient(const Case& c) {
  std::vector<double> d(static_cast<size_t>(c.spec.N * c.spec.K));
  const std::vector<double> lambda = ToDouble(c.lambda), weights = ToDouble(c.weights);
  chorus::EvidentialBackwardRef(d.data(), ToDouble(c.dloss).data(), ToDouble(c.logits).data(),
                                ToDouble(c.targets).data(),
                                c.lambda.empty() ? nullptr : lambda.data(),
                                c.weights.empty() ? nullptr : weights.data(), c.spec);
  return d;
}

Forward Kernel(const Case& c, const float* logits, int64_t stride) {
  const size_t n = static_cast<size_t>(c.spec.N);
  std::vector<float> loss(n), nll(n), kl(n);
  EXPECT_OK(Call(chorus_evidential,
                 {loss.data(), nll.data(), kl.data(), nullptr, nullptr, logits, c.targets.data(), DataOrNull(c.lambda),
                  DataOrNull(c.weights), c.spec.N, c.spec.W, c.spec.K, stride, c.spec.evidence, c.spec.kl_weight,
                  CHORUS_TYPE_F32}));
  return {ToDouble(loss), ToDouble(nll), ToDouble(kl)};
}

std::vector<double> KernelGradient(const Case& c, const float* logits, int64_t stride) {
  std::vector<float> d(static_cast<size_t>(c.spec.N * c.spec.K), 9);
  EXPECT_OK(Call(chorus_evidential,
                 {nullptr, nullptr, nullptr, d.data(), c.dloss.data(), logits, c.targets.data(), DataOrNull(c.lambda),
                  DataOrNull(c.weights), c.spec.N, c.spec.W, c.spec.K, stride, c.spec.evidence, c.spec.kl_weight,
                  CHORUS_TYPE_F32}));
  return ToDouble(d);
}

void CheckAgainstReference(const Case& c, int64_t gap, int64_t offset) {
  const EvidentialSpec& s = c.spec;
  SetCase("N " + std::to_string(s.N) + ", W " + std::to_string(s.W) + ", K " + std::to_string(s.K) +
          ", evidence " + std::to_string(s.evidence) + ", kl_weight " +
          std::to_string(s.kl_weight) + (c.lambda.empty() ? "" : ", lambda"));
  StridedMatrix logits(c.logits, s.N, s.K, gap, offset);
  const Forward actual = Kernel(c, logits.data(), logits.stride());
  const Forward expected = Reference(c, ToDouble(c.logits));
  EXPECT_ALL_NEAR(actual.loss, expected.loss, AgainstReference(s.W));
  EXPECT_ALL_NEAR(actual.nll, expected.nll, AgainstReference(s.W));
  EXPECT_ALL_NEAR(actual.kl, expected.kl, AgainstReference(s.W));
  EXPECT_ALL_NEAR(KernelGradient(c, logits.data(), logits.stride()), ReferenceGradient(c),
                  AgainstReference(s.W));
  EXPECT_TRUE(logits.IntactGaps() && logits.Dense() == c.logits);
}

/** Forward and backward in one call, on f32 and on bf16 logits. */
void CheckFused(Case c) {
  const EvidentialSpec& s = c.spec;
  SetCase("fused, N " + std::to_string(s.N) + ", W " + std::to_string(s.W) + ", K " + std::to_string(s.K) +
          ", evidence " + std::to_string(s.evidence) + ", kl_weight " + std::to_string(s.kl_weight));
  // One element in front, so that rows are not aligned.
  std::vector<uint16_t> half(1);
  for (float& z : c.logits) {
    half.push_back(chorus::Narrow<uint16_t>(z));
    z = chorus::Widen(half.back());
  }
  const Forward expected = Reference(c, ToDouble(c.logits));
  const std::vector<double> gradient = ReferenceGradient(c);
  const size_t n = static_cast<size_t>(s.N);
  std::vector<float> loss(n), nll(n), kl(n), d(c.logits.size(), 9);
  const auto check = [&] {
    EXPECT_ALL_NEAR(ToDouble(loss), expected.loss, AgainstReference(s.W));
    EXPECT_ALL_NEAR(ToDouble(nll), expected.nll, AgainstReference(s.W));
    EXPECT_ALL_NEAR(ToDouble(d), gradient, AgainstReference(s.W));
    loss.assign(n, 9);
    nll.assign(n, 9);
    d.assign(d.size(), 9);
  };
  const float* lambda = DataOrNull(c.lambda);
  const float* weights = DataOrNull(c.weights);
  EXPECT_OK(Call(chorus_evidential,
                 {loss.data(), nll.data(), kl.data(), d.data(), c.dloss.data(), c.logits.data(), c.targets.data(),
                  lambda, weights, s.N, s.W, s.K, s.K, s.evidence, s.kl_weight, CHORUS_TYPE_F32}));
  EXPECT_ALL_NEAR(ToDouble(kl), expected.kl, AgainstReference(s.W));
  check();
  // Without kl, which nothing else depends on.
  EXPECT_OK(Call(chorus_evidential,
                 {loss.data(), nll.data(), nullptr, d.data(), c.dloss.data(), half.data() + 1, c.targets.data(),
                  lambda, weights, s.N, s.W, s.K, s.K, s.evidence, s.kl_weight, CHORUS_TYPE_BF16}));
  check();
  EXPECT_OK(Call(chorus_evidential,
                 {loss.data(), nll.data(), kl.data(), nullptr, nullptr, half.data() + 1, c.targets.data(), lambda,
                  weights, s.N, s.W, s.K, s.K, s.evidence, s.kl_weight, CHORUS_TYPE_BF16}));
  EXPECT_OK(Call(chorus_evidential,
                 {nullptr, nullptr, nullptr, d.data(), c.dloss.data(), half.data() + 1, c.targets.data(), lambda,
                  weights, s.N, s.W, s.K, s.K, s.evidence, s.kl_weight, CHORUS_TYPE_BF16}));
  EXPECT_ALL_NEAR(ToDouble(kl), expected.kl, AgainstReference(s.W));
  check();
}

/** One row, one label. */
Case Single(std::vector<float> z, std::vector<float> y, int kind, double kl_weight) {
  const int64_t K = static_cast<int64_t>(z.size());
  return {{1, 1, K, K, kind, kl_weight}, std::move(z), std::move(y), {}, {}, {1}};
}

}  // namespace

CHORUS_TEST(MatchesReferenceOverShapesAndStrides) {
  Random random(31);
  for (int kind : kKinds) {
    for (int64_t N : {0, 1, 2, 5}) {
      for (int64_t W : {1, 2, 3, 7}) {
        for (int64_t K : {1, 2, 3, 8, 17, 101}) {
          for (double kl_weight : {0.0, 0.3}) {
            Case c = MakeCase(random, N, W, K, kind, kl_weight, 6);
            CheckAgainstReference(c, 3, 1);
            c.lambda.clear();
            CheckAgainstReference(c, 0, 0);
            CheckFused(c);
            c.weights.clear();
            CheckAgainstReference(c, 0, 1);
          }
        }
      }
    }
  }
}

CHORUS_TEST(MoreRowsThanAVectorHasLanes) {
  Random random(34);
  for (int64_t N : {7, 8, 9, 13, 16, 17, 33}) {
    for (int64_t K : {2, 7, 9, 18, 64, 65}) {
      const Case c = MakeCase(random, N, 5, K, CHORUS_EVIDENCE_EXP, 0.3, 6);
      CheckAgainstReference(c, 1, 3);
      CheckFused(c);
    }
  }
}

CHORUS_TEST(RowsOfManyClasses) {
  Random random(35);
  for (int kind : kKinds) {
    for (int64_t K : {63, 127, 128, 129, 1009, 4000}) {
      // Longer rows sum to a larger S, and S ln S is what the reference loses digits of.
      const double magnitude = K > 1000 ? 3 : 6;
      const Case c = MakeCase(random, 3, 3, K, kind, 0.3, magnitude);
      CheckAgainstReference(c, 5, 1);
      CheckFused(c);
    }
  }
}

CHORUS_TEST(ManyRowsOnSeveralThreads) {
  Random random(36);
  CheckFused(MakeCase(random, 3001, 3, 11, CHORUS_EVIDENCE_EXP, 0.3, 4));
}

CHORUS_TEST(ManyLabels) {
  Random random(32);
  for (int64_t W : {63, 64, 65, 131}) {
    CheckAgainstReference(MakeCase(random, 2, W, 3, CHORUS_EVIDENCE_EXP, 0.5, 3), 0, 0);
    // Of more than 64 classes and more than 64 labels, blocks of labels meet in f32: a few more roundings.
    const Case c = MakeCase(random, 2, W, 70, CHORUS_EVIDENCE_EXP, 0.5, 3);
    SetCase("W " + std::to_string(W));
    EXPECT_ALL_NEAR(KernelGradient(c, c.logits.data(), 70), ReferenceGradient(c),
                    HostOrDevice({1e-6, 4e-7}, AgainstReference(W)));
  }
}

CHORUS_TEST(DirichletTerm_AgreesWithTheSeries) {
  Random random(37);
  // The polynomials are good to 1e-13 (common/dirichlet.h).
  constexpr Tolerance kTerm = {2e-13, 2e-13};
  constexpr Tolerance kSlope = {0, 2e-13};
  for (int i = 0; i < 4000; ++i) {
    // Slopes of special.h near a = 1 are good, but a = 1 + b has lost digits of b.
    const double b = i == 0 ? 0 : std::exp(random.Uniform(-12, i % 2 ? 3 : 60));
    const double a = 1 + b;
    SetCase("a = " + std::to_string(a));
    const chorus::DirichletTerm<double> term(a - 1);
    EXPECT_NEAR(term.Smooth() - 1 - std::log(a) / 2, chorus::DirichletKlTerm(a, 1.0), kTerm);
    EXPECT_NEAR(term.Slope(), chorus::DirichletKlSlope(a, 1.0), kSlope);
    for (double n : {1.0, 2.0, 18.0, 4000.0}) {
      // A sum of n concentrations is at least n, but nothing here depends on that.
      EXPECT_NEAR(term.TotalTerm(n, std::log(a)) - 1, chorus::DirichletKlTerm(a, n),
                  (Tolerance{2e-13 * n, 2e-13}));
      if (a >= n) EXPECT_NEAR(term.TotalSlope(n), chorus::DirichletKlSlope(a, n), kSlope);
    }
  }
  EXPECT_TRUE(chorus::DirichletTerm<double>(0).Smooth() == 0);
}

CHORUS_TEST(ReferenceGradientEqualsFiniteDifferences) {
  Random random(33);
  for (int kind : kKinds) {
    for (int64_t K : {1, 2, 5}) {
      for (double kl_weight : {0.0, 1.0}) {
        const Case c = MakeCase(random, 4, 3, K, kind, kl_weight, 2.5);
        SetCase("evidence " + std::to_string(kind) + ", K " + std::to_string(K));
        const auto objective = [&](const std::vector<double>& z) {
          const Forward f = Reference(c, z);
          double sum = 0;
          for (size_t n = 0; n < f.loss.size(); ++n) sum += c.dloss[n] * f.loss[n];
          return sum;
        };
        EXPECT_ALL_NEAR(ReferenceGradient(c), NumericGradient(objective, ToDouble(c.logits)),
                        kFiniteDifference);
      }
    }
  }
}

CHORUS_TEST(Golden_ExpEvidence) {
  const struct {
    std::vector<float> z, y;
    double nll, kl;
    std::vector<double> dnll, dkl;
  } golden[] = {
      {{1, 0, -1},
       {1, 0, 0},
       0.6448820776,
       0.2301813313,
       {-.34745429, .14112013, .05191519},
       {0, .29320913, .01380514}},
      {{1, 0, -1},
       {.7f, .2f, .1f},
       0.8689049790,
       0.1718259265,
       {-.12813672, .04112013, .02502105},
       {.12924601, .12289863, -.02396388}},
      {{3, 0, -1},
       {0, 1, 0},
       2.5036227542,
       3.3431287719,
       {.82137958, -.45910592, .01504409},
       {1.69876410, 0, -.18456206}},
  };
  for (const auto& g : golden) {
    SetCase("z0 = " + std::to_string(g.z[0]) + ", y0 = " + std::to_string(g.y[0]));
    const Case plain = Single(g.z, g.y, CHORUS_EVIDENCE_EXP, 0);
    const Case with_kl = Single(g.z, g.y, CHORUS_EVIDENCE_EXP, 1);
    // f32 labels such as 0.7 differ from the golden's in the eighth digit.
    const Forward f = Kernel(with_kl, g.z.data(), 3);
    EXPECT_NEAR(f.nll[0], g.nll, kGoldenF32);
    EXPECT_NEAR(f.kl[0], g.kl, kGoldenF32);
    EXPECT_NEAR(f.loss[0], g.nll + g.kl, kGoldenF32);
    EXPECT_NEAR(Kernel(plain, g.z.data(), 3).loss[0], g.nll, kGoldenF32);
    const Tolerance kGradient = HostOrDevice({3e-8, 1.2e-7}, kGoldenF32);
    EXPECT_ALL_NEAR(KernelGradient(plain, g.z.data(), 3), g.dnll, kGradient);
    std::vector<double> both = g.dnll;
    for (size_t k = 0; k < 3; ++k) both[k] += g.dkl[k];
    EXPECT_ALL_NEAR(KernelGradient(with_kl, g.z.data(), 3), both, kGradient);
  }
  // The reference in double, whose only error is the printing of the golden values.
  const std::vector<double> z = {1, 0, -1}, y = {.7, .2, .1};
  double loss, nll, kl;
  const EvidentialSpec spec = {1, 1, 3, 3, CHORUS_EVIDENCE_EXP, 1};
  chorus::EvidentialForwardRef(&loss, &nll, &kl, z.data(), y.data(), nullptr, nullptr, spec);
  EXPECT_NEAR(nll, 0.8689049790, kGolden10);
  EXPECT_NEAR(kl, 0.1718259265, kGolden10);
}

CHORUS_TEST(Golden_SoftplusAndRelu) {
  const Case softplus = Single({1, 0, -1}, {1, 0, 0}, CHORUS_EVIDENCE_SOFTPLUS, 0);
  EXPECT_NEAR(Kernel(softplus, softplus.logits.data(), 3).nll[0], 0.8327528613, kGoldenF32);
  EXPECT_ALL_NEAR(KernelGradient(softplus, softplus.logits.data(), 3),
                  (std::vector<double>{-.17860381, .09399078, .05055603}), kGoldenF32);
  const Case relu = Single({1, 0, -1}, {1, 0, 0}, CHORUS_EVIDENCE_RELU, 0);
  EXPECT_NEAR(Kernel(relu, relu.logits.data(), 3).nll[0], 0.6931471806, kGoldenF32);
  EXPECT_ALL_NEAR(KernelGradient(relu, relu.logits.data(), 3), (std::vector<double>{-.25, 0, 0}),
                  kGoldenF32);
}

CHORUS_TEST(Golden_ThreeWeakLabels) {
  const std::vector<float> y = {.9f, .05f, .05f, .6f, .3f, .1f, .2f, .7f, .1f};
  Case c = {{1, 3, 3, 3, CHORUS_EVIDENCE_EXP, 1}, {1, 0, -1}, y, {.25f, .25f, .5f}, {}, {1}};
  EXPECT_NEAR(Kernel(c, c.logits.data(), 3).loss[0], 1.3459134943, kGoldenF32);
  EXPECT_NEAR(Kernel(c, c.logits.data(), 3).nll[0], 1.0036821744, kGoldenF32);
  const double each[] = {.89033424, 1.14045848, 1.67643063};
  for (size_t i = 0; i < 3; ++i) {
    const Case one =
        Single({1, 0, -1}, {y[3 * i], y[3 * i + 1], y[3 * i + 2]}, CHORUS_EVIDENCE_EXP, 1);
    EXPECT_NEAR(Kernel(one, one.logits.data(), 3).loss[0], each[i], HostOrDevice({2e-8, 1.2e-7}, kGoldenF32));
  }
}

CHORUS_TEST(Golden_HugeConcentrations_WhereTheTextbookSumHasNoDigitsLeft) {
  // Computed with 80 digits.
  const struct {
    std::vector<float> z, y;
    double kl;
    std::vector<double> dkl;
  } golden[] = {
      {{40, 0, -3}, {0, 1, 0}, 77.259010291997174, {2, 0, -0.045987621271989725}},
      {{39.5f, 39, -3, 12},
       {.25f, .5f, .125f, .125f},
       88.067109469275426,
       {1.9922495078762429, 0.50775049212044239, -0.040629621065393556, -0.4999988296705228}},
      {{22, -1, -1, -1, -1},
       {.5f, .5f, 0, 0, 0},
       77.032052562734541,
       {3.9999999856096356, -0.14024196890034769, -0.22468192648952299, -0.22468192648952299,
        -0.22468192648952299}},
  };
  for (const auto& g : golden) {
    const int64_t K = static_cast<int64_t>(g.z.size());
    SetCase("z0 = " + std::to_string(g.z[0]));
    Case c = Single(g.z, g.y, CHORUS_EVIDENCE_EXP,
                    1e6);  // so that the NLL's part, below 2, is seen but known
    const Forward f = Kernel(c, c.logits.data(), K);
    EXPECT_NEAR(f.kl[0], g.kl, kF32Rounding);
    const std::vector<double> d = KernelGradient(c, c.logits.data(), K);
    for (size_t k = 0; k < g.z.size(); ++k)
      EXPECT_NEAR(d[k] / 1e6, g.dkl[k], (Tolerance{2e-6, 2e-7}));
  }
}

CHORUS_TEST(ExtremeLogits_StayFiniteAndExact) {
  // At +-1e4 the evidence of exp would overflow; ln S - ln alpha is then a difference of logits.
  Case c = Single({1e4f, -1e4f, 0}, {0, 0, 1}, CHORUS_EVIDENCE_EXP, 0);
  EXPECT_NEAR(Kernel(c, c.logits.data(), 3).nll[0], 1e4 - std::log(2.0), kSame);
  EXPECT_ALL_NEAR(KernelGradient(c, c.logits.data(), 3), (std::vector<double>{1, 0, -.5}),
                  kSame);
  for (int kind : kKinds) {
    for (float magnitude : {41.f, 88.f, 710.f, 1e4f, 3e38f}) {
      SetCase("evidence " + std::to_string(kind) + ", |z| " + std::to_string(magnitude));
      c = Single({magnitude, -magnitude, 0}, {.25f, .25f, .5f}, kind, 1);
      const Forward f = Kernel(c, c.logits.data(), 3);
      EXPECT_TRUE(std::isfinite(f.loss[0]) && f.nll[0] > 0 && f.kl[0] > 0);
      for (double d : KernelGradient(c, c.logits.data(), 3)) EXPECT_TRUE(std::isfinite(d));
    }
  }
  // Beyond 40 the KL term is constant: only the NLL moves.
  const Case at = Single({40, 0}, {0, 1}, CHORUS_EVIDENCE_EXP, 1);
  const Case beyond = Single({90, 0}, {0, 1}, CHORUS_EVIDENCE_EXP, 1);
  EXPECT_TRUE(Kernel(at, at.logits.data(), 2).kl[0] ==
              Kernel(beyond, beyond.logits.data(), 2).kl[0]);
  EXPECT_NEAR(KernelGradient(beyond, beyond.logits.data(), 2)[0], 1, kSame);
}

CHORUS_TEST(NoEvidence_IsTheUniformDirichlet) {
  for (int kind : kKinds) {
    SetCase("evidence " + std::to_string(kind));
    const Case c = Single({-INFINITY, -INFINITY, -INFINITY}, {.5f, .25f, .25f}, kind, 1);
    const Forward f = Kernel(c, c.logits.data(), 3);
    EXPECT_NEAR(f.nll[0], std::log(3.0), kSame);
    // On a device both of the terms whose difference this is are f32, of order 1.
    EXPECT_NEAR(f.kl[0], 0, HostOrDevice({1e-14, 0}, {3e-7, 0}));
    EXPECT_ALL_NEAR(KernelGradient(c, c.logits.data(), 3), (std::vector<double>{0, 0, 0}),
                    kSame);
  }
}

CHORUS_TEST(OneClass_CostsNothing) {
  for (int kind : kKinds) {
    for (float z : {-30.f, 0.f, 3.f, 60.f}) {
      const Case c = Single({z}, {1}, kind, 1);
      EXPECT_NEAR(Kernel(c, c.logits.data(), 1).loss[0], 0, HostOrDevice({1e-13, 0}, {1e-6, 0}));
      EXPECT_NEAR(KernelGradient(c, c.logits.data(), 1)[0], 0, HostOrDevice({1e-13, 0}, {1e-6, 0}));
    }
  }
}

CHORUS_TEST(EqualLabels_AreOneLabel) {
  const Case one = Single({1, 0, -1}, {.5f, .25f, .25f}, CHORUS_EVIDENCE_EXP, 1);
  Case four = {{1, 4, 3, 3, CHORUS_EVIDENCE_EXP, 1}, {1, 0, -1}, {}, {}, {}, {1}};
  for (int i = 0; i < 4; ++i)
    four.targets.insert(four.targets.end(), one.targets.begin(), one.targets.end());
  EXPECT_NEAR(Kernel(four, four.logits.data(), 3).loss[0],
              Kernel(one, one.logits.data(), 3).loss[0], kSame);
  EXPECT_ALL_NEAR(KernelGradient(four, four.logits.data(), 3),
                  KernelGradient(one, one.logits.data(), 3), kSame);
}

CHORUS_TEST(WeightZeroIsRemoved_EvenIfTheRowHoldsNonsense) {
  Case c = {{3, 2, 2, 2, CHORUS_EVIDENCE_EXP, 1},
            {1, 0, NAN, INFINITY, NAN, 2},
            {1, 0, NAN, 7, NAN, 7, -1, 7, NAN, 7, -1, 7},
            {1, 0, NAN, -1, 0, 0},
            {1, 0, 1},
            {1, NAN, NAN}};
  const Forward f = Kernel(c, c.logits.data(), 2);
  const Case alone = Single({1, 0}, {1, 0}, CHORUS_EVIDENCE_EXP, 1);
  // Row 0 has one live label, row 1 weight 0, row 2 only labels of lambda 0.
  EXPECT_TRUE(f.loss[0] == Kernel(alone, alone.logits.data(), 2).loss[0]);
  for (size_t n : {1, 2}) EXPECT_TRUE(f.loss[n] == 0 && f.nll[n] == 0 && f.kl[n] == 0);
  const std::vector<double> d = KernelGradient(c, c.logits.data(), 2);
  EXPECT_TRUE(d[0] != 0 && d[2] == 0 && d[3] == 0 && d[4] == 0 && d[5] == 0);
}

CHORUS_TEST(WeightTwoEqualsTheRowTwice) {
  Case once = Single({.3f, -1, 2}, {.5f, .25f, .25f}, CHORUS_EVIDENCE_SOFTPLUS, .5);
  const double loss = Kernel(once, once.logits.data(), 3).loss[0];
  const std::vector<double> d = KernelGradient(once, once.logits.data(), 3);
  once.weights = {2};
  EXPECT_TRUE(Kernel(once, once.logits.data(), 3).loss[0] == loss + loss);
  const std::vector<double> doubled = KernelGradient(once, once.logits.data(), 3);
  for (size_t k = 0; k < 3; ++k) EXPECT_TRUE(doubled[k] == d[k] + d[k]);
}

CHORUS_TEST(RefusesBadValues_AndNamesTheRow) {
  Random random(38);
  const Case good = {{2, 2, 2, 2, CHORUS_EVIDENCE_EXP, 1},
                     {1, 0, 0, 2},
                     {1, 0, 0, 1, 1, 0, 0, 1},
                     {1, 1, 1, 1},
                     {1, 1},
                     {1, 1}};
  const auto refused = [](const Case& c, const std::string& message) {
    std::vector<float> out(6, 9), d(4, 9);
    EXPECT_STATUS(Call(chorus_evidential,
                       {out.data(), out.data() + 2, out.data() + 4, nullptr, nullptr, c.logits.data(),
                        c.targets.data(), c.lambda.data(), c.weights.data(), 2, 2, 2, 2, 0, 1, CHORUS_TYPE_F32}),
                  CHORUS_INVALID_VALUE, "evidential_forward_f32: " + message);
    EXPECT_STATUS(
        Call(chorus_evidential,
             {nullptr, nullptr, nullptr, d.data(), c.dloss.data(), c.logits.data(), c.targets.data(), c.lambda.data(),
              c.weights.data(), 2, 2, 2, 2, 0, 1, CHORUS_TYPE_F32}),
        CHORUS_INVALID_VALUE, "evidential_backward_f32: " + message);
    EXPECT_STATUS(Call(chorus_evidential,
                       {out.data(), out.data() + 2, out.data() + 4, d.data(), c.dloss.data(), c.logits.data(),
                        c.targets.data(), c.lambda.data(), c.weights.data(), 2, 2, 2, 2, 0, 1, CHORUS_TYPE_F32}),
                  CHORUS_INVALID_VALUE, "evidential_forward_backward_f32: " + message);
  };
  Case c = good;
  c.logits[3] = NAN;
  refused(c, "row 1: logit 1 is NaN");
  c.logits[3] = INFINITY;
  refused(c, "row 1: logit 1 is +infinity");
  c = good;
  c.targets[6] = 1.1f;
  refused(c, "row 1: label 1 gives class 0 1.1, expected [0, 1]");
  c.targets[6] = NAN;
  refused(c, "row 1: label 1 gives class 0");
  c.targets[6] = -0.1f;
  refused(c, "row 1: label 1 gives class 0 -0.1");
  c = good;
  c.lambda[2] = -1;
  refused(c, "row 1: lambda of label 0 is -1");
  c = good;
  c.weights[1] = INFINITY;
  refused(c, "row 1: weight is inf");
  c = good;
  c.dloss[1] = NAN;
  std::vector<float> d(4, 9);
  EXPECT_STATUS(
      Call(chorus_evidential,
           {nullptr, nullptr, nullptr, d.data(), c.dloss.data(), c.logits.data(), c.targets.data(), nullptr, nullptr,
            2, 2, 2, 2, 0, 1, CHORUS_TYPE_F32}),
      CHORUS_INVALID_VALUE, "row 1: dloss is");
  // The first of several bad rows, also where they share a vector or a thread.
  Case many = MakeCase(random, 100, 1, 3, CHORUS_EVIDENCE_EXP, 1, 3);
  many.weights.clear();
  many.lambda.clear();
  for (size_t n : {99, 57, 61, 62}) many.logits[3 * n] = NAN;
  many.targets[3 * 58] = -1;
  std::vector<float> out(300);
  EXPECT_STATUS(Call(chorus_evidential,
                     {out.data(), out.data() + 100, nullptr, nullptr, nullptr, many.logits.data(), many.targets.data(),
                      nullptr, nullptr, 100, 1, 3, 3, 0, 1, CHORUS_TYPE_F32}),
                CHORUS_INVALID_VALUE, "row 57: logit 0 is NaN");
}

CHORUS_TEST(LabelsRoundedToAboveOne_AreTaken) {
  const Case c = Single({40, 0}, {1.000001f, 0}, CHORUS_EVIDENCE_EXP, 1);
  // With 1 - y = -1e-6 the concentration would be -2e11 and its logarithm NaN.
  EXPECT_TRUE(std::isfinite(Kernel(c, c.logits.data(), 2).loss[0]));
}

CHORUS_TEST(RefusesBadArguments) {
  float x[4] = {1, 0, 0, 1};
  EXPECT_STATUS(
      Call(chorus_evidential,
           {x, x, x, nullptr, nullptr, x, nullptr, nullptr, nullptr, 1, 1, 2, 2, 0, 1, CHORUS_TYPE_F32}),
      CHORUS_INVALID_ARGUMENT, "targets is null");
  EXPECT_STATUS(Call(chorus_evidential,
                     {x, x, x, nullptr, nullptr, x, x, nullptr, nullptr, 1, 0, 2, 2, 0, 1, CHORUS_TYPE_F32}),
                CHORUS_INVALID_ARGUMENT, "W = 0");
  EXPECT_STATUS(Call(chorus_evidential,
                     {x, x, x, nullptr, nullptr, x, x, nullptr, nullptr, 1, 1, 0, 2, 0, 1, CHORUS_TYPE_F32}),
                CHORUS_INVALID_ARGUMENT, "K = 0");
  EXPECT_STATUS(Call(chorus_evidential,
                     {x, x, x, nullptr, nullptr, x, x, nullptr, nullptr, 1, 1, 2, 2, 3, 1, CHORUS_TYPE_F32}),
                CHORUS_INVALID_ARGUMENT, "evidence = 3");
  EXPECT_STATUS(Call(chorus_evidential,
                     {nullptr, nullptr, nullptr, x, x, x, x, nullptr, nullptr, 1, 1, 2, 2, 0, NAN, CHORUS_TYPE_F32}),
                CHORUS_INVALID_ARGUMENT, "kl_weight = ");
  EXPECT_STATUS(
      Call(chorus_evidential,
           {nullptr, nullptr, nullptr, x, nullptr, x, x, nullptr, nullptr, 1, 1, 2, 2, 0, 1, CHORUS_TYPE_F32}),
      CHORUS_INVALID_ARGUMENT, "dloss is null");
  EXPECT_STATUS(Call(chorus_evidential,
                     {x, nullptr, x, x, x, x, x, nullptr, nullptr, 1, 1, 2, 2, 0, 1, CHORUS_TYPE_F32}),
                CHORUS_INVALID_ARGUMENT, "nll is null");
  EXPECT_STATUS(Call(chorus_evidential,
                     {x, x, x, nullptr, x, x, x, nullptr, nullptr, 1, 1, 2, 2, 0, 1, CHORUS_TYPE_F32}),
                CHORUS_INVALID_ARGUMENT, "dlogits is null");
  EXPECT_OK(Call(chorus_evidential,
                 {nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, 0, 0, 0, 0, 0, 1,
                  CHORUS_TYPE_F32}));
}
