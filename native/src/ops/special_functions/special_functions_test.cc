#include "ops/special_functions/special_functions.h"

#include <cfloat>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "common/special.h"
#include "testing/test.h"

using namespace chorus_testing;

namespace {

/** What common/special.h promises, with no absolute part: also next to the zeros. */
constexpr Tolerance kRelative = {0, 2e-13};
/** One rounding to f32. */
constexpr Tolerance kRelativeF32 = {0, 6.1e-8};
/** The references are long double sums of numbers up to 100, so near the zeros they are off by some 1e-17. */
constexpr Tolerance kAgainstReference = {300 * LDBL_EPSILON, 2e-13};

struct Golden {
  double x, ln_gamma, digamma, trigamma;
};

/** mpmath 1.3 with 80 digits (above 1e50: the first terms of the series), at the double x, rounded to 18 digits. */
constexpr Golden kGolden[] = {
    {5e-324, 744.440071921381262, -INFINITY, INFINITY},
    {1e-310, 713.801378828154165, -INFINITY, INFINITY},
    {1e-200, 460.517018598809137, -1.00000000000000002e+200, INFINITY},
    {1e-150, 345.387763949106853, -9.99999999999999994e+149, 9.99999999999999987e+299},
    {1e-20, 46.0517018598809137, -1.00000000000000005e+20, 1.00000000000000011e+40},
    {1e-08, 18.4206807381802089, -100000000.577215646, 10000000000000001.2},
    {0.001, 6.90717888538385366, -1000.57557193181028, 1000001.64253319583},
    {0.01, 4.5994798780420217, -100.560885457868672, 10001.6212135283128},
    {0.1, 2.2527126517342059, -10.4237549404110762, 101.433299150792748},
    {0.5, 0.572364942924700087, -1.96351002602142348, 4.93480220054467931},
    {0.75, 0.203280951431295371, -1.08586087978647217, 2.5418796476716065},
    {0.87499, 0.0858667474963373883, -0.804037129130223712, 2.00577554794020792},
    {0.875, 0.0858587072253343235, -0.804017071547695382, 2.00574095792491814},
    {0.95, 0.0309687952379729265, -0.662609616205325415, 1.7738094443762761},
    {0.9999, 0.0000577297915611938628, -0.577380170329869124, 1.64517451070270356},
    {0.999999999, 5.77215649399225974e-10, -0.577215666546466882, 1.64493406925234018},
    {0.9999999999999999, 6.40838121348000724e-17, -0.577215664901533043, 1.6449340668482267},
    {1, 0, -0.577215664901532861, 1.64493406684822644},
    {1.0000000000000002, -1.28167624269600084e-16, -0.577215664901532495, 1.6449340668482259},
    {1.000000001, -5.77215711838103952e-10, -0.577215663256598659, 1.64493406444411243},
    {1.0001, -0.000057713342220471268, -0.577051183514334868, 1.64469368793314435},
    {1.25, -0.0982718364218131615, -0.227453533376265408, 1.19732915450711074},
    {1.3366, -0.113617112978075979, -0.128460803898885111, 1.0919431419720687},
    {1.4, -0.119612914172371293, -0.0613845445851162368, 1.02535659052959753},
    {1.46, -0.121485001004007429, -0.00158056198708345211, 0.969119621509887895},
    {1.461632144968362, -0.121486290535849608, -3.07279056654629284e-16, 0.967672245447621452},
    {1.4616321449683622, -0.121486290535849608, -9.24126552172942752e-17, 0.967672245447621255},
    {1.4616321449683625, -0.121486290535849608, 1.2245374622004069e-16, 0.967672245447621058},
    {1.4617, -0.121486288308166484, 0.0000656593922936764955, 0.967612161600373032},
    {1.5, -0.120782237635245222, 0.0364899739785765206, 0.934802200544679309},
    {1.5866, -0.114203447902448259, 0.114480849804250337, 0.867960517541251682},
    {1.5867, -0.114191995477785024, 0.114567642262753597, 0.867888654433288269},
    {1.75, -0.084401121020485556, 0.247472453546861164, 0.764101869893828721},
    {1.9, -0.0389842759230833617, 0.356184161164059658, 0.687972058242635656},
    {1.999999999, -4.22784369757332791e-10, 0.422784334453533019, 0.644934067252340276},
    {1.9999999999999998, -9.38769806554311676e-17, 0.422784335098466996, 0.644934066848226526},
    {2, 0, 0.422784335098467139, 0.644934066848226436},
    {2.0000000000000004, 1.87753961310862431e-16, 0.422784335098467426, 0.644934066848226257},
    {2.000000001, 4.22784370402266965e-10, 0.422784335743401259, 0.644934066444112597},
    {2.1, 0.045437738544485179, 0.48533596867983235, 0.606852869801023248},
    {2.125, 0.0577598515303438716, 0.500396225593034021, 0.598009988197911016},
    {2.1251, 0.0578098941428951109, 0.500456024848549236, 0.597975122766547444},
    {2.5, 0.28468287047291916, 0.703156640645243187, 0.490357756100234865},
    {3, 0.693147180559945309, 0.922784335098467139, 0.394934066848226436},
    {3.7, 1.42807232666538813, 1.16715353936151144, 0.310037857670038302},
    {5, 3.17805383034794562, 1.50611766843180047, 0.221322955737115325},
    {6.25, 5.21960398699022931, 1.75045352688373603, 0.17347923315893217},
    {7.999999999999999, 8.52516136106541251, 2.01564147795560988, 0.133137014694031441},
    {8, 8.5251613610654143, 2.01564147795561, 0.133137014694031425},
    {8.5, 9.54926725730099771, 2.08009081757942012, 0.124838118918926022},
    {10, 12.8018274800814696, 2.25175258906672111, 0.105166335681685746},
    {16, 27.8992713838408916, 2.74101332832746037, 0.0644937834032393618},
    {33.3, 82.603723581654943, 3.49046723852024278, 0.0304854440953388878},
    {100, 359.134205369575399, 4.6001618527380874, 0.0100501666633335714},
    {1234.5, 7550.5509010778949, 7.11801623182799784, 0.000810372727126966653},
    {32000, 299947.450012566116, 10.3734755567004834, 0.000031250488286336263},
    {1000000, 12815504.5691476117, 13.8155100579641908, 1.00000050000016667e-6},
    {10000000000, 220258509288.810581, 23.0258509298904568, 1.00000000005e-10},
    {1e+17, 3.81439465808987764e+18, 39.1439465808987766, 1.0e-17},
    {1e+100, 2.29258509299404572e+102, 230.258509299404568, 9.99999999999999984e-101},
    {1e+300, 6.89775527898213741e+302, 690.775527898213705, 9.99999999999999947e-301},
};

struct Function {
  const char* name;
  chorus_status (*function)(void*, const void*, int64_t, int);
  double (*reference)(double);
  double (*scalar)(double);
  double Golden::*golden;
};

const Function kFunctions[] = {
    {"lngamma", chorus_lngamma, chorus::LnGammaRef, [](double x) { return chorus::LnGamma(x); },
     &Golden::ln_gamma},
    {"digamma", chorus_digamma, chorus::DigammaRef, [](double x) { return chorus::Digamma(x); },
     &Golden::digamma},
    {"trigamma", chorus_trigamma, chorus::TrigammaRef,
     [](double x) { return chorus::Trigamma(x); }, &Golden::trigamma},
};

std::vector<double> LogUniform(Random& random, int64_t count, double low, double high) {
  std::vector<double> x(static_cast<size_t>(count));
  for (double& value : x) value = std::exp(random.Uniform(std::log(low), std::log(high)));
  return x;
}

}  // namespace

CHORUS_TEST(Golden_AlsoNextToTheZerosAndAtTheEndsOfTheRange) {
  std::vector<double> x;
  for (const Golden& g : kGolden) x.push_back(g.x);
  const int64_t count = static_cast<int64_t>(x.size());
  std::vector<double> y(x.size());
  for (const Function& f : kFunctions) {
    EXPECT_OK(f.function(y.data(), x.data(), count, CHORUS_TYPE_F64));
    for (size_t i = 0; i < x.size(); ++i) {
      SetCase(std::string(f.name) + " " + std::to_string(x[i]) + ", element " + std::to_string(i));
      EXPECT_NEAR(y[i], kGolden[i].*f.golden, kRelative);
      EXPECT_NEAR(f.scalar(x[i]), kGolden[i].*f.golden, kRelative);
    }
  }
}

CHORUS_TEST(MatchReferenceOverCountsAndAlignments) {
  Random random(31);
  for (const Function& f : kFunctions) {
    for (int64_t count : {0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 1009, 4095, 4097, 100003}) {
      for (double high : {3.0, 1e6}) {
        SetCase(std::string(f.name) + ", count " + std::to_string(count) + ", to " + std::to_string(high));
        // One element in front, so that vectors are not aligned.
        std::vector<double> x = LogUniform(random, count + 1, 1e-3, high), y(x.size(), 7), expected = x;
        for (double& value : expected) value = f.reference(value);
        EXPECT_OK(f.function(y.data() + 1, x.data() + 1, count, CHORUS_TYPE_F64));
        expected[0] = 7;
        EXPECT_ALL_NEAR(y, expected, kAgainstReference);

        std::vector<float> narrow = ToFloat(x), z(x.size(), 7);
        EXPECT_OK(f.function(z.data() + 1, narrow.data() + 1, count, CHORUS_TYPE_F32));
        for (size_t i = 1; i < z.size(); ++i) EXPECT_NEAR(z[i], f.scalar(narrow[i]), kRelativeF32);
        EXPECT_TRUE(z[0] == 7);
      }
    }
  }
}

CHORUS_TEST(WholeRangeOfArguments) {
  Random random(32);
  const std::vector<double> x = LogUniform(random, 20000, 1e-150, 1e300);
  std::vector<double> y(x.size());
  for (const Function& f : kFunctions) {
    EXPECT_OK(f.function(y.data(), x.data(), 20000, CHORUS_TYPE_F64));
    std::vector<double> expected;
    for (double value : x) expected.push_back(f.reference(value));
    SetCase(f.name);
    EXPECT_ALL_NEAR(y, expected, kAgainstReference);
  }
}

CHORUS_TEST(AreTheSameWhereverInTheArrayTheyStand) {
  Random random(33);
  const std::vector<double> x = LogUniform(random, 40, 1e-3, 30);
  for (const Function& f : kFunctions) {
    std::vector<double> all(40);
    EXPECT_OK(f.function(all.data(), x.data(), 40, CHORUS_TYPE_F64));
    for (size_t i = 0; i < 40; ++i) {
      double alone;
      EXPECT_OK(f.function(&alone, &x[i], 1, CHORUS_TYPE_F64));
      EXPECT_TRUE(alone == all[i]);
    }
  }
}

CHORUS_TEST(InfinityHasItsLimits) {
  const double infinity = INFINITY;
  const float infinity_f32 = INFINITY;
  double y[3];
  float z[3];
  for (int i = 0; i < 3; ++i) {
    EXPECT_OK(kFunctions[i].function(y + i, &infinity, 1, CHORUS_TYPE_F64));
    EXPECT_OK(kFunctions[i].function(z + i, &infinity_f32, 1, CHORUS_TYPE_F32));
  }
  EXPECT_TRUE(y[0] == INFINITY && y[1] == INFINITY && y[2] == 0);
  EXPECT_TRUE(z[0] == INFINITY && z[1] == INFINITY && z[2] == 0);
}

CHORUS_TEST(RefusesWhatIsNotPositive_AndNamesTheElement) {
  for (const Function& f : kFunctions) {
    for (double bad : {0.0, -0.0, -1.5, -double{INFINITY}, std::numeric_limits<double>::quiet_NaN()}) {
      for (size_t where : {0, 7, 8, 9000, 9999}) {
        std::vector<double> x(10000, 1.5), y(10000);
        x[where] = bad;
        x[9999] = bad;
        const std::string message = "element " + std::to_string(where) + " is";
        EXPECT_STATUS(f.function(y.data(), x.data(), 10000, CHORUS_TYPE_F64), CHORUS_INVALID_VALUE, message);
        const std::vector<float> narrow = ToFloat(x);
        std::vector<float> z(10000);
        EXPECT_STATUS(f.function(z.data(), narrow.data(), 10000, CHORUS_TYPE_F32), CHORUS_INVALID_VALUE, message);
      }
    }
  }
  const double negative = -2;
  double y;
  EXPECT_STATUS(chorus_digamma(&y, &negative, 1, CHORUS_TYPE_F64), CHORUS_INVALID_VALUE,
                "digamma_f64: element 0 is -2, expected above 0");
}

CHORUS_TEST(RefusesBadArguments) {
  double x = 1, y;
  float z = 1;
  for (const Function& f : kFunctions) {
    EXPECT_STATUS(f.function(nullptr, &x, 1, CHORUS_TYPE_F64), CHORUS_INVALID_ARGUMENT, "y is null");
    EXPECT_STATUS(f.function(&y, nullptr, 1, CHORUS_TYPE_F64), CHORUS_INVALID_ARGUMENT, "x is null");
    EXPECT_STATUS(f.function(&z, nullptr, 1, CHORUS_TYPE_F32), CHORUS_INVALID_ARGUMENT, "x is null");
    EXPECT_STATUS(f.function(&y, &x, -1, CHORUS_TYPE_F64), CHORUS_INVALID_ARGUMENT, "count = -1");
    EXPECT_OK(f.function(nullptr, nullptr, 0, CHORUS_TYPE_F64));
    EXPECT_OK(f.function(nullptr, nullptr, 0, CHORUS_TYPE_F32));
  }
}
