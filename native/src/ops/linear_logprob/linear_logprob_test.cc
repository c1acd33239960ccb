#include "ops/linear_logprob/linear_logprob.h"

#include <cmath>
#include <string>
#include <vector>

#include "common/bf16.h"
#include "testing/backend.h"
#include "testing/test.h"

using namespace chorus_testing;

namespace {

enum class Kind { kToken, kNamed, kDense };

/** How the logits come about. */
struct Head {
  bool bias;
  double scale, soft_cap;
};

struct Case {
  int64_t N, V, k;
  Kind kind;
  Head head;
  double magnitude;
  std::vector<float> logits, bias, probabilities, dense, weights, dlogps;
  std::vector<int64_t> ids;

  chorus::HeadSpec Spec(int64_t stride) const { return {N, V, stride, nullptr, head.scale, head.soft_cap}; }
};

Case MakeCase(Random& random, int64_t N, int64_t V, Kind kind, Head head, double magnitude) {
  Case c = {N, V, kind == Kind::kNamed ? (V < 4 ? V : 4) : 1, kind, head, magnitude, random.Floats(N * V, -magnitude, magnitude),
            {}, {}, {}, random.Floats(N, 0.1, 3), random.Floats(N, -2, 2), {}};
  if (head.bias) c.bias = random.Floats(V, -1, 1);
  for (int64_t n = 0; n < N; ++n) {
    if (n % 3 == 1) c.weights[static_cast<size_t>(n)] = 0;
    if (kind == Kind::kDense) {
      double sum = 0;
      std::vector<float> t = random.Floats(V, 0, 1);
      if (V > 2) t[static_cast<size_t>(random.Below(V))] = 0;
      for (float x : t) sum += x;
      for (float x : t) c.dense.push_back(static_cast<float>(x / sum));
      continue;
    }
    const int64_t first = random.Below(V);
    for (int64_t i = 0; i < c.k; ++i) {
      // Neighbours, so that none comes twice; the last slot of some rows is unused.
      const bool used = kind == Kind::kToken || i + 1 < c.k || n % 2 == 0 || c.k == 1;
      c.ids.push_back(used ? (first + i) % V : -1);
      if (kind == Kind::kNamed) c.probabilities.push_back(static_cast<float>(random.Uniform(0, 0.9) / static_cast<double>(c.k)));
    }
    // Nothing is left over for a vocabulary that is named wholly.
    if (kind == Kind::kNamed && c.k == V) {
      for (int64_t i = 0; i < c.k; ++i) {
        c.ids[c.ids.size() - static_cast<size_t>(i) - 1] = i;
        c.probabilities[c.probabilities.size() - static_cast<size_t>(i) - 1] = 1.0f / static_cast<float>(V);
      }
    }
  }
  return c;
}

struct Results {
  std::vector<double> logps, kl, lse, entropy, top1, dlogits;
};

const double* Data(const std::vector<double>& v) { return v.empty() ? nullptr : v.data(); }

Results Reference(const Case& c, const std::vector<double>& logits, bool weighted) {
  const size_t n = static_cast<size_t>(c.N);
  Results r = {std::vector<double>(n), std::vector<double>(n), std::vector<double>(n), std::vector<double>(n),
               std::vector<double>(n), std::vector<double>(logits.size())};
  const std::vector<double> bias = ToDouble(c.bias), s = ToDouble(c.probabilities), t = ToDouble(c.dense),
                            w = ToDouble(c.weights), d = ToDouble(c.dlogps);
  chorus::LinearLogprobRowsRef(r.logps.data(), r.kl.data(), r.lse.data(), r.entropy.data(), r.top1.data(), r.dlogits.data(),
                               logits.data(), Data(bias), c.ids.empty() ? nullptr : c.ids.data(), Data(s), c.k, Data(t),
                               weighted ? w.data() : nullptr, d.data(), c.Spec(c.V));
  return r;
}

const float* Data(const std::vector<float>& v) { return v.empty() ? nullptr : v.data(); }

template <typename In>
chorus_status Rows(Results& r, In* logits, int64_t stride, const Case& c, bool weighted, bool backward) {
  const size_t n = static_cast<size_t>(c.N);
  std::vector<float> logps(n), kl(n), lse(n), entropy(n), top1(n);
  const int64_t* ids = c.ids.empty() ? nullptr : c.ids.data();
  const float* w = weighted ? c.weights.data() : nullptr;
  const float* d = backward ? c.dlogps.data() : nullptr;
  const int type = sizeof(In) == sizeof(float) ? CHORUS_TYPE_F32 : CHORUS_TYPE_BF16;
  const int status = Call(chorus_linear_logprob_rows,
                          {logps.data(), kl.data(), lse.data(), entropy.data(), top1.data(), logits, Data(c.bias), ids,
                           Data(c.probabilities), Data(c.dense), w, d, nullptr, c.N, c.V, c.k, stride, c.head.scale,
                           c.head.soft_cap, type});
  r.logps = ToDouble(logps);
  r.kl = ToDouble(kl);
  r.lse = ToDouble(lse);
  r.entropy = ToDouble(entropy);
  r.top1 = ToDouble(top1);
  return status;
}

/** Rows are computed in f32 and summed in double (common/softmax_rows.h): ln sum is good to 3e-7, and a logit to half an
 * ulp after bias, scale and cap, each of which rounds once. */
double RowError(const Case& c) {
  const bool transformed = c.head.bias || c.head.scale != 1 || c.head.soft_cap > 0;
  // A device takes the tanh in f32: u rounds twice, its quotient by the cap twice, the tanh by two ulps, the logit once.
  const double rounding = c.head.soft_cap > 0 ? HostOrDevice({1.5e-7, 0}, {5.4e-7, 0}).absolute : 1.5e-7;
  return 3e-7 + (transformed ? rounding * std::fabs(c.head.scale) * (c.magnitude + 1) : 0);
}

/** lse is good to RowError, a probability to RowError of itself; |w dlogp| is at most 6; cancelling shares add their own. */
double GradientError(const Case& c) { return 6 * std::fmax(1, std::fabs(c.head.scale)) * (2 * RowError(c) + 2.4e-7); }

std::string Name(const Case& c) {
  return "N " + std::to_string(c.N) + ", V " + std::to_string(c.V) + ", k " + std::to_string(c.k) + ", kind " +
         std::to_string(static_cast<int>(c.kind)) + ", scale " + std::to_string(c.head.scale) + ", cap " +
         std::to_string(c.head.soft_cap) + (c.head.bias ? ", bias" : "") + ", |z| " + std::to_string(c.magnitude);
}

void CheckForward(const Case& c, const Results& actual, const Results& expected) {
  const double spread = 1 + std::log(static_cast<double>(c.V));
  // Sums over a target of ln p, each good to RowError; the entropy's dot / sum to 1e-6 of ln V.
  const Tolerance row = {2 * RowError(c) + 2e-12 * c.magnitude, 2e-7};
  EXPECT_ALL_NEAR(actual.logps, expected.logps, row);
  EXPECT_ALL_NEAR(actual.kl, expected.kl, (Tolerance{row.absolute + 1e-6, row.relative}));
  EXPECT_ALL_NEAR(actual.lse, expected.lse, row);
  // A probability is good to the error of its logarithm.
  EXPECT_ALL_NEAR(actual.top1, expected.top1, (Tolerance{0, row.absolute + 2e-7}));
  EXPECT_ALL_NEAR(actual.entropy, expected.entropy, (Tolerance{2 * spread * (RowError(c) + 1e-6), 2e-7}));
}

void CheckAgainstReference(const Case& c, bool weighted, int64_t gap, int64_t offset) {
  SetCase(Name(c) + (weighted ? ", weighted" : "") + ", gap " + std::to_string(gap));
  const Results expected = Reference(c, ToDouble(c.logits), weighted);
  StridedMatrix logits(c.logits, c.N, c.V, gap, offset);
  Results actual;
  EXPECT_OK(Rows(actual, logits.data(), logits.stride(), c, weighted, true));
  CheckForward(c, actual, expected);
  EXPECT_ALL_NEAR(ToDouble(logits.Dense()), expected.dlogits, (Tolerance{GradientError(c), 3e-7}));
  EXPECT_TRUE(logits.IntactGaps());
  StridedMatrix again(c.logits, c.N, c.V, gap, offset);
  Results forward;
  EXPECT_OK(Rows(forward, again.data(), again.stride(), c, weighted, false));
  EXPECT_TRUE(forward.logps == actual.logps && forward.kl == actual.kl && forward.lse == actual.lse &&
              forward.top1 == actual.top1);
}

void CheckBf16(Case c) {
  SetCase("bf16, " + Name(c));
  std::vector<uint16_t> half;
  for (float& z : c.logits) {
    half.push_back(chorus::Narrow<uint16_t>(z));
    z = chorus::Widen(half.back());
  }
  const Results expected = Reference(c, ToDouble(c.logits), true);
  Results actual;
  EXPECT_OK(Rows(actual, half.data(), c.V, c, true, true));
  CheckForward(c, actual, expected);
  std::vector<double> gradient;
  for (uint16_t d : half) gradient.push_back(chorus::Widen(d));
  EXPECT_ALL_NEAR(gradient, expected.dlogits, (Tolerance{GradientError(c), 0.00391}));
}

constexpr Head kPlain = {false, 1, 0};

}  // namespace

CHORUS_TEST(MatchesReferenceOverShapesTargetsAndHeads) {
  Random random(31);
  for (Kind kind : {Kind::kToken, Kind::kNamed, Kind::kDense}) {
    for (const Head& head : {kPlain, Head{true, 1, 0}, Head{false, 0.25, 0}, Head{false, 1, 5}, Head{true, -1.5, 30}}) {
      for (int64_t N : {0, 1, 7}) {
        for (int64_t V : {1, 2, 3, 7, 16, 17, 33, 127, 1009}) {
          for (double magnitude : {0.5, 10.0}) {
            const Case c = MakeCase(random, N, V, kind, head, magnitude);
            CheckAgainstReference(c, false, 0, 0);
            CheckAgainstReference(c, true, 5, 1);
            if (head.soft_cap == 0 && !head.bias && head.scale == 1) CheckBf16(c);
          }
        }
      }
    }
  }
}

CHORUS_TEST(LargeLogitsAndLongRows) {
  Random random(32);
  for (Kind kind : {Kind::kToken, Kind::kNamed, Kind::kDense}) {
    CheckAgainstReference(MakeCase(random, 5, 127, kind, kPlain, 1e4), true, 0, 0);
    CheckAgainstReference(MakeCase(random, 5, 40000, kind, kPlain, 10), true, 3, 1);
  }
}

CHORUS_TEST(AsManyNamedTokensAsThereMayBe) {
  Random random(35);
  for (int64_t k : {31, 40, 64}) {
    for (double magnitude : {0.5, 10.0, 40.0}) {
      Case c = MakeCase(random, 5, 300, Kind::kNamed, magnitude > 1 ? kPlain : Head{true, 0.5, 3}, magnitude);
      c.k = k;
      c.ids.clear();
      c.probabilities.clear();
      for (int64_t i = 0; i < 5 * k; ++i) {
        // Each fifth slot is unused.
        c.ids.push_back(i % 5 == 2 ? -1 : 7 + 4 * (i % k));
        c.probabilities.push_back(static_cast<float>(random.Uniform(0, 1) / static_cast<double>(k)));
      }
      CheckAgainstReference(c, true, 5, 1);
      std::vector<float> logits = c.logits;
      Results r;
      c.ids.back() = c.ids[static_cast<size_t>(4 * k)];
      EXPECT_STATUS(Rows(r, logits.data(), c.V, c, false, true), CHORUS_INVALID_VALUE, "row 4: token");
    }
  }
}

CHORUS_TEST(WithoutAGradientLogitsLeaveTransformed) {
  Random random(36);
  for (Kind kind : {Kind::kToken, Kind::kNamed, Kind::kDense}) {
    for (const Head& head : {kPlain, Head{true, -1.5, 0}, Head{true, 0.25, 5}}) {
      const Case c = MakeCase(random, 7, 33, kind, head, 10);
      std::vector<float> logits = c.logits;
      Results r;
      EXPECT_OK(Rows(r, logits.data(), c.V, c, false, false));
      std::vector<double> z;
      for (size_t i = 0; i < c.logits.size(); ++i) {
        const double bias = head.bias ? static_cast<double>(c.bias[i % 33]) : 0;
        const double u = head.scale * (c.logits[i] + bias);
        z.push_back(head.soft_cap > 0 ? head.soft_cap * std::tanh(u / head.soft_cap) : u);
      }
      SetCase(Name(c));
      EXPECT_ALL_NEAR(ToDouble(logits), z, (Tolerance{RowError(c), 0}));
    }
  }
}

CHORUS_TEST(TokenTargetsGiveTheBitsOfTokenLogprob) {
  Random random(33);
  const Case c = MakeCase(random, 7, 1009, Kind::kToken, kPlain, 10);
  std::vector<float> logits = c.logits;
  Results rows;
  EXPECT_OK(Rows(rows, logits.data(), c.V, c, true, false));
  std::vector<float> logps(7), lse(7), entropy(7);
  EXPECT_OK(Call(chorus_token_logprob_forward,
                 {logps.data(), lse.data(), entropy.data(), c.logits.data(), c.ids.data(), c.weights.data(), 7, c.V,
                  c.V, CHORUS_TYPE_F32}));
  EXPECT_TRUE(rows.logps == ToDouble(logps) && rows.lse == ToDouble(lse) && rows.entropy == ToDouble(entropy));
}

CHORUS_TEST(Top1IsTheLargestProbabilityOfTheRow) {
  // In plain double, beside the library's own reference; the second row has three equal ones, the third a masked token.
  const float cap = 4, scale = -0.5f;
  const std::vector<float> z = {3, -20, 0.5f, 7, 1, -2, -2, 9, -2, 4, INFINITY, 1, -1, 3, 8}, bias = {0.5f, 0, 0, 1, 0};
  std::vector<double> expected;
  for (size_t n = 0; n < 3; ++n) {
    double sum = 0, top = 0;
    for (size_t v = 0; v < 5; ++v) {
      const double u = static_cast<double>(scale) * (static_cast<double>(z[5 * n + v]) + static_cast<double>(bias[v]));
      const double e = std::isinf(u) ? 0 : std::exp(cap * std::tanh(u / cap));
      sum += e;
      top = std::fmax(top, e);
    }
    expected.push_back(top / sum);
  }
  const int64_t ids[] = {0, 4, 1};
  const float share[] = {0.25f, 0.5f, 1};
  for (const float* probabilities : {static_cast<const float*>(nullptr), &share[0]}) {
    for (const float* dlogps : {static_cast<const float*>(nullptr), &share[0]}) {
      std::vector<float> logits = z, logps(3), lse(3), entropy(3), top1(3);
      EXPECT_OK(Call(chorus_linear_logprob_rows,
                     {logps.data(), nullptr, lse.data(), entropy.data(), top1.data(), logits.data(), bias.data(), ids,
                      probabilities, nullptr, nullptr, dlogps, nullptr, 3, 5, 1, 5, scale, cap, CHORUS_TYPE_F32}));
      EXPECT_ALL_NEAR(ToDouble(top1), expected, (Tolerance{0, 1e-6}));
    }
  }
  // Equal logits share evenly, to the bit; a row of weight 0 has none; a certain row has 1.
  std::vector<float> logits = {5, 5, 5, 5, NAN, NAN, NAN, NAN, 200, 0, -INFINITY, 0}, out(3), top1(3, 9);
  const std::vector<float> weights = {2, 0, 1};
  EXPECT_OK(Call(chorus_linear_logprob_rows,
                 {out.data(), nullptr, out.data(), out.data(), top1.data(), logits.data(), nullptr, ids, nullptr,
                  nullptr, weights.data(), nullptr, nullptr, 3, 4, 1, 4, 1, 0, CHORUS_TYPE_F32}));
  EXPECT_TRUE(top1 == (std::vector<float>{0.25f, 0, 1}));
}

CHORUS_TEST(ReferenceGradientEqualsFiniteDifferences) {
  Random random(34);
  for (Kind kind : {Kind::kToken, Kind::kNamed, Kind::kDense}) {
    for (const Head& head : {kPlain, Head{true, -1.5, 3}}) {
      Case c = MakeCase(random, 3, 6, kind, head, 2);
      const Results at = Reference(c, ToDouble(c.logits), true);
      // The target is held constant: for named tokens, the dense one that it makes at this point.
      Case held = c;
      if (kind == Kind::kNamed) {
        held.kind = Kind::kDense;
        held.ids.clear();
        held.probabilities.clear();
        for (int64_t n = 0; n < 3; ++n) {
          for (int64_t v = 0; v < 6; ++v) {
            // t = p + g / (w dlogps slope); taken from a second, unscaled evaluation below.
            held.dense.push_back(0);
          }
        }
        Case unit = c;
        unit.head = {false, 1, 0};
        unit.bias.clear();
        unit.weights.assign(3, 1);
        unit.dlogps.assign(3, 1);
        // z of the true head, put in as plain logits.
        std::vector<double> z;
        for (size_t i = 0; i < c.logits.size(); ++i) {
          const double u = head.scale * (c.logits[i] + (c.bias.empty() ? 0 : c.bias[i % 6]));
          z.push_back(head.soft_cap > 0 ? head.soft_cap * std::tanh(u / head.soft_cap) : u);
        }
        const Results plain = Reference(unit, z, false);
        for (size_t i = 0; i < z.size(); ++i) {
          held.dense[i] = static_cast<float>(plain.dlogits[i] + std::exp(z[i] - plain.lse[i / 6]));
        }
      }
      const auto objective = [&](const std::vector<double>& x) {
        const Results r = Reference(held, x, true);
        double sum = 0;
        for (size_t n = 0; n < 3; ++n) sum += c.weights[n] * c.dlogps[n] * r.logps[n];
        return sum;
      };
      SetCase(Name(c));
      // The held target is rounded to f32.
      const Tolerance tolerance = kind == Kind::kNamed ? Tolerance{1e-6, 1e-6} : kFiniteDifference;
      EXPECT_ALL_NEAR(at.dlogits, NumericGradient(objective, ToDouble(c.logits)), tolerance);
    }
  }
}

CHORUS_TEST(Golden_NamedToken) {
  const std::vector<float> z = {2, 1, 0, -1};
  const int64_t id = 1;
  const float s = 0.6f, dlogps = -1;
  float logits[4] = {2, 1, 0, -1};
  float logps, kl, lse, entropy;
  EXPECT_OK(Call(chorus_linear_logprob_rows,
                 {&logps, &kl, &lse, &entropy, nullptr, logits, nullptr, &id, &s, nullptr, nullptr, &dlogps, nullptr,
                  1, 4, 1, 4, 1, 0, CHORUS_TYPE_F32}));
  // Ten printed digits; the row's own error and the rounding of 0.6 to f32 (2.4e-8) are larger.
  EXPECT_NEAR(kl, 0.2992396237, (Tolerance{4e-7, 0}));
  EXPECT_ALL_NEAR(ToDouble({logits, logits + 4}),
                  (std::vector<double>{0.30639637, -0.36311718, 0.04146624, 0.01525458}), (Tolerance{4e-7, 0}));
  double r[5], d[4];
  const std::vector<double> z64 = ToDouble(z);
  const double s64 = 0.6, dlogps64 = -1;
  chorus::LinearLogprobRowsRef(r, r + 1, r + 2, r + 3, r + 4, d, z64.data(), nullptr, &id, &s64, 1, nullptr, nullptr, &dlogps64,
                               {1, 4, 4, nullptr, 1, 0});
  EXPECT_NEAR(r[1], 0.2992396237, kGolden10);
  EXPECT_NEAR(d[1], -0.36311718, kGolden8);
}

CHORUS_TEST(CertainRowSpreadsTheRestEvenly) {
  // 1 - p is 4e-18 here: no shape is left to keep.
  const std::vector<float> z = {40, 0, 0, -INFINITY, -1};
  const int64_t id = 0;
  const float s = 0.7f, dlogps = 1;
  std::vector<float> logits = z;
  float logps, kl, lse, entropy;
  EXPECT_OK(Call(chorus_linear_logprob_rows,
                 {&logps, &kl, &lse, &entropy, nullptr, logits.data(), nullptr, &id, &s, nullptr, nullptr, &dlogps,
                  nullptr, 1, 5, 1, 5, 1, 0, CHORUS_TYPE_F32}));
  const double share = (1 - static_cast<double>(s)) / 3;
  EXPECT_ALL_NEAR(ToDouble(logits), (std::vector<double>{s - 1, share, share, 0, share}), (Tolerance{4e-7, 0}));
  EXPECT_NEAR(logps, share * (-40 - 40 - 41), (Tolerance{4e-7, 1e-7}));
  double r[5], d[5];
  const std::vector<double> z64 = ToDouble(z);
  const double s64 = s, dlogps64 = 1;
  chorus::LinearLogprobRowsRef(r, r + 1, r + 2, r + 3, r + 4, d, z64.data(), nullptr, &id, &s64, 1, nullptr, nullptr, &dlogps64,
                               {1, 5, 5, nullptr, 1, 0});
  EXPECT_NEAR(kl, r[1], (Tolerance{1e-6, 1e-7}));
  EXPECT_ALL_NEAR(ToDouble(logits), (std::vector<double>(d, d + 5)), (Tolerance{4e-7, 0}));
}

CHORUS_TEST(WeightZeroIsRemoved_AndWeightTwoIsTwice) {
  std::vector<float> once = {0.3f, -1, 2, NAN, INFINITY, 0};
  std::vector<float> twice = {0.3f, -1, 2, 0.3f, -1, 2};
  const std::vector<int64_t> ids = {1, -7}, same = {1, 1};
  const std::vector<float> two = {2, 0}, dlogps = {0.7f, 0.7f};
  std::vector<float> out(8);
  EXPECT_OK(Call(chorus_linear_logprob_rows,
                 {&out[0], &out[2], &out[4], &out[6], nullptr, once.data(), nullptr, ids.data(), nullptr, nullptr,
                  two.data(), dlogps.data(), nullptr, 2, 3, 1, 3, 1, 0, CHORUS_TYPE_F32}));
  EXPECT_TRUE(out[1] == 0 && out[3] == 0 && out[5] == 0 && out[7] == 0);
  EXPECT_OK(Call(chorus_linear_logprob_rows,
                 {&out[0], &out[2], &out[4], &out[6], nullptr, twice.data(), nullptr, same.data(), nullptr, nullptr,
                  nullptr, dlogps.data(), nullptr, 2, 3, 1, 3, 1, 0, CHORUS_TYPE_F32}));
  // A device adds up a row in an order that depends on its alignment: up to four roundings in p, times |w dlogp| of 1.4.
  const Tolerance equal = HostOrDevice({0, 0}, {3.4e-7, 1e-7});
  for (size_t v = 0; v < 3; ++v) {
    EXPECT_NEAR(once[v], twice[v] + twice[v + 3], equal);
    EXPECT_TRUE(once[v + 3] == 0);
  }
}

CHORUS_TEST(RefusesBadValuesAndArguments) {
  float out[8];
  const auto named = [&](std::vector<float> z, std::vector<int64_t> ids, std::vector<float> s, float dlogps) {
    return Call(chorus_linear_logprob_rows,
                {out, out + 1, out + 2, out + 3, nullptr, z.data(), nullptr, ids.data(),
                 s.empty() ? nullptr : s.data(), nullptr, nullptr, &dlogps, nullptr, 1, 3,
                 static_cast<int64_t>(ids.size()), 3, 1, 0, CHORUS_TYPE_F32});
  };
  EXPECT_STATUS(named({1, NAN, 0}, {0}, {}, 1), CHORUS_INVALID_VALUE, "row 0: logit 1 is NaN");
  EXPECT_STATUS(named({1, INFINITY, 0}, {0}, {}, 1), CHORUS_INVALID_VALUE, "row 0: logit 1 is +infinity");
  EXPECT_STATUS(named({1, 0, -INFINITY}, {2}, {}, 1), CHORUS_INVALID_VALUE, "target 2 is -infinity (masked)");
  EXPECT_STATUS(named({1, 0, 0}, {3}, {}, 1), CHORUS_INVALID_VALUE, "row 0: target 3 is outside [0, 3)");
  EXPECT_STATUS(named({1, 0, 0}, {-1}, {}, 1), CHORUS_INVALID_VALUE, "row 0: target -1 is outside");
  EXPECT_STATUS(named({1, 0, 0}, {0}, {}, NAN), CHORUS_INVALID_VALUE, "row 0: dlogps is");
  EXPECT_STATUS(named({1, 0, 0}, {0, 1}, {0.6f, 0.6f}, 1), CHORUS_INVALID_VALUE, "a sum of at most 1");
  EXPECT_STATUS(named({1, 0, 0}, {0, 1}, {0.6f, -0.1f}, 1), CHORUS_INVALID_VALUE, "expected at least 0");
  EXPECT_STATUS(named({1, 0, 0}, {0, 0}, {0.6f, 0.1f}, 1), CHORUS_INVALID_VALUE, "token 0 is named twice");
  EXPECT_STATUS(named({1, 0, 0}, {0, 1, 2}, {0.2f, 0.2f, 0.2f}, 1), CHORUS_INVALID_VALUE, "a rest of no tokens");
  EXPECT_STATUS(named({1, 0, 0}, {0, 1}, {}, 1), CHORUS_INVALID_ARGUMENT, "k = 2, expected 1 to 1");
  const int64_t id = 3, name = 41;
  float one[3] = {1, 0, 0};
  EXPECT_STATUS(Call(chorus_linear_logprob_rows,
                     {out, out + 1, out + 2, out + 3, nullptr, one, nullptr, &id, nullptr, nullptr, nullptr, nullptr,
                      &name, 1, 3, 1, 3, 1, 0, CHORUS_TYPE_F32}),
                CHORUS_INVALID_VALUE, "row 41: target 3 is outside");
  float z[3] = {1, 0, 0}, dense[3] = {0.5f, 0.6f, -0.1f}, d = 1;
  const auto with = [&](const float* t, double scale, double cap) {
    return Call(chorus_linear_logprob_rows,
                {out, nullptr, out + 2, out + 3, nullptr, z, nullptr, nullptr, nullptr, t, nullptr, &d, nullptr, 1, 3,
                 1, 3, scale, cap, CHORUS_TYPE_F32});
  };
  EXPECT_STATUS(with(dense, 1, 0), CHORUS_INVALID_VALUE, "row 0: the dense target is negative");
  EXPECT_STATUS(with(nullptr, 1, 0), CHORUS_INVALID_ARGUMENT, "either ids or a dense target");
  EXPECT_STATUS(with(dense, 0, 0), CHORUS_INVALID_ARGUMENT, "scale = 0");
  EXPECT_STATUS(with(dense, 1, -1), CHORUS_INVALID_ARGUMENT, "soft_cap = -1");
}
