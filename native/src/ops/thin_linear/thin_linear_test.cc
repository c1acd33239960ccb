#include "ops/thin_linear/thin_linear.h"

#include <cmath>
#include <string>
#include <vector>

#include "common/bf16.h"
#include "testing/test.h"

using namespace chorus_testing;

namespace {

/** Of a sum of I products of numbers below 1: a rounding a term and lane, most of which cancel. */
double SumError(int64_t I) { return 6e-8 * static_cast<double>(I) + 1e-6; }

std::vector<double> Reference(const std::vector<float>& x, const std::vector<float>& w, const std::vector<float>& b,
                              int64_t N, int64_t I, int64_t O) {
  std::vector<double> y(static_cast<size_t>(N * O));
  const std::vector<double> xd = ToDouble(x), wd = ToDouble(w), bd = ToDouble(b);
  chorus::ThinLinearRef({y.data(), xd.data(), wd.data(), b.empty() ? nullptr : bd.data(), N, I, O, O, I});
  return y;
}

std::vector<uint16_t> Rounded(std::vector<float>& values) {
  std::vector<uint16_t> out;
  for (float& value : values) {
    out.push_back(chorus::Narrow<uint16_t>(value));
    value = chorus::Widen(out.back());
  }
  return out;
}

void CheckCase(Random& random, int64_t N, int64_t I, int64_t O, int64_t gap, bool biased) {
  SetCase("N " + std::to_string(N) + ", I " + std::to_string(I) + ", O " + std::to_string(O) + ", gap " +
          std::to_string(gap));
  std::vector<float> xs = random.Floats(N * I, -1, 1), ws = random.Floats(O * I, -1, 1);
  std::vector<float> bs = biased ? random.Floats(O, -1, 1) : std::vector<float>();
  StridedMatrix x(xs, N, I, gap, gap % 2);
  StridedMatrix y(std::vector<float>(static_cast<size_t>(N * O), 3), N, O, gap + 1, 0);
  EXPECT_OK(chorus_thin_linear(y.data(), x.data(), ws.data(), biased ? bs.data() : nullptr, N, I, O, y.stride(),
                               x.stride(), CHORUS_TYPE_F32));
  EXPECT_ALL_NEAR(ToDouble(y.Dense()), Reference(xs, ws, bs, N, I, O), (Tolerance{SumError(I), 0}));
  EXPECT_TRUE(y.IntactGaps());

  // A row gives the same bits whatever rows are beside it.
  for (int64_t n = 0; n < N; ++n) {
    std::vector<float> alone(static_cast<size_t>(O));
    EXPECT_OK(chorus_thin_linear(alone.data(), xs.data() + n * I, ws.data(), biased ? bs.data() : nullptr, 1, I, O, O,
                                 I, CHORUS_TYPE_F32));
    const std::vector<float> together = y.Dense();
    EXPECT_TRUE(std::vector<float>(together.begin() + n * O, together.begin() + (n + 1) * O) == alone);
  }

  const std::vector<uint16_t> x16 = Rounded(xs), w16 = Rounded(ws), b16 = Rounded(bs);
  std::vector<uint16_t> y16(static_cast<size_t>(N * O));
  EXPECT_OK(chorus_thin_linear(y16.data(), x16.data(), w16.data(), biased ? b16.data() : nullptr, N, I, O, O, I,
                               CHORUS_TYPE_BF16));
  std::vector<double> actual;
  for (uint16_t each : y16) actual.push_back(chorus::Widen(each));
  EXPECT_ALL_NEAR(actual, Reference(xs, ws, bs, N, I, O), (Tolerance{SumError(I), 0.00391}));
}

}  // namespace

CHORUS_TEST(MatchesReferenceOverShapes) {
  Random random(131);
  for (int64_t I : {1, 3, 8, 15, 16, 17, 31, 32, 33, 64, 100, 257}) {
    for (int64_t O : {1, 3, 4, 5, 32, 37}) {
      for (int64_t N : {0, 1, 2, 3, 5, 6, 7, 13}) CheckCase(random, N, I, O, (I + O) % 3, (N + O) % 2 == 0);
    }
  }
  CheckCase(random, 32, 256, 700, 0, true);
}

CHORUS_TEST(Golden) {
  const float x[4] = {1, 2, 3, 4}, w[6] = {1, 0, 0, 1, 2, -1}, b[3] = {10, 20, 30};
  float y[6];
  EXPECT_OK(chorus_thin_linear(y, x, w, b, 2, 2, 3, 3, 2, CHORUS_TYPE_F32));
  const float expected[6] = {11, 22, 30, 13, 24, 32};
  for (int i = 0; i < 6; ++i) EXPECT_TRUE(y[i] == expected[i]);
}

CHORUS_TEST(NaNStaysNaN) {
  const float x[2] = {NAN, 1}, w[2] = {1, 1};
  float y = 0;
  EXPECT_OK(chorus_thin_linear(&y, x, w, nullptr, 1, 2, 1, 1, 2, CHORUS_TYPE_F32));
  EXPECT_TRUE(std::isnan(y));
}

CHORUS_TEST(RefusesBadArguments) {
  float x[4] = {};
  EXPECT_STATUS(chorus_thin_linear(x, nullptr, x, nullptr, 1, 2, 2, 2, 2,
                                   CHORUS_TYPE_F32), CHORUS_INVALID_ARGUMENT, "x is null");
  EXPECT_STATUS(chorus_thin_linear(x, x, x, nullptr, 2, 2, 2, 1, 2,
                                   CHORUS_TYPE_F32), CHORUS_INVALID_ARGUMENT, "stride = 1");
  EXPECT_STATUS(chorus_thin_linear(x, x, x, nullptr, 1, 0, 2, 2, 2,
                                   CHORUS_TYPE_F32), CHORUS_INVALID_ARGUMENT, "I of x = 0");
  EXPECT_OK(chorus_thin_linear(nullptr, nullptr, nullptr, nullptr, 0, 2, 2, 2, 2, CHORUS_TYPE_F32));
}
