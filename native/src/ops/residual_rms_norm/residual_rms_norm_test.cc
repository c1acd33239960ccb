#include "ops/residual_rms_norm/residual_rms_norm.h"

#include <cmath>
#include <string>
#include <vector>

#include "common/bf16.h"
#include "testing/test.h"

using namespace chorus_testing;

namespace {

/** Three f32 products, a factor rounded to f32, and squares summed in f32 by 256 a lane, all of one sign. */
constexpr Tolerance kF32Result = {1e-12, 2e-6};
constexpr Tolerance kBf16Result = {1e-12, 0.00391 + 2e-6};

/** A strided matrix of either type with a canary between its rows. */
struct Rows {
  Rows(const std::vector<float>& dense, int64_t N, int64_t C, int64_t gap, int type)
      : N(N), C(C), stride(C + gap), type(type), f32(static_cast<size_t>(N * stride + 1), 77), bf16(f32.size(), 0x4211) {
    for (int64_t n = 0; n < N; ++n) {
      for (int64_t c = 0; c < C; ++c) {
        const size_t i = static_cast<size_t>(1 + n * stride + c);
        f32[i] = dense[static_cast<size_t>(n * C + c)];
        bf16[i] = chorus::Narrow<uint16_t>(f32[i]);
      }
    }
  }
  void* data() { return type == CHORUS_TYPE_F32 ? static_cast<void*>(f32.data() + 1) : static_cast<void*>(bf16.data() + 1); }
  std::vector<double> Dense() const {
    std::vector<double> dense;
    for (int64_t n = 0; n < N; ++n) {
      for (int64_t c = 0; c < C; ++c) {
        const size_t i = static_cast<size_t>(1 + n * stride + c);
        dense.push_back(type == CHORUS_TYPE_F32 ? f32[i] : chorus::Widen(bf16[i]));
      }
    }
    return dense;
  }
  bool IntactGaps() const {
    bool intact = f32[0] == 77 && bf16[0] == 0x4211;
    for (int64_t n = 0; n < N; ++n) {
      for (int64_t c = C; c < stride; ++c) {
        const size_t i = static_cast<size_t>(1 + n * stride + c);
        intact = intact && f32[i] == 77 && bf16[i] == 0x4211;
      }
    }
    return intact;
  }

  int64_t N, C, stride;
  int type;
  std::vector<float> f32;
  std::vector<uint16_t> bf16;
};

void CheckCase(Random& random, int64_t N, int64_t C, int64_t gap, int y_type, int delta_type, int weight_type, bool add,
               double offset) {
  SetCase("N " + std::to_string(N) + ", C " + std::to_string(C) + ", types " + std::to_string(y_type) +
          std::to_string(delta_type) + std::to_string(weight_type) + (add ? "" : ", no delta"));
  Rows x(random.Floats(N * C, -3, 3), N, C, gap, CHORUS_TYPE_F32);
  Rows delta(random.Floats(N * C, -1, 1), N, C, 2 * gap, delta_type);
  Rows weight(random.Floats(C, -0.5, 2), 1, C, 0, weight_type);
  Rows y(std::vector<float>(static_cast<size_t>(N * C), 5), N, C, gap, y_type);
  std::vector<double> x_ref = x.Dense(), y_ref(x_ref.size());
  chorus::ResidualRmsNormRef(y_ref.data(), x_ref.data(), add ? delta.Dense().data() : nullptr, weight.Dense().data(), N, C,
                             1e-5, offset);
  EXPECT_OK(chorus_residual_rms_norm(y.data(), static_cast<float*>(x.data()), add ? delta.data() : nullptr, weight.data(), N,
                                     C, y.stride, x.stride, delta.stride, y_type, delta_type, weight_type, 1e-5, offset));
  // A sum may cancel, and so may weight + offset.
  EXPECT_ALL_NEAR(x.Dense(), x_ref, (Tolerance{2.5e-7, 0}));
  const Tolerance t = y_type == CHORUS_TYPE_F32 ? kF32Result : kBf16Result;
  EXPECT_ALL_NEAR(y.Dense(), y_ref, (Tolerance{1e-6, t.relative}));
  EXPECT_TRUE(x.IntactGaps() && y.IntactGaps() && delta.IntactGaps());
}

}  // namespace

CHORUS_TEST(MatchesReferenceOverShapesAndTypes) {
  Random random(81);
  for (int64_t C : {1, 2, 3, 4, 7, 8, 15, 16, 17, 31, 33, 64, 100, 257}) {
    for (int types = 0; types < 8; ++types) {
      for (int64_t N : {0, 1, 3}) {
        for (bool add : {true, false}) {
          CheckCase(random, N, C, types % 3, types & 1, types >> 1 & 1, types >> 2, add, add ? 1 : 0);
        }
      }
    }
  }
}

CHORUS_TEST(LongRowsOnSeveralThreads) {
  Random random(82);
  CheckCase(random, 40, 5003, 5, 0, 0, 0, true, 0);
  CheckCase(random, 40, 5003, 5, 1, 1, 1, true, 1);
}

CHORUS_TEST(Golden_AndWithoutDeltaXStays) {
  // mean of squares 12.5, eps 0.5: divided by sqrt(13).
  float x[2] = {3, 4}, y[2];
  const float w[2] = {1, 2};
  EXPECT_OK(chorus_residual_rms_norm(y, x, nullptr, w, 1, 2, 2, 2, 0, 0, 0, 0, 0.5, 0));
  EXPECT_NEAR(y[0], 0.83205029, (Tolerance{6e-9, 2e-7}));
  EXPECT_NEAR(y[1], 2.21880078, (Tolerance{6e-9, 2e-7}));
  EXPECT_TRUE(x[0] == 3 && x[1] == 4);
  EXPECT_OK(chorus_residual_rms_norm(y, x, nullptr, w, 1, 2, 2, 2, 0, 0, 0, 0, 0.5, 1));
  EXPECT_NEAR(y[0], 1.66410059, (Tolerance{6e-9, 2e-7}));
}

CHORUS_TEST(RefusesBadArguments) {
  float x[4] = {1, 2, 3, 4}, y[4];
  const auto norm = [&](const void* w, int64_t C, int64_t stride, int type, double eps) {
    return chorus_residual_rms_norm(y, x, x + 2, w, 1, C, stride, 2, 2, 0, type, 0, eps, 0);
  };
  EXPECT_STATUS(norm(nullptr, 2, 2, 0, 1e-5), CHORUS_INVALID_ARGUMENT, "weight is null");
  EXPECT_STATUS(norm(x, 0, 2, 0, 1e-5), CHORUS_INVALID_ARGUMENT, "C of y = 0");
  EXPECT_STATUS(norm(x, 2, 1, 0, 1e-5), CHORUS_INVALID_ARGUMENT, "stride = 1");
  EXPECT_STATUS(norm(x, 2, 2, 2, 1e-5), CHORUS_INVALID_ARGUMENT, "delta_type = 2");
  EXPECT_STATUS(norm(x, 2, 2, 0, 0), CHORUS_INVALID_ARGUMENT, "eps = 0");
  EXPECT_STATUS(norm(x, 2, 2, 0, NAN), CHORUS_INVALID_ARGUMENT, "eps = nan");
  EXPECT_OK(chorus_residual_rms_norm(nullptr, nullptr, nullptr, nullptr, 0, 5, 5, 5, 5, 0, 0, 0, 1e-5, 0));
}
