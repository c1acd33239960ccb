#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "chorus.h"
#include "common/elementwise.h"
#include "common/bf16.h"
#include "common/softmax.h"
#include "common/softmax_rows.h"
#include "common/special.h"
#include "common/status.h"
#include "simd/math_loops.h"
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
  const double from = chorus::special::kSeriesFrom;
  const double below = std::nextafter(from, 0.0);
  EXPECT_NEAR(chorus::LnGamma(below), chorus::LnGamma(from), kDouble);
  EXPECT_NEAR(chorus::Digamma(below), chorus::Digamma(from), kDouble);
  EXPECT_NEAR(chorus::Trigamma(below), chorus::Trigamma(from), kDouble);
  EXPECT_NEAR(chorus::DirichletKlTerm(below, 3.0), chorus::DirichletKlTerm(from, 3.0), kDouble);
  EXPECT_NEAR(chorus::DirichletKlSlope(below, 3.0), chorus::DirichletKlSlope(from, 3.0), kDouble);
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

CHORUS_TEST(VectorMath_AgreesWithLibm) {
  const chorus::MathLoops& math = chorus::CurrentMathLoops();
  Random random(7);
  std::vector<double> x, y(4001), small;
  for (int i = 0; i < 4001; ++i) x.push_back(i % 2 ? random.Uniform(-700, 700) : random.Uniform(-2, 2));
  math.exp(y.data(), x.data(), 4001);
  for (size_t i = 0; i < x.size(); ++i) EXPECT_NEAR(y[i], std::exp(x[i]), (Tolerance{0, 1e-15}));
  for (double& v : x) v = std::exp(v);
  math.log(y.data(), x.data(), 4001);
  for (size_t i = 0; i < x.size(); ++i) EXPECT_NEAR(y[i], std::log(x[i]), (Tolerance{1e-16, 4e-16}));
  math.log1p(y.data(), x.data(), 4001);
  for (size_t i = 0; i < x.size(); ++i) EXPECT_NEAR(y[i], std::log1p(x[i]), (Tolerance{0, 1e-15}));

  const std::vector<double> edge = {0, -INFINITY, -709, NAN, 1, 2, 0.5};
  math.exp(y.data(), edge.data(), 7);
  EXPECT_TRUE(y[0] == 1 && y[1] == 0 && y[2] == 0 && std::isnan(y[3]));
  math.log(y.data(), edge.data(), 7);
  EXPECT_TRUE(y[0] == -INFINITY && std::isnan(y[3]) && y[4] == 0);
  EXPECT_NEAR(y[5], 0.69314718055994531, (Tolerance{0, 2e-16}));
  EXPECT_NEAR(y[6], -0.69314718055994531, (Tolerance{0, 2e-16}));

  std::vector<float> f = random.Floats(4001, -85, 85), g(4001);
  math.exp_f32(g.data(), f.data(), 4001);
  for (size_t i = 0; i < f.size(); ++i)
    EXPECT_NEAR(g[i], std::exp(static_cast<double>(f[i])), (Tolerance{0, 1.2e-7 + 7e-8 * std::fabs(f[i])}));
  const std::vector<float> far = {0, -88, -INFINITY, -1e30f};
  math.exp_f32(g.data(), far.data(), 4);
  EXPECT_TRUE(g[0] == 1 && g[1] == 0 && g[2] == 0 && g[3] == 0);

  for (double magnitude : {0.01, 1.0, 12.0}) {
    f = random.Floats(4001, -magnitude, magnitude);
    math.tanh_f32(g.data(), f.data(), 4001);
    for (size_t i = 0; i < f.size(); ++i) {
      EXPECT_NEAR(g[i], std::tanh(static_cast<double>(f[i])), (Tolerance{0, 4e-7}));
    }
  }
  const std::vector<float> ends = {0, 1e30f, -1e30f, INFINITY, -INFINITY, 1e-30f};
  math.tanh_f32(g.data(), ends.data(), 6);
  EXPECT_TRUE(g[0] == 0 && g[1] == 1 && g[2] == -1 && g[3] == 1 && g[4] == -1 && g[5] == 1e-30f);
}

CHORUS_TEST(Bf16_RoundTripsAndRoundsToEven) {
  for (uint32_t bits = 0; bits < 1 << 16; ++bits) {
    const float wide = chorus::Widen(static_cast<uint16_t>(bits));
    const uint16_t back = chorus::Narrow<uint16_t>(wide);
    if (std::isnan(wide)) {
      EXPECT_TRUE(std::isnan(chorus::Widen(back)));
    } else {
      EXPECT_TRUE(back == bits);
    }
  }
  // Half way between two neighbours: to the even one. A hair above: up.
  EXPECT_TRUE(chorus::Narrow<uint16_t>(1.00390625f) == 0x3f80);
  EXPECT_TRUE(chorus::Narrow<uint16_t>(1.01171875f) == 0x3f82);
  EXPECT_TRUE(chorus::Narrow<uint16_t>(std::nextafter(1.00390625f, 2.0f)) == 0x3f81);
  EXPECT_TRUE(chorus::Widen(chorus::Narrow<uint16_t>(3.4e38f)) == INFINITY);
  EXPECT_TRUE(chorus::Widen(chorus::Narrow<uint16_t>(-INFINITY)) == -INFINITY);
}

namespace {

/** f32 elements: e^x is good to 1.2e-7 + 7e-8 |x|, and |x| is below 12 where e^x still counts. */
constexpr Tolerance kSoftmaxSum = {1e-12, 3e-7};
constexpr Tolerance kSoftmaxDot = {1e-12, 1e-6};

void CheckSums(const chorus::SoftmaxSums& sums, const std::vector<float>& z) {
  chorus::OnlineSoftmax<double> expected;
  for (float x : z) expected.Add(x);
  EXPECT_TRUE(sums.max == static_cast<float>(expected.max));
  EXPECT_NEAR(sums.sum, expected.sum, kSoftmaxSum);
  EXPECT_NEAR(sums.dot, expected.dot, kSoftmaxDot);
  EXPECT_TRUE(!sums.HasBadLogit());
}

std::vector<uint16_t> ToBf16(std::vector<float>& z) {
  std::vector<uint16_t> half;
  for (float& x : z) {
    half.push_back(chorus::Narrow<uint16_t>(x));
    x = chorus::Widen(half.back());
  }
  return half;
}

}  // namespace

CHORUS_TEST(SoftmaxRows_AgreeWithPlainLoops) {
  Random random(8);
  const chorus::SoftmaxRows& rows = chorus::CurrentSoftmaxRows();
  // Around every vector length, around the chunk of 2,048, and several chunks whose maximum grows or falls.
  for (int64_t V : {1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 1009, 2047, 2048, 2049, 5000}) {
    for (double magnitude : {0.5, 20.0, 1e4}) {
      SetCase("V = " + std::to_string(V) + ", magnitude " + std::to_string(magnitude));
      std::vector<float> z = random.Floats(V, -magnitude, magnitude);
      for (size_t v = 0; v < z.size(); ++v) z[v] += static_cast<float>(v) * 2e-3f;
      if (V > 2) z[static_cast<size_t>(V / 2)] = -INFINITY;
      CheckSums(chorus::RowSums(rows, z.data(), V), z);
      const std::vector<uint16_t> half = ToBf16(z);
      CheckSums(chorus::RowSums(rows, half.data(), V), z);
      for (float bad : {std::numeric_limits<float>::quiet_NaN(), INFINITY}) {
        for (int64_t where : {int64_t{0}, V / 2, V - 1}) {
          std::vector<float> with = z;
          with[static_cast<size_t>(where)] = bad;
          EXPECT_TRUE(chorus::RowSums(rows, with.data(), V).HasBadLogit());
          std::vector<uint16_t> with_half = ToBf16(with);
          EXPECT_TRUE(chorus::RowSums(rows, with_half.data(), V).HasBadLogit());
          EXPECT_TRUE(!chorus::RowScaledExp(rows, with.data(), V, 0, 1));
          EXPECT_TRUE(!chorus::RowScaledExp(rows, with_half.data(), V, 0, 1));
        }
      }
    }
  }
}

CHORUS_TEST(SoftmaxRows_MaskedRowsAreEmpty) {
  const chorus::SoftmaxRows& rows = chorus::CurrentSoftmaxRows();
  for (int64_t V : {1, 16, 2048, 5000}) {
    std::vector<float> z(static_cast<size_t>(V), -INFINITY);
    EXPECT_TRUE(chorus::RowSums(rows, z.data(), V).IsEmpty());
    // The first chunks masked, one logit in the last.
    z.back() = -1e4f;
    const chorus::SoftmaxSums sums = chorus::RowSums(rows, z.data(), V);
    EXPECT_TRUE(sums.Lse() == -1e4);
    EXPECT_NEAR(sums.Entropy(), 0, (Tolerance{1e-30, 0}));
  }
}

CHORUS_TEST(SoftmaxRows_NanBehindAMaskedChunkIsSeen_AndTheLowestFloatIsALogit) {
  const chorus::SoftmaxRows& rows = chorus::CurrentSoftmaxRows();
  std::vector<float> z(4096, -INFINITY);
  z[0] = NAN;
  std::fill(z.begin() + 2048, z.end(), 0.0f);
  EXPECT_TRUE(chorus::RowSums(rows, z.data(), 4096).HasBadLogit());
  const std::vector<float> lowest(5, -std::numeric_limits<float>::max());
  const chorus::SoftmaxSums sums = chorus::RowSums(rows, lowest.data(), 5);
  EXPECT_TRUE(sums.sum == 5 && sums.dot == 0 && !sums.IsEmpty());
}

CHORUS_TEST(SoftmaxRows_ScaledExpAgreesWithLibm) {
  Random random(9);
  const chorus::SoftmaxRows& rows = chorus::CurrentSoftmaxRows();
  for (int64_t V : {1, 7, 8, 9, 15, 16, 17, 31, 32, 33, 64, 1009}) {
    SetCase("V = " + std::to_string(V));
    std::vector<float> z = random.Floats(V, -80, 3);
    if (V > 1) z[0] = -INFINITY;
    std::vector<float> out = z;
    EXPECT_TRUE(chorus::RowScaledExp(rows, out.data(), V, 1.5f, -2.0f));
    std::vector<float> wide = z;
    std::vector<uint16_t> half = ToBf16(wide);
    EXPECT_TRUE(chorus::RowScaledExp(rows, half.data(), V, 1.5f, -2.0f));
    for (size_t v = 0; v < z.size(); ++v) {
      const double x = z[v] - 1.5;
      const double error = 2.5e-7 + (z[v] == -INFINITY ? 0 : 1.4e-7 * std::fabs(x));
      EXPECT_NEAR(out[v], -2 * std::exp(x), (Tolerance{0, error}));
      // One bf16 rounding, 2^-8.
      EXPECT_NEAR(chorus::Widen(half[v]), -2 * std::exp(wide[v] - 1.5), (Tolerance{0, 3.91e-3 + 1e-5}));
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
