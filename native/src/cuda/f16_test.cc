// f16 inputs of every op: they give what f32 inputs of the same values give, whose numbers the ops' own tests look at.
#include <cmath>
#include <string>
#include <vector>

#include "chorus_cuda.h"
#include "common/f16.h"
#include "testing/device/device_call.h"
#include "testing/test.h"

using namespace chorus_testing;

namespace {

/** The same numbers in both types. */
struct Halves {
  std::vector<uint16_t> f16;
  std::vector<float> f32;

  Halves(Random& random, int64_t count, double low, double high) {
    for (int64_t i = 0; i < count; ++i) {
      f16.push_back(chorus::FloatToF16(static_cast<float>(random.Uniform(low, high))));
      f32.push_back(chorus::F16ToFloat(f16.back()));
    }
  }
};

/** Elements are widened and then computed alike, but 8 a load and not 4, so that sums have another order. */
constexpr Tolerance kSame = {2e-6, 2e-6};
/** One rounding of a gradient to f16, half an ulp of 2^-10; 2^-25 where it is denormal. */
constexpr Tolerance kRounded = {2e-6 + 0x1p-25, 0x1p-11 + 2e-6};

std::vector<int64_t> Below(Random& random, int64_t count, int64_t bound) {
  std::vector<int64_t> values;
  for (int64_t i = 0; i < count; ++i) values.push_back(random.Below(bound));
  return values;
}

std::vector<double> Wide(const std::vector<uint16_t>& values) {
  std::vector<double> wide;
  for (uint16_t value : values) wide.push_back(chorus::F16ToFloat(value));
  return wide;
}

void ExpectSame(const std::vector<float>& of_f16, const std::vector<float>& of_f32) {
  EXPECT_ALL_NEAR(ToDouble(of_f16), ToDouble(of_f32), kSame);
}

constexpr int64_t kRows = 3;
constexpr int64_t kColumns = 1003;

/** Runs body(type, data) with data of both types, which it may change, and compares what it returns and leaves. */
template <typename Body>
void CompareInPlace(const Halves& input, const Body& body) {
  std::vector<uint16_t> f16 = input.f16;
  std::vector<float> f32 = input.f32;
  const std::vector<float> of_f16 = body(CHORUS_TYPE_F16, f16.data());
  const std::vector<float> of_f32 = body(CHORUS_TYPE_F32, f32.data());
  ExpectSame(of_f16, of_f32);
  if (f16 != input.f16) EXPECT_ALL_NEAR(Wide(f16), ToDouble(f32), kRounded);
}

}  // namespace

CHORUS_TEST(F16_TokenLogprob) {
  Random random(11);
  const Halves logits(random, kRows * kColumns, -8, 8);
  const std::vector<int64_t> targets = Below(random, kRows, kColumns);
  const std::vector<float> dlogps = random.Floats(kRows, -2, 2);
  CompareInPlace(logits, [&](int type, auto* z) {
    std::vector<float> out(3 * kRows);
    DeviceCall call;
    EXPECT_OK(call.Finish(Call(chorus_cuda_token_logprob_forward,
                               {call.Out(out.data(), kRows), call.Out(out.data() + kRows, kRows),
                                call.Out(out.data() + 2 * kRows, kRows), call.In(z, kRows * kColumns),
                                call.In(targets.data(), kRows), nullptr, kRows, kColumns, kColumns,
                                type}, call.fault(), nullptr)));
    DeviceCall back;
    EXPECT_OK(back.Finish(Call(chorus_cuda_token_logprob_backward,
                               {back.Out(z, kRows * kColumns), back.In(targets.data(), kRows),
                                back.In(out.data() + kRows, kRows), back.In(dlogps.data(), kRows), nullptr, kRows,
                                kColumns, kColumns, type}, back.fault(), nullptr)));
    return out;
  });
}

CHORUS_TEST(F16_EnsembleLogprob) {
  Random random(12);
  constexpr int64_t W = 2;
  const Halves logits(random, W * kRows * kColumns, -8, 8);
  const std::vector<int64_t> targets = Below(random, kRows, kColumns);
  const std::vector<float> omega = {0.25f, 0.75f};
  const std::vector<float> dmixture = random.Floats(kRows, -2, 2);
  const std::vector<int64_t> strides(W, kColumns);
  CompareInPlace(logits, [&](int type, auto* z) {
    std::vector<float> logps(W * kRows), lse(W * kRows), entropy(W * kRows), mixture(kRows);
    DeviceCall call;
    auto* all = call.In(z, W * kRows * kColumns);
    const void* models[W] = {all, all + kRows * kColumns};
    EXPECT_OK(call.Finish(Call(chorus_cuda_ensemble_logprob_forward,
                               {call.Out(logps.data(), W * kRows), call.Out(lse.data(), W * kRows),
                                call.Out(entropy.data(), W * kRows), call.Out(mixture.data(), kRows), nullptr, nullptr,
                                models, call.In(targets.data(), kRows), nullptr, call.In(omega.data(), W), nullptr, W,
                                kRows, kColumns, strides.data(), 0, type}, call.fault(), nullptr)));
    DeviceCall back;
    auto* gradients = back.Out(z, W * kRows * kColumns);
    void* changed[W] = {gradients, gradients + kRows * kColumns};
    EXPECT_OK(back.Finish(Call(chorus_cuda_ensemble_logprob_backward,
                               {changed, back.In(targets.data(), kRows), back.In(lse.data(), W * kRows),
                                back.In(logps.data(), W * kRows), nullptr, back.In(dmixture.data(), kRows), nullptr,
                                nullptr, nullptr, back.In(omega.data(), W), nullptr, W, kRows, kColumns,
                                strides.data(), 0, type}, back.fault(), nullptr)));
    return mixture;
  });
}

CHORUS_TEST(F16_LinearLogprob) {
  Random random(13);
  const Halves logits(random, kRows * kColumns, -8, 8);
  const std::vector<float> dlogps = random.Floats(kRows, -2, 2);
  const std::vector<int64_t> targets = Below(random, kRows, kColumns);
  CompareInPlace(logits, [&](int type, auto* z) {
    std::vector<float> out(5 * kRows);
    DeviceCall call;
    EXPECT_OK(call.Finish(Call(chorus_cuda_linear_logprob_rows,
                               {call.Out(out.data(), kRows), call.Out(out.data() + kRows, kRows),
                                call.Out(out.data() + 2 * kRows, kRows), call.Out(out.data() + 3 * kRows, kRows),
                                call.Out(out.data() + 4 * kRows, kRows), call.Out(z, kRows * kColumns), nullptr,
                                call.In(targets.data(), kRows), nullptr, nullptr, nullptr,
                                call.In(dlogps.data(), kRows), nullptr, kRows, kColumns, 1, kColumns, 1, 0,
                                type}, call.fault(), nullptr)));
    return out;
  });
}

CHORUS_TEST(F16_Evidential) {
  Random random(14);
  constexpr int64_t W = 2, K = 9;
  const Halves logits(random, kRows * K, -3, 3);
  const std::vector<float> labels = random.Floats(kRows * W * K, 0, 1), dloss = random.Floats(kRows, 0.5, 1);
  CompareInPlace(logits, [&](int type, auto* z) {
    std::vector<float> out(3 * kRows + kRows * K);
    DeviceCall call;
    EXPECT_OK(call.Finish(Call(chorus_cuda_evidential,
                               {call.Out(out.data(), kRows), call.Out(out.data() + kRows, kRows),
                                call.Out(out.data() + 2 * kRows, kRows), call.Out(out.data() + 3 * kRows, kRows * K),
                                call.In(dloss.data(), kRows), call.In(z, kRows * K),
                                call.In(labels.data(), kRows * W * K), nullptr, nullptr, kRows, W, K, K,
                                CHORUS_EVIDENCE_EXP, 0.2, type}, call.fault(), nullptr)));
    return out;
  });
}

CHORUS_TEST(F16_EvidentialToken) {
  Random random(15);
  const Halves logits(random, kRows * kColumns, -3, 3);
  const std::vector<int64_t> ids = Below(random, kRows, kColumns);
  const std::vector<float> probabilities = random.Floats(kRows, 0.2, 0.9), dloss = random.Floats(kRows, 0.5, 1);
  for (const int evidence : {CHORUS_EVIDENCE_EXP, CHORUS_EVIDENCE_SOFTPLUS, CHORUS_EVIDENCE_RELU}) {
    CompareInPlace(logits, [&](int type, auto* z) {
      std::vector<float> out(2 * kRows);
      DeviceCall call;
      EXPECT_OK(call.Finish(Call(chorus_cuda_evidential_token,
                                 {call.Out(out.data(), kRows), call.Out(out.data() + kRows, kRows), nullptr,
                                  call.Out(z, kRows * kColumns), call.In(dloss.data(), kRows),
                                  call.In(ids.data(), kRows), call.In(probabilities.data(), kRows), nullptr, nullptr,
                                  kRows, kColumns, 1, kColumns, evidence, 0.01, type}, call.fault(), nullptr)));
      return out;
    });
  }
}

CHORUS_TEST(F16_DirichletPosterior) {
  Random random(16);
  constexpr int64_t W = 3, K = 5;
  const Halves labels(random, kRows * W * K, 0, 1);
  const std::vector<float> prior(K, 0.5f);
  CompareInPlace(labels, [&](int type, auto* y) {
    std::vector<float> alpha(kRows * K), total(kRows), mutual(kRows);
    DeviceCall call;
    EXPECT_OK(call.Finish(Call(chorus_cuda_dirichlet_posterior,
                               {call.Out(alpha.data(), kRows * K), nullptr, nullptr, nullptr, nullptr,
                                call.Out(total.data(), kRows), nullptr, call.Out(mutual.data(), kRows), nullptr,
                                nullptr, nullptr, call.In(y, kRows * W * K), nullptr, nullptr,
                                call.In(prior.data(), K), nullptr, kRows, W, K, type}, call.fault(), nullptr)));
    alpha.insert(alpha.end(), total.begin(), total.end());
    alpha.insert(alpha.end(), mutual.begin(), mutual.end());
    return alpha;
  });
}

CHORUS_TEST(F16_Preference) {
  Random random(17);
  constexpr int64_t P = 7;
  const Halves logps(random, 2 * P, -30, -5);
  CompareInPlace(logps, [&](int type, auto* x) {
    std::vector<float> out(5 * P);
    DeviceCall call;
    EXPECT_OK(call.Finish(Call(chorus_cuda_preference,
                               {call.Out(out.data(), P), call.Out(out.data() + P, P), call.Out(out.data() + 2 * P, P),
                                call.Out(out.data() + 3 * P, P), call.Out(out.data() + 4 * P, P), nullptr,
                                call.Workspace(chorus_cuda_preference_workspace(CHORUS_PREFERENCE_SIGMOID, P)),
                                call.In(x, P), call.In(x + P, P), nullptr, nullptr, nullptr, nullptr, nullptr, nullptr,
                                nullptr, P, CHORUS_PREFERENCE_SIGMOID, 0.1, 0.05, 0, CHORUS_DIVERGENCE_REVERSE_KL, 0,
                                0.5, type}, call.fault(), nullptr)));
    return out;
  });
}

CHORUS_TEST(Types_UnknownOnesAreRefused) {
  float x[4] = {0, 0, 0, 0};
  const int64_t target = 0;
  EXPECT_STATUS(Call(chorus_cuda_token_logprob_forward, {x, x, x, x, &target, nullptr, 1, 4, 4, 3}, nullptr, nullptr),
                CHORUS_INVALID_ARGUMENT, "type 3, expected f32 (0), bf16 (1) or f16 (2)");
}
