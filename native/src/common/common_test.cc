#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "chorus.h"
#include "common/elementwise.h"
#include "common/rows.h"
#include "common/softmax.h"
#include "common/special.h"
#include "common/status.h"
#include "testing/test.h"

using namespace chorus_testing;

namespace {

/** Double results after a handful of roundings; lnGamma has zeros at 1 and 2, so the tolerance has
 * an absolute part. */
constexpr Tolerance kDouble = {2e-14, 2e-14};

}  // namespace

CHORUS_TEST(SpecialFunctions_Golden) {
  // Computed with 50 digits and rounded.
  const struct {
    double x, ln_gamma, digamma, trigamma;
  } golden[] = {
      {0.001, 6.907178885383853, -1000.5755719318103, 1000001.6425331959},
      {0.5, 0.5723649429247, -1.9635100260214235, 4.93480220054468},
      {1, 0, -0.5772156649015329, 1.6449340668482266},
      {2.5, 0.2846828704729192, 0.7031566406452432, 0.4903577561002349},
      {10, 12.801827480081469, 2.251752589066721, 0.10516633568168576},
      {1234.5, 7550.550901077894, 7.118016231827999, 8.103727271269668e-4},
      {32000, 299947.4500125661, 10.373475556700484, 3.1250488286336265e-5},
  };
  for (const auto& g : golden) {
    SetCase("x = " + std::to_string(g.x));
    EXPECT_NEAR(chorus::LnGamma(g.x), g.ln_gamma, kDouble);
    EXPECT_NEAR(chorus::Digamma(g.x), g.digamma, kDouble);
    EXPECT_NEAR(chorus::Trigamma(g.x), g.trigamma, kDouble);
  }
}

CHORUS_TEST(SpecialFunctions_AgreeWithLibmAndTheirRecurrence) {
  Random random(11);
  for (int i = 0; i < 2000; ++i) {
    const double x = std::exp(random.Uniform(-20, 40));
    SetCase("x = " + std::to_string(x));
    EXPECT_NEAR(chorus::LnGamma(x), std::lgamma(x), kDouble);
    // So that the sums do not cancel: for small x, psi(x) is near -1/x and psi1(x) near 1/x^2.
    EXPECT_NEAR(chorus::Digamma(x), chorus::Digamma(x + 1) - 1 / x, kDouble);
    EXPECT_NEAR(chorus::Trigamma(x), chorus::Trigamma(x + 1) + 1 / (x * x), kDouble);
  }
}

CHORUS_TEST(SpecialFunctions_AreContinuousWhereTheSeriesBegins) {
  const double below = std::nextafter(10.0, 0.0);
  EXPECT_NEAR(chorus::LnGamma(below), chorus::LnGamma(10.0), kDouble);
  EXPECT_NEAR(chorus::Digamma(below), chorus::Digamma(10.0), kDouble);
  EXPECT_NEAR(chorus::Trigamma(below), chorus::Trigamma(10.0), kDouble);
  EXPECT_NEAR(chorus::DirichletKlTerm(below, 3.0), chorus::DirichletKlTerm(10.0, 3.0), kDouble);
  EXPECT_NEAR(chorus::DirichletKlSlope(below, 3.0), chorus::DirichletKlSlope(10.0, 3.0), kDouble);
}

CHORUS_TEST(DirichletKlTerms_GoldenToHugeConcentrations) {
  // (a - n) psi(a) - lnGamma(a) - a and (a - n) psi1(a) - 1, computed with 80 digits.
  const struct {
    double a, n, term, slope;
  } golden[] = {
      {1, 1, -1, -1},
      {1.5, 1, -1.3609727753754665, -0.53259889972766035},
      {10, 1, -2.5360541784809796, -0.053502978864828285},
      {10, 3, -7.0395593566144219, -0.26383565022819978},
      {12.5, 7, -17.565771429924429, -0.54193126469131896},
      {1e3, 5, -32.50150353861322, -0.0045023341666998333},
      {1e8, 3, -47.470640379752253, -2.5000000133333334e-8},
      {2e17, 1, -21.337485413934034, -2.5e-18},
      {2e17, 1000, -39818.594153111197, -4.9975e-15},
      {3e38, 4, -311.50789891175113, -1.1666666666666666e-38},
  };
  constexpr Tolerance kRelative = {1e-14, 1e-13};
  constexpr Tolerance kSlope = {
      0, 2e-13};  // no absolute part: slopes are multiplied by concentrations
  for (const auto& g : golden) {
    SetCase("a = " + std::to_string(g.a) + ", n = " + std::to_string(g.n));
    EXPECT_NEAR(chorus::DirichletKlTerm(g.a, g.n), g.term, kRelative);
    EXPECT_NEAR(chorus::DirichletKlSlope(g.a, g.n), g.slope, kSlope);
  }
}

CHORUS_TEST(Elementwise_KeepsRelativeAccuracyAtBothEnds) {
  constexpr Tolerance kRelative = {0, 4e-16};
  EXPECT_NEAR(chorus::Softplus(0.0), 0.69314718055994531, kRelative);
  EXPECT_NEAR(chorus::Softplus(-700.0), std::exp(-700.0), kRelative);
  EXPECT_NEAR(chorus::Softplus(1e4), 1e4, kRelative);
  EXPECT_NEAR(chorus::Softplus(-double{INFINITY}), 0, kRelative);
  EXPECT_NEAR(chorus::LogSigmoid(-1e4), -1e4, kRelative);
  EXPECT_NEAR(chorus::LogSigmoid(40.0), -4.2483542552915889e-18, kRelative);
  EXPECT_NEAR(chorus::Sigmoid(0.0), 0.5, kRelative);
  EXPECT_NEAR(chorus::Sigmoid(-700.0), std::exp(-700.0), kRelative);
  EXPECT_NEAR(chorus::Sigmoid(-double{INFINITY}), 0, kRelative);
  EXPECT_NEAR(chorus::Sigmoid(1e4), 1, kRelative);
  EXPECT_NEAR(chorus::Log1mExp(-1e-20), -46.051701859880914, kRelative);
  EXPECT_NEAR(chorus::Log1mExp(-50.0), -1.9287498479639178e-22, kRelative);
  EXPECT_NEAR(chorus::Log1mExp(-0.69314718055994531), -0.69314718055994531, kRelative);
  EXPECT_NEAR(chorus::LogAddExp(1e4, 1e4), 1e4 + 0.69314718055994531, kRelative);
  EXPECT_NEAR(chorus::LogAddExp(-double{INFINITY}, 2.0), 2, kRelative);
  EXPECT_NEAR(chorus::LogAddExp(2.0, -double{INFINITY}), 2, kRelative);
  EXPECT_TRUE(chorus::LogAddExp(-double{INFINITY}, -double{INFINITY}) == -INFINITY);
  EXPECT_TRUE(std::isnan(chorus::Softplus(std::nan(""))));
}

CHORUS_TEST(PolynomialExp_AgreesWithLibm) {
  // Both round; the polynomial's own error is far below.
  constexpr Tolerance kExp = {0, 1e-15};
  Random random(7);
  for (int i = 0; i < 20000; ++i) {
    const double x = i < 10000 ? random.Uniform(-700, 700) : random.Uniform(-2, 2);
    SetCase("x = " + std::to_string(x));
    EXPECT_NEAR(chorus::PolynomialExp(x), std::exp(x), kExp);
  }
  EXPECT_TRUE(chorus::PolynomialExp(0) == 1);
  EXPECT_TRUE(chorus::PolynomialExp(-INFINITY) == 0);
  EXPECT_TRUE(chorus::PolynomialExp(-745) == 0);
}

CHORUS_TEST(Rows_AgreeWithPlainLoops) {
  constexpr Tolerance kSum = {1e-300, 1e-14};
  Random random(8);
  for (int64_t V : {1, 2, 15, 16, 17, 31, 33, 1009}) {
    SetCase("V = " + std::to_string(V));
    std::vector<float> z = random.Floats(V, -20, 20);
    if (V > 2) z[static_cast<size_t>(V / 2)] = -INFINITY;
    float max = -INFINITY;
    for (float x : z) max = std::max(max, x);
    EXPECT_TRUE(chorus::RowMax(z.data(), V) == max);
    EXPECT_TRUE(!chorus::RowHasBadLogit(z.data(), V));
    double sum = 0, dot = 0;
    for (float x : z) {
      if (x == -INFINITY) continue;
      const double d = static_cast<double>(x) - max;
      sum += std::exp(d);
      dot += std::exp(d) * d;
    }
    const chorus::ExpSums sums = chorus::RowExpSums(z.data(), V, max);
    EXPECT_NEAR(sums.sum, sum, kSum);
    EXPECT_NEAR(sums.dot, dot, kSum);
    for (float bad : {std::numeric_limits<float>::quiet_NaN(), INFINITY}) {
      std::vector<float> with = z;
      with[static_cast<size_t>(V - 1)] = bad;
      EXPECT_TRUE(chorus::RowHasBadLogit(with.data(), V));
    }
  }
}

CHORUS_TEST(OnlineSoftmax_MergeOfPartsEqualsTheWhole) {
  constexpr Tolerance kSameRow = {1e-12, 1e-13};
  Random random(12);
  for (int64_t count : {1, 2, 3, 17, 1000}) {
    std::vector<float> z = random.Floats(count, -30, 30);
    if (count > 2) z[1] = -INFINITY;
    chorus::OnlineSoftmax<double> whole;
    for (float value : z) whole.Add(value);
    for (int64_t cut = 0; cut <= count; cut += count / 7 + 1) {
      chorus::OnlineSoftmax<double> left, right;
      for (int64_t i = 0; i < count; ++i) (i < cut ? left : right).Add(z[static_cast<size_t>(i)]);
      SetCase("count " + std::to_string(count) + ", cut " + std::to_string(cut));
      chorus::OnlineSoftmax<double> merged = right;
      merged.Merge(left);
      left.Merge(right);
      EXPECT_NEAR(left.Lse(), whole.Lse(), kSameRow);
      EXPECT_NEAR(left.Entropy(), whole.Entropy(), kSameRow);
      EXPECT_NEAR(merged.Lse(), whole.Lse(), kSameRow);
      EXPECT_NEAR(merged.Entropy(), whole.Entropy(), kSameRow);
    }
  }
}

CHORUS_TEST(OnlineSoftmax_SurvivesFarApartMaxima) {
  chorus::OnlineSoftmax<double> row;
  for (double z : {-3e38, -1e4, 1e4, 3e38}) row.Add(z);
  EXPECT_TRUE(row.Lse() == 3e38);
  EXPECT_TRUE(row.Entropy() == 0);
  chorus::OnlineSoftmax<double> empty;
  empty.Merge(chorus::OnlineSoftmax<double>());
  EXPECT_TRUE(empty.Lse() == -INFINITY);
}

CHORUS_TEST(Fail_TruncatesLongMessages) {
  const std::string longer(2000, 'x');
  EXPECT_STATUS(chorus::Fail(CHORUS_INTERNAL, "begin %s", longer.c_str()), CHORUS_INTERNAL,
                "begin xxx");
  EXPECT_TRUE(std::string(chorus_last_error()).size() < 600);
}
