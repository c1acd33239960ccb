#include "ops/gated_activation/gated_activation.h"

#include <cmath>
#include <string>
#include <vector>

#include "common/bf16.h"
#include "testing/test.h"

using namespace chorus_testing;

namespace {

/** A gate's relative error: f32 knows e^y to 1.2e-7 + 7e-8 |y|, the two or three roundings of y make that 1.9e-7 |y|, and a few
 * more roundings follow. Of a gate of size a, |y| is at most a for SiLU, 1.6 (a + 0.0447 a^3) and a^2 / 2 for the GELUs. */
double GateError(int activation, double a) {
  const double exponents[3] = {a, 1.6 * (a + 0.0447 * a * a * a), a * a / 2};
  return 6e-7 + 1.9e-7 * exponents[activation];
}

std::vector<double> Reference(const std::vector<float>& gate, const std::vector<float>& up, int64_t F, int activation) {
  std::vector<double> out(gate.size());
  const std::vector<double> g = ToDouble(gate), u = ToDouble(up);
  chorus::GatedActivationRef(
      {out.data(), g.data(), u.data(), static_cast<int64_t>(gate.size()) / F, F, F, F, F, activation});
  return out;
}

void CheckCase(Random& random, int64_t N, int64_t F, int64_t gap, double magnitude, int activation) {
  SetCase("N " + std::to_string(N) + ", F " + std::to_string(F) + ", gap " + std::to_string(gap) + ", activation " +
          std::to_string(activation));
  const std::vector<float> gates = random.Floats(N * F, -magnitude, magnitude), ups = random.Floats(N * F, -2, 2);
  StridedMatrix gate(gates, N, F, gap, gap % 2), up(ups, N, F, 2 * gap, 1);
  StridedMatrix out(std::vector<float>(gates.size(), 3), N, F, gap + 1, 0);
  const Tolerance f32 = {0, GateError(activation, magnitude)};
  EXPECT_OK(chorus_gated_activation(out.data(), gate.data(), up.data(), N, F, out.stride(), gate.stride(), up.stride(),
                                    activation, CHORUS_TYPE_F32));
  EXPECT_ALL_NEAR(ToDouble(out.Dense()), Reference(gates, ups, F, activation), f32);
  EXPECT_TRUE(out.IntactGaps() && gate.Dense() == gates && up.Dense() == ups);
  EXPECT_OK(chorus_gated_activation(gate.data(), gate.data(), up.data(), N, F, gate.stride(), gate.stride(),
                                    up.stride(), activation, CHORUS_TYPE_F32));
  EXPECT_TRUE(gate.Dense() == out.Dense() && gate.IntactGaps());

  // Gate and up side by side in one product's rows.
  std::vector<uint16_t> product;
  std::vector<float> g, u;
  for (int64_t n = 0; n < N; ++n) {
    for (const std::vector<float>* half : {&gates, &ups}) {
      for (int64_t f = 0; f < F; ++f) {
        product.push_back(chorus::Narrow<uint16_t>((*half)[static_cast<size_t>(n * F + f)]));
        (half == &gates ? g : u).push_back(chorus::Widen(product.back()));
      }
    }
  }
  EXPECT_OK(chorus_gated_activation(product.data(), product.data(), product.data() + F, N, F, 2 * F, 2 * F, 2 * F,
                                    activation, CHORUS_TYPE_BF16));
  std::vector<double> actual, untouched;
  for (int64_t n = 0; n < N; ++n) {
    for (int64_t f = 0; f < 2 * F; ++f) {
      (f < F ? actual : untouched).push_back(chorus::Widen(product[static_cast<size_t>(n * 2 * F + f)]));
    }
  }
  EXPECT_ALL_NEAR(actual, Reference(g, u, F, activation), (Tolerance{0, 0.00391 + GateError(activation, magnitude)}));
  EXPECT_TRUE(untouched == ToDouble(u));
}

}  // namespace

CHORUS_TEST(MatchesReferenceOverShapesAndMagnitudes) {
  Random random(101);
  for (int activation = 0; activation < chorus::kActivations; ++activation) {
    for (int64_t F : {1, 2, 3, 7, 8, 15, 16, 17, 31, 32, 33, 48, 100, 257}) {
      for (double magnitude : {0.01, 2.0, 9.0}) {
        CheckCase(random, 3, F, 0, magnitude, activation);
        CheckCase(random, 3, F, 5, magnitude, activation);
      }
    }
    CheckCase(random, 0, 8, 0, 1, activation);
    CheckCase(random, 40, 3001, 1, 9, activation);
  }
}

CHORUS_TEST(Golden_AndFarEnds) {
  const std::vector<float> gate = {1, -1, 0, 1e30f, -1e30f, 100, -100, 13.5f, -13.5f};
  const std::vector<float> up(gate.size(), 1);
  const double at_one[3] = {0.73105857863, 0.84119199, 0.84134474607};
  for (int activation = 0; activation < chorus::kActivations; ++activation) {
    SetCase("activation " + std::to_string(activation));
    std::vector<float> out(gate.size());
    const int64_t F = static_cast<int64_t>(gate.size());
    EXPECT_OK(chorus_gated_activation(out.data(), gate.data(), up.data(), 1, F, F, F, F, activation, CHORUS_TYPE_F32));
    EXPECT_NEAR(out[0], at_one[activation], (Tolerance{6e-9, 4e-7}));
    EXPECT_NEAR(out[1], at_one[activation] - 1, (Tolerance{6e-9, 1e-6}));
    EXPECT_TRUE(out[2] == 0 && out[3] == 1e30f && out[5] == 100);
    EXPECT_TRUE(std::fabs(out[6]) < 1e-30 && std::fabs(out[8]) < 2e-5 && std::fabs(out[4]) < 1e-7);
    EXPECT_NEAR(out[7], 13.5, (Tolerance{2e-5, 0}));
  }
}

CHORUS_TEST(NaNStaysNaN) {
  const float gate = NAN, up = 1;
  for (int activation = 0; activation < chorus::kActivations; ++activation) {
    float out = 0;
    EXPECT_OK(chorus_gated_activation(&out, &gate, &up, 1, 1, 1, 1, 1, activation, CHORUS_TYPE_F32));
    EXPECT_TRUE(std::isnan(out));
  }
}

CHORUS_TEST(RefusesBadArguments) {
  float x[4] = {};
  const auto run = [&](const float* up, int64_t F, int64_t stride, int activation) {
    return chorus_gated_activation(x, x, up, 2, F, stride, 2, 2, activation, CHORUS_TYPE_F32);
  };
  EXPECT_STATUS(run(nullptr, 2, 2, 0), CHORUS_INVALID_ARGUMENT, "up is null");
  EXPECT_STATUS(run(x, 2, 1, 0), CHORUS_INVALID_ARGUMENT, "stride = 1");
  EXPECT_STATUS(run(x, 0, 2, 0), CHORUS_INVALID_ARGUMENT, "F of out = 0");
  EXPECT_STATUS(run(x, 2, 2, 3), CHORUS_INVALID_ARGUMENT, "activation = 3");
  EXPECT_STATUS(run(x, 2, 2, -1), CHORUS_INVALID_ARGUMENT, "activation = -1");
  EXPECT_STATUS(run(x, 1, 3, 0), CHORUS_INVALID_ARGUMENT, "out is gate, but their strides are 3 and 2");
  EXPECT_OK(chorus_gated_activation(nullptr, nullptr, nullptr, 0, 4, 4, 4, 4, 0, CHORUS_TYPE_F32));
}
