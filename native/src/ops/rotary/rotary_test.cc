#include "ops/rotary/rotary.h"

#include <cmath>
#include <string>
#include <vector>

#include "common/bf16.h"
#include "testing/test.h"

using namespace chorus_testing;

namespace {

/** Two products and a sum of numbers below 2. */
constexpr Tolerance kF32Result = {4e-7, 0};
constexpr Tolerance kBf16Result = {4e-7, 0.00391};

void CheckCase(Random& random, int64_t N, int64_t heads, int64_t d, int64_t r, int64_t gap) {
  SetCase("N " + std::to_string(N) + ", heads " + std::to_string(heads) + ", d " + std::to_string(d) + ", r " +
          std::to_string(r) + ", gap " + std::to_string(gap));
  const int64_t rows = 23, width = heads * d;
  std::vector<float> cos, sin;
  for (float angle : random.Floats(rows * r / 2, -4, 4)) {
    cos.push_back(std::cos(angle));
    sin.push_back(std::sin(angle));
  }
  cos.push_back(0);
  sin.push_back(0);
  std::vector<int64_t> positions;
  for (int64_t n = 0; n < N; ++n) positions.push_back(random.Below(rows));
  std::vector<float> dense = random.Floats(N * width, -2, 2);
  const auto expected = [&] {
    std::vector<double> x = ToDouble(dense);
    chorus::RotaryRef({x.data(), cos.data(), sin.data(), positions.data(), N, heads, d, r, rows, width});
    return x;
  };
  StridedMatrix x(dense, N, width, gap, gap % 2);
  EXPECT_OK(chorus_rotary(x.data(), cos.data(), sin.data(), positions.data(), N, heads, d, r, rows, x.stride(),
                          CHORUS_TYPE_F32));
  EXPECT_ALL_NEAR(ToDouble(x.Dense()), expected(), kF32Result);
  EXPECT_TRUE(x.IntactGaps());

  const int64_t stride = width + gap;
  std::vector<uint16_t> half(static_cast<size_t>(N * stride), 0x1234);
  for (int64_t n = 0; n < N; ++n) {
    for (int64_t i = 0; i < width; ++i) {
      float& value = dense[static_cast<size_t>(n * width + i)];
      half[static_cast<size_t>(n * stride + i)] = chorus::Narrow<uint16_t>(value);
      value = chorus::Widen(chorus::Narrow<uint16_t>(value));
    }
  }
  EXPECT_OK(chorus_rotary(half.data(), cos.data(), sin.data(), positions.data(), N, heads, d, r, rows, stride,
                          CHORUS_TYPE_BF16));
  std::vector<double> actual;
  for (int64_t n = 0; n < N; ++n) {
    for (int64_t i = 0; i < stride; ++i) {
      const uint16_t value = half[static_cast<size_t>(n * stride + i)];
      if (i < width) actual.push_back(chorus::Widen(value));
      if (i >= width) EXPECT_TRUE(value == 0x1234);
    }
  }
  EXPECT_ALL_NEAR(actual, expected(), kBf16Result);
}

}  // namespace

CHORUS_TEST(MatchesReferenceOverShapes) {
  Random random(91);
  for (int64_t d : {1, 2, 3, 8, 15, 16, 32, 33, 64, 80, 128}) {
    for (int64_t r : {d / 2 / 2 * 2, d / 2 * 2, int64_t{0}}) {
      for (int64_t N : {0, 1, 5}) {
        CheckCase(random, N, 1, d, r, 0);
        CheckCase(random, N, 3, d, r, 7);
      }
    }
  }
  CheckCase(random, 300, 8, 64, 64, 3);
}

CHORUS_TEST(Golden_AQuarterTurn_LeavesTheRestAlone) {
  float x[5] = {1, 2, 3, 4, 5};
  const float cos[4] = {1, 1, 0, 0}, sin[4] = {0, 0, 1, 1};
  const int64_t position = 1;
  EXPECT_OK(chorus_rotary(x, cos, sin, &position, 1, 1, 5, 4, 2, 5, CHORUS_TYPE_F32));
  EXPECT_TRUE(x[0] == -3 && x[1] == -4 && x[2] == 1 && x[3] == 2 && x[4] == 5);
}

CHORUS_TEST(RefusesBadValuesAndArguments) {
  float x[8] = {};
  const float table[8] = {};
  const auto rotate = [&](std::vector<int64_t> positions, int64_t heads, int64_t d, int64_t r, int64_t stride) {
    return chorus_rotary(x, table, table, positions.data(), 2, heads, d, r, 4, stride, CHORUS_TYPE_F32);
  };
  EXPECT_OK(rotate({0, 3}, 1, 4, 4, 4));
  EXPECT_STATUS(rotate({0, 4}, 1, 4, 4, 4), CHORUS_INVALID_VALUE, "token 1: position 4 is outside the tables' [0, 4)");
  EXPECT_STATUS(rotate({-1, 0}, 1, 4, 4, 4), CHORUS_INVALID_VALUE, "token 0: position -1");
  EXPECT_STATUS(rotate({0, 0}, 1, 4, 3, 4), CHORUS_INVALID_ARGUMENT, "r = 3");
  EXPECT_STATUS(rotate({0, 0}, 1, 4, 6, 4), CHORUS_INVALID_ARGUMENT, "r = 6");
  EXPECT_STATUS(rotate({0, 0}, 0, 4, 4, 4), CHORUS_INVALID_ARGUMENT, "heads = 0");
  EXPECT_STATUS(rotate({0, 0}, 2, 4, 4, 4), CHORUS_INVALID_ARGUMENT, "stride = 4");
  const int64_t zero = 0;
  EXPECT_STATUS(chorus_rotary(x, nullptr, table, &zero, 1, 1, 4, 4, 4, 4,
                              CHORUS_TYPE_F32), CHORUS_INVALID_ARGUMENT, "cos is null");
  EXPECT_OK(chorus_rotary(nullptr, nullptr, nullptr, nullptr, 0, 1, 4, 4, 0, 4, CHORUS_TYPE_F32));
}
