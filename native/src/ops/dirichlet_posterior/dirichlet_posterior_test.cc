#include "ops/dirichlet_posterior/dirichlet_posterior.h"

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "common/bf16.h"
#include "testing/backend.h"
#include "testing/test.h"

using namespace chorus_testing;

namespace {

/** One rounding to f32; beside it the textbook sums of the reference cancel, at the strengths used here by 1e-12. */
constexpr Tolerance kAgainstReference = {3e-12, 1e-7};

/** Results by name, f32 or the reference's. */
template <typename Real>
struct Results {
  std::vector<Real> alpha, p, belief, variance, total, expected, mutual, differential, epkl, vacuity;
  std::vector<int64_t> label;

  Results(int64_t N, int64_t K, Real filler)
      : alpha(static_cast<size_t>(N * K), filler),
        p(alpha),
        belief(alpha),
        variance(alpha),
        total(static_cast<size_t>(N), filler),
        expected(total),
        mutual(total),
        differential(total),
        epkl(total),
        vacuity(total),
        label(static_cast<size_t>(N), 77) {}

  std::vector<std::vector<Real>*> All() {
    return {&alpha, &p, &belief, &variance, &total, &expected, &mutual, &differential, &epkl, &vacuity};
  }
};

const char* const kNames[] = {"alpha", "p",      "belief",       "variance", "total",
                              "expected", "mutual", "differential", "epkl",     "vacuity"};

/**
 * That, or what a device makes of result i of kNames: it sums answers and classes in f32, with an error of some 4e-7, inverts
 * to 1.2e-7 and takes logarithms to 2.4e-7 of them. The belief's 1 is taken from alpha, the mutual information from the total,
 * itself being a difference of up to four times as much, and the differential entropy has terms of order 1 for each class.
 */
Tolerance ToleranceOf(size_t i, int64_t K) {
  const double absolute[] = {0, 0, 2e-7, 0, 3e-7, 5e-7, 0, 6e-7 * static_cast<double>(K), 0, 0};
  const double relative[] = {1e-6, 1e-6, 1e-6, 1e-6, 1e-6, 1e-6, 4e-6, 1e-6, 1e-6, 1e-6};
  return HostOrDevice(kAgainstReference, {absolute[i], relative[i]});
}

struct Case {
  int64_t N, W, K;
  std::vector<int64_t> votes;
  std::vector<float> labels, lambda, labeler_weights, prior, weights;
};

Case MakeCase(Random& random, int64_t N, int64_t W, int64_t K) {
  Case c = {N, W, K, {}, {}, random.Floats(N * W, 0.1, 2), random.Floats(W, 0.1, 3), random.Floats(K, 0.05, 2),
            random.Floats(N, 0.1, 2)};
  for (int64_t i = 0; i < N * W; ++i) {
    c.votes.push_back(random.Below(K + 1) - 1);
    std::vector<float> label = random.Floats(K, 0.01, 1);
    float sum = 0;
    for (float y : label) sum += y;
    for (float y : label) c.labels.push_back(y / sum);
  }
  return c;
}

const float* OrNull(const std::vector<float>& values) { return values.empty() ? nullptr : values.data(); }

chorus_status Votes(const Case& c, Results<float>& r) {
  return Call(chorus_dirichlet_posterior,
              {r.alpha.data(), r.p.data(), r.belief.data(), r.variance.data(), r.label.data(), r.total.data(),
               r.expected.data(), r.mutual.data(), r.differential.data(), r.epkl.data(), r.vacuity.data(),
               c.votes.data(), nullptr, OrNull(c.labeler_weights), c.prior.data(), OrNull(c.weights), c.N, c.W, c.K,
               CHORUS_TYPE_I64});
}

chorus_status Labels(const Case& c, Results<float>& r) {
  return Call(chorus_dirichlet_posterior,
              {r.alpha.data(), r.p.data(), r.belief.data(), r.variance.data(), r.label.data(), r.total.data(),
               r.expected.data(), r.mutual.data(), r.differential.data(), r.epkl.data(), r.vacuity.data(),
               c.labels.data(), OrNull(c.lambda), OrNull(c.labeler_weights), c.prior.data(), OrNull(c.weights), c.N,
               c.W, c.K, CHORUS_TYPE_F32});
}

chorus_status Bf16(const Case& c, const std::vector<uint16_t>& labels, Results<float>& r) {
  return Call(chorus_dirichlet_posterior,
              {r.alpha.data(), r.p.data(), r.belief.data(), r.variance.data(), r.label.data(), r.total.data(),
               r.expected.data(), r.mutual.data(), r.differential.data(), r.epkl.data(), r.vacuity.data(),
               labels.data(), OrNull(c.lambda), OrNull(c.labeler_weights), c.prior.data(), OrNull(c.weights), c.N, c.W,
               c.K, CHORUS_TYPE_BF16});
}

/** A vote is a label of one class, and no vote a label of none. */
std::vector<double> OneHot(const Case& c) {
  std::vector<double> labels(static_cast<size_t>(c.N * c.W * c.K));
  for (int64_t i = 0; i < c.N * c.W; ++i) {
    const int64_t vote = c.votes[static_cast<size_t>(i)];
    if (vote >= 0) labels[static_cast<size_t>(i * c.K + vote)] = 1;
  }
  return labels;
}

Results<double> Reference(const Case& c, const std::vector<double>& labels, bool with_lambda) {
  Results<double> r(c.N, c.K, 0);
  const std::vector<double> prior = ToDouble(c.prior);
  for (int64_t n = 0; n < c.N; ++n) {
    const size_t i = static_cast<size_t>(n);
    r.label[i] = -1;
    if (!c.weights.empty() && c.weights[i] == 0) continue;
    std::vector<double> w;
    for (int64_t j = 0; j < c.W; ++j) {
      const double labeler = c.labeler_weights.empty() ? 1 : c.labeler_weights[static_cast<size_t>(j)];
      w.push_back(labeler * (with_lambda && !c.lambda.empty() ? c.lambda[static_cast<size_t>(n * c.W + j)] : 1.0));
    }
    double* const alpha = r.alpha.data() + n * c.K;
    chorus::DirichletRowRef row = {alpha,
                                   r.p.data() + n * c.K,
                                   r.belief.data() + n * c.K,
                                   r.variance.data() + n * c.K,
                                   0, 0, 0, 0, 0, 0, 0};
    chorus::DirichletPosteriorRef(row, labels.data() + n * c.W * c.K, w.data(), prior.data(), c.W, c.K);
    r.label[i] = row.label;
    r.total[i] = row.total;
    r.expected[i] = row.expected;
    r.mutual[i] = row.mutual;
    r.differential[i] = row.differential;
    r.epkl[i] = row.epkl;
    r.vacuity[i] = row.vacuity;
  }
  return r;
}

void ExpectResults(const std::string& name, Results<float>& actual, Results<double> expected) {
  const int64_t K = static_cast<int64_t>(actual.total.empty() ? 0 : actual.alpha.size() / actual.total.size());
  for (size_t i = 0; i < actual.All().size(); ++i) {
    SetCase(name + ", " + kNames[i]);
    EXPECT_ALL_NEAR(ToDouble(*actual.All()[i]), *expected.All()[i], ToleranceOf(i, K));
  }
  SetCase(name);
  EXPECT_TRUE(actual.label == expected.label);
}

void CheckAgainstReference(Case c, const std::string& name) {
  Results<float> r(c.N, c.K, 9);
  EXPECT_OK(Votes(c, r));
  ExpectResults(name + ", votes", r, Reference(c, OneHot(c), false));
  r = Results<float>(c.N, c.K, 9);
  EXPECT_OK(Labels(c, r));
  ExpectResults(name + ", f32", r, Reference(c, ToDouble(c.labels), true));
  std::vector<uint16_t> half;
  for (float& y : c.labels) {
    half.push_back(chorus::Narrow<uint16_t>(y));
    y = chorus::Widen(half.back());
  }
  r = Results<float>(c.N, c.K, 9);
  EXPECT_OK(Bf16(c, half, r));
  ExpectResults(name + ", bf16", r, Reference(c, ToDouble(c.labels), true));
}

/** A single item whose posterior is the prior. */
Results<float> OfAlpha(const std::vector<float>& alpha) {
  const Case c = {1, 1, static_cast<int64_t>(alpha.size()), {-1}, {}, {}, {}, alpha, {}};
  Results<float> r(1, c.K, 9);
  EXPECT_OK(Votes(c, r));
  EXPECT_TRUE(r.alpha == alpha);
  return r;
}

}  // namespace

CHORUS_TEST(MatchesReferenceOverShapes) {
  Random random(41);
  for (int64_t N : {0, 1, 2, 7, 8, 13, 33}) {
    for (int64_t W : {1, 3, 5}) {
      for (int64_t K : {1, 2, 3, 4, 5, 8, 9, 10, 15, 16, 17, 20, 33, 63, 64, 65, 130}) {
        const std::string name = "N " + std::to_string(N) + ", W " + std::to_string(W) + ", K " + std::to_string(K);
        Case c = MakeCase(random, N, W, K);
        CheckAgainstReference(c, name);
        c.lambda.clear();
        c.labeler_weights.clear();
        c.weights.clear();
        CheckAgainstReference(c, name + ", weights 1");
      }
    }
  }
}

CHORUS_TEST(ManyClassesAndManyLabelers) {
  Random random(42);
  CheckAgainstReference(MakeCase(random, 3, 2, 1009), "K 1009");
  CheckAgainstReference(MakeCase(random, 5, 3, 1100), "K 1100");
  CheckAgainstReference(MakeCase(random, 5, 301, 4), "W 301");
}

CHORUS_TEST(ManyRowsOnSeveralThreads_EachAsAlone) {
  Random random(43);
  Case c = MakeCase(random, 3001, 5, 10);
  c.weights[17] = c.weights[18] = c.weights[3000] = 0;
  CheckAgainstReference(c, "N 3001");
  Results<float> all(c.N, c.K, 9);
  EXPECT_OK(Labels(c, all));
  for (int64_t n = 0; n < c.N; n += 97) {
    Case one = {1, c.W, c.K, {}, {}, {}, c.labeler_weights, c.prior, {}};
    one.labels.assign(c.labels.begin() + n * c.W * c.K, c.labels.begin() + (n + 1) * c.W * c.K);
    one.lambda.assign(c.lambda.begin() + n * c.W, c.lambda.begin() + (n + 1) * c.W);
    Results<float> alone(1, c.K, 9);
    EXPECT_OK(Labels(one, alone));
    const size_t i = static_cast<size_t>(n);
    EXPECT_TRUE(alone.total[0] == all.total[i] && alone.expected[0] == all.expected[i] &&
                alone.mutual[0] == all.mutual[i] && alone.differential[0] == all.differential[i] &&
                alone.alpha[3] == all.alpha[i * 10 + 3] && alone.label[0] == all.label[i]);
  }
}

CHORUS_TEST(Golden_ThreePosteriors) {
  // Printed with eight decimals; results are f32.
  constexpr Tolerance kGoldenF32 = {6e-9, 1e-7};
  const struct {
    std::vector<float> alpha;
    double total, expected, mutual, differential, epkl, vacuity;
  } golden[] = {
      {{4, 2, 1}, .95569989, .83095238, .12474751, -1.48749174, .28571429, .42857143},
      {{1, 1, 1}, 1.09861229, .83333333, .26527896, -.69314718, .66666667, 1},
      {{40, 20, 10}, .95569989, .94160537, .01409452, -3.33010278, .02857143, .04285714},
  };
  for (const auto& g : golden) {
    SetCase("alpha " + std::to_string(g.alpha[0]));
    const Results<float> r = OfAlpha(g.alpha);
    const auto tolerance = [](size_t i) {
      const Tolerance device = ToleranceOf(i, 3);
      return HostOrDevice(kGoldenF32, {6e-9 + device.absolute, device.relative});
    };
    EXPECT_NEAR(r.total[0], g.total, tolerance(4));
    EXPECT_NEAR(r.expected[0], g.expected, tolerance(5));
    EXPECT_NEAR(r.mutual[0], g.mutual, tolerance(6));
    EXPECT_NEAR(r.differential[0], g.differential, tolerance(7));
    EXPECT_NEAR(r.epkl[0], g.epkl, tolerance(8));
    EXPECT_NEAR(r.vacuity[0], g.vacuity, tolerance(9));
    const std::vector<double> alpha = ToDouble(g.alpha);
    const double nothing[3] = {0, 0, 0}, one = 1;
    double vectors[12];
    chorus::DirichletRowRef ref = {vectors, vectors + 3, vectors + 6, vectors + 9, 0, 0, 0, 0, 0, 0, 0};
    chorus::DirichletPosteriorRef(ref, nothing, &one, alpha.data(), 1, 3);
    EXPECT_NEAR(ref.total, g.total, kGolden8);
    EXPECT_NEAR(ref.expected, g.expected, kGolden8);
    EXPECT_NEAR(ref.mutual, g.mutual, kGolden8);
    EXPECT_NEAR(ref.differential, g.differential, kGolden8);
    EXPECT_NEAR(ref.epkl, g.epkl, kGolden8);
    EXPECT_NEAR(ref.vacuity, g.vacuity, kGolden8);
  }
}

CHORUS_TEST(Golden_HugeAndTinyConcentrationsLoseNothing) {
  // mpmath 1.3 with 60 digits. Small entropies are sums of p ln p with p near 1, so their error is absolute.
  constexpr Tolerance kEntropy = {1e-15, 1e-7};
  constexpr Tolerance kRelative = {0, 1e-7};
  const struct {
    std::vector<float> alpha;
    double total, expected, mutual, differential;
  } golden[] = {
      {{0x1p32f, 0x1p31f, 0x1p30f}, 0.955699891113, 0.955699890979, 1.33046082071e-10, -21.7815929526},
      {{0x1p100f, 0x1p99f, 0x1p40f}, 0.636514168295, 0.636514168295, 5.25907270147e-31, -88.6314927669},
      {{0x1p-10f, 0x1p-10f, 0x1p-20f}, 0.697018198572, 0.00160529577644, 0.695412902795, -1049065.268},
      {{0x1p40f, 0x1p-6f, 1.5f}, 3.91032314905e-11, 3.86458484917e-11, 4.57382998799e-13, -113.468294347},
  };
  for (const auto& g : golden) {
    SetCase("alpha " + std::to_string(g.alpha[0]));
    const Results<float> r = OfAlpha(g.alpha);
    // On a device too nothing cancels but the expected entropy, which is the difference of the two.
    EXPECT_NEAR(r.total[0], g.total, HostOrDevice(kEntropy, {1e-15, 1e-6}));
    EXPECT_NEAR(r.expected[0], g.expected, HostOrDevice(kEntropy, {1e-6 * g.total, 1e-6}));
    EXPECT_NEAR(r.mutual[0], g.mutual, HostOrDevice(kRelative, {0, 4e-6}));
    EXPECT_NEAR(r.differential[0], g.differential, HostOrDevice(kRelative, {0, 1e-6}));
  }
}

CHORUS_TEST(OneClassLeavesNoDoubt) {
  for (float a : {0.3f, 3.0f, 9.0f, 1e20f}) {
    const Results<float> r = OfAlpha({a});
    EXPECT_TRUE(r.total[0] == 0 && r.expected[0] == 0 && r.mutual[0] == 0 && r.epkl[0] == 0 && r.variance[0] == 0);
    EXPECT_NEAR(r.differential[0], 0, (Tolerance{1e-14, 0}));
    EXPECT_TRUE(r.p[0] == 1 && r.label[0] == 0);
  }
}

CHORUS_TEST(TheLowestClassWinsATie) {
  EXPECT_TRUE(OfAlpha({1, 2, 2}).label[0] == 1);
  std::vector<float> alpha(200, 1.0f);
  EXPECT_TRUE(OfAlpha(alpha).label[0] == 0);
  alpha[70] = alpha[150] = 3;
  EXPECT_TRUE(OfAlpha(alpha).label[0] == 70);
}

CHORUS_TEST(WeightZeroIsRemoved_EvenIfItHoldsNonsense) {
  Random random(44);
  Case c = MakeCase(random, 9, 3, 4);
  Case clean = c;
  c.labeler_weights[1] = clean.labeler_weights[1] = 0;
  c.lambda[3 * 3 + 2] = clean.lambda[3 * 3 + 2] = 0;
  for (int64_t n = 0; n < 9; ++n) {
    c.votes[static_cast<size_t>(n * 3 + 1)] = -50;
    c.lambda[static_cast<size_t>(n * 3 + 1)] = NAN;
    for (int64_t k = 0; k < 4; ++k) c.labels[static_cast<size_t>((n * 3 + 1) * 4 + k)] = NAN;
  }
  for (size_t k = 0; k < 4; ++k) c.labels[(3 * 3 + 2) * 4 + k] = INFINITY;
  Results<float> r(9, 4, 9), expected(9, 4, 8);
  for (auto* run : {&Votes, &Labels}) {
    EXPECT_OK(run(c, r));
    EXPECT_OK(run(clean, expected));
    EXPECT_TRUE(r.alpha == expected.alpha && r.mutual == expected.mutual && r.label == expected.label);
  }
  c.weights[2] = 0;
  c.weights[8] = 0;
  for (size_t w = 0; w < 3; ++w) {
    c.votes[2 * 3 + w] = 99;
    c.lambda[2 * 3 + w] = -1;
    c.labels[(2 * 3 + w) * 4] = NAN;
  }
  for (auto* run : {&Votes, &Labels}) {
    EXPECT_OK(run(c, r));
    EXPECT_OK(run(clean, expected));
    for (size_t n : {2, 8}) {
      EXPECT_TRUE(r.label[n] == -1);
      for (std::vector<float>* values : r.All()) {
        const size_t width = values->size() / 9;
        for (size_t i = 0; i < width; ++i) EXPECT_TRUE((*values)[n * width + i] == 0);
      }
    }
    EXPECT_TRUE(r.alpha[12] == expected.alpha[12] && r.total[7] == expected.total[7] && r.label[3] == expected.label[3]);
  }
}

CHORUS_TEST(WeightTwoEqualsTheAnswerTwice) {
  Case once = {1, 2, 3, {2, 0}, {.5f, .25f, .25f, 0, 1, 0}, {}, {2, 1}, {1, .5f, 1}, {}};
  Case twice = {1, 3, 3, {2, 2, 0}, {.5f, .25f, .25f, .5f, .25f, .25f, 0, 1, 0}, {}, {}, {1, .5f, 1}, {}};
  Results<float> a(1, 3, 9), b(1, 3, 9);
  for (auto* run : {&Votes, &Labels}) {
    EXPECT_OK(run(once, a));
    EXPECT_OK(run(twice, b));
    EXPECT_TRUE(a.alpha == b.alpha && a.total == b.total && a.differential == b.differential);
  }
  once.labeler_weights = {};
  once.lambda = {2, 1};
  EXPECT_OK(Labels(once, a));
  EXPECT_TRUE(a.alpha == b.alpha);
}

CHORUS_TEST(AVoteIsALabelOfOneClass) {
  Random random(45);
  for (int64_t K : {2, 10, 100}) {
    Case c = MakeCase(random, 20, 5, K);
    c.lambda.clear();
    const std::vector<double> labels = OneHot(c);
    c.labels = ToFloat(labels);
    Results<float> hard(20, K, 9), soft(20, K, 8);
    EXPECT_OK(Votes(c, hard));
    EXPECT_OK(Labels(c, soft));
    EXPECT_TRUE(hard.alpha == soft.alpha && hard.label == soft.label && hard.total == soft.total);
  }
}

CHORUS_TEST(EachOutputMayBeNull) {
  Random random(46);
  const Case c = MakeCase(random, 11, 3, 5);
  Results<float> all(11, 5, 9);
  EXPECT_OK(Votes(c, all));
  const auto run = [&](Results<float>& r, int wanted) {
    const auto want = [&](int i, std::vector<float>& values) { return wanted == i ? values.data() : nullptr; };
    return Call(chorus_dirichlet_posterior,
                {want(0, r.alpha), want(1, r.p), want(2, r.belief), want(3, r.variance),
                 wanted == 10 ? r.label.data() : nullptr, want(4, r.total), want(5, r.expected), want(6, r.mutual),
                 want(7, r.differential), want(8, r.epkl), want(9, r.vacuity), c.votes.data(), nullptr,
                 c.labeler_weights.data(), c.prior.data(), nullptr, 11, 3, 5, CHORUS_TYPE_I64});
  };
  for (int wanted = 0; wanted < 12; ++wanted) {
    SetCase("output " + std::to_string(wanted));
    Results<float> r(11, 5, 9);
    EXPECT_OK(run(r, wanted));
    if (wanted < 10) EXPECT_TRUE(*r.All()[static_cast<size_t>(wanted)] == *all.All()[static_cast<size_t>(wanted)]);
    if (wanted == 10) EXPECT_TRUE(r.label == all.label);
  }
}

CHORUS_TEST(RefusesBadValues_AndNamesTheRow) {
  Random random(47);
  const Case good = MakeCase(random, 300, 3, 70);
  Results<float> r(300, 70, 9);
  const auto votes = [&](size_t where, int64_t vote) {
    Case c = good;
    c.votes[where] = vote;
    c.votes[899] = 500;
    return Votes(c, r);
  };
  EXPECT_STATUS(votes(7, 70), CHORUS_INVALID_VALUE,
                "dirichlet_posterior_i64: row 2: labeler 1 votes 70, expected [0, 70) or -1 for none");
  EXPECT_STATUS(votes(870, -2), CHORUS_INVALID_VALUE, "row 290: labeler 0 votes -2");
  EXPECT_STATUS(votes(899, INT64_MIN), CHORUS_INVALID_VALUE, "row 299: labeler 2 votes 500");

  const auto labels = [&](size_t first, size_t second, float value) {
    Case c = good;
    c.labels[first] = c.labels[second] = value;
    return Labels(c, r);
  };
  // The first row is named also where its bad class comes after another's.
  EXPECT_STATUS(labels((1 * 3 + 2) * 70 + 69, (4 * 3) * 70, NAN), CHORUS_INVALID_VALUE,
                "dirichlet_posterior_f32: row 1: labeler 2 gives class 69");
  EXPECT_STATUS(labels(299 * 210, 299 * 210, -0.1f), CHORUS_INVALID_VALUE, "row 299: labeler 0 gives class 0 -0.1");
  EXPECT_STATUS(labels(9 * 210 + 5, 299 * 210, 1.001f), CHORUS_INVALID_VALUE,
                "row 9: labeler 0 gives class 5 1.001, expected [0, 1]");
  Case c = good;
  c.lambda[4] = -1;
  EXPECT_STATUS(Labels(c, r), CHORUS_INVALID_VALUE, "row 1: lambda of labeler 1 is -1, expected finite and >= 0");
  c.lambda[4] = INFINITY;
  EXPECT_STATUS(Labels(c, r), CHORUS_INVALID_VALUE, "row 1: lambda of labeler 1 is inf");
  std::vector<uint16_t> half(good.labels.size(), 0x3f80);
  half[210 + 3] = 0x7fc0;
  EXPECT_STATUS(Bf16(good, half, r), CHORUS_INVALID_VALUE, "dirichlet_posterior_bf16: row 1: labeler 0 gives class 3");
  c = good;
  c.labeler_weights[2] = -1;
  EXPECT_STATUS(Votes(c, r), CHORUS_INVALID_VALUE, "labeler 2: weight is -1");
  c = good;
  c.weights[5] = NAN;
  EXPECT_STATUS(Votes(c, r), CHORUS_INVALID_VALUE, "row 5: weight is");
  for (float bad : {0.0f, -1.0f, INFINITY, std::numeric_limits<float>::quiet_NaN()}) {
    c = good;
    c.prior[69] = bad;
    EXPECT_STATUS(Votes(c, r), CHORUS_INVALID_VALUE, "prior of class 69 is");
  }
}

CHORUS_TEST(ConcentrationsBeyondF32_AreSummedOnTheHost_AndRefusedOnADevice) {
  for (int64_t K : {2, 1100}) {
    SetCase("K " + std::to_string(K));
    Case c = {2, 1, K, {-1, -1}, {}, {}, {}, std::vector<float>(static_cast<size_t>(K), 3e38f), {1, 0}};
    Results<float> r(2, K, 9);
    if (IsDevice()) {
      EXPECT_STATUS(Votes(c, r), CHORUS_INVALID_VALUE, "row 0: its concentrations sum to more than f32 holds");
    } else {
      EXPECT_OK(Votes(c, r));
      EXPECT_NEAR(r.total[0], std::log(static_cast<double>(K)), kAgainstReference);
    }
  }
}

CHORUS_TEST(RefusesBadArguments) {
  Case c = {1, 1, 2, {0}, {1, 0}, {}, {}, {1, 1}, {}};
  Results<float> r(1, 2, 9);
  EXPECT_OK(Votes(c, r));
  c.W = 0;
  EXPECT_STATUS(Votes(c, r), CHORUS_INVALID_ARGUMENT, "W = 0");
  c.W = INT64_MAX / 8;
  EXPECT_STATUS(Votes(c, r), CHORUS_INVALID_ARGUMENT, "W = ");
  c.W = 1;
  c.K = 0;
  EXPECT_STATUS(Votes(c, r), CHORUS_INVALID_ARGUMENT, "K = 0");
  c.K = 2;
  c.N = -1;
  EXPECT_STATUS(Labels(c, r), CHORUS_INVALID_ARGUMENT, "N = -1");
  const float prior[2] = {1, 1};
  const int64_t vote = 0;
  EXPECT_STATUS(Call(chorus_dirichlet_posterior,
                     {nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr,
                      nullptr, nullptr, nullptr, nullptr, prior, nullptr, 1, 1, 2, CHORUS_TYPE_I64}),
                CHORUS_INVALID_ARGUMENT, "votes is null");
  EXPECT_STATUS(Call(chorus_dirichlet_posterior,
                     {nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr,
                      nullptr, &vote, nullptr, nullptr, nullptr, nullptr, 1, 1, 2, CHORUS_TYPE_I64}),
                CHORUS_INVALID_ARGUMENT, "prior is null");
  EXPECT_STATUS(Call(chorus_dirichlet_posterior,
                     {nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr,
                      nullptr, nullptr, nullptr, nullptr, prior, nullptr, 1, 1, 2, CHORUS_TYPE_F32}),
                CHORUS_INVALID_ARGUMENT, "labels is null");
  EXPECT_OK(Call(chorus_dirichlet_posterior,
                 {nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr,
                  nullptr, nullptr, nullptr, nullptr, nullptr, 0, 0, 0, CHORUS_TYPE_BF16}));
}
