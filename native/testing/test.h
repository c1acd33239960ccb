// A small test harness, because a bare machine has a C++ compiler and CMake and no test library.
//
//   CHORUS_TEST(Softplus_IsStable) { EXPECT_NEAR(chorus::Softplus(0.0), 0.6931471805599453,
//   Tolerance{1e-15, 0}); }
//
// One executable per op; main is in test.cc. A failed expectation is printed and the test goes on;
// an argument runs only the tests whose name contains it.
#ifndef CHORUS_TESTING_TEST_H
#define CHORUS_TESTING_TEST_H

#include <cmath>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace chorus_testing {

/** |actual - expected| <= absolute + relative |expected|. */
struct Tolerance {
  double absolute;
  double relative;
};

/** One rounding to f32 of a result computed in double: half an ulp is 2^-24 = 6e-8 of it. The rest
 * is margin. */
constexpr Tolerance kF32Rounding = {1e-12, 1e-7};
/** Golden values are printed with at least eight decimals. */
constexpr Tolerance kGolden8 = {6e-9, 0};
/** ... and with ten. */
constexpr Tolerance kGolden10 = {6e-11, 0};

bool Register(const char* name, void (*body)());
void ReportFailure(const char* file, int line, const std::string& what);
/** Names the case in the failures that follow, until the next call. */
void SetCase(const std::string& name);

/** A function of the C interface with its struct of arguments written where it is called. */
template <typename Args>
int Call(int (*function)(const Args*), const Args& args) {
  return function(&args);
}
/** The same of the one for CUDA. */
template <typename Args>
int Call(int (*function)(const Args*, uint64_t*, void*), const Args& args, uint64_t* fault, void* stream) {
  return function(&args, fault, stream);
}

bool Near(double actual, double expected, Tolerance tolerance);
void ExpectNear(const char* file, int line, const char* what, double actual, double expected,
                Tolerance tolerance);
void ExpectAllNear(const char* file, int line, const char* what, const std::vector<double>& actual,
                   const std::vector<double>& expected, Tolerance tolerance);
/** The status is `expected`, and for an error chorus_last_error contains `message`. */
void ExpectStatus(const char* file, int line, const char* what, int actual, int expected,
                  const std::string& message);

inline std::vector<double> ToDouble(const std::vector<float>& values) {
  return {values.begin(), values.end()};
}
inline std::vector<float> ToFloat(const std::vector<double>& values) {
  return {values.begin(), values.end()};
}

/** Numbers from a printed seed (SplitMix64): the same on every machine, unlike std:: distributions.
 */
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}
  uint64_t Next();
  /** In [low, high). */
  double Uniform(double low, double high);
  /** In [0, bound). */
  int64_t Below(int64_t bound);
  std::vector<float> Floats(int64_t count, double low, double high);

 private:
  uint64_t state_;
};

/** Central differences of f at x, step h: error h^2 f'''/6 plus rounding 1e-16 |f| / h. */
std::vector<double> NumericGradient(const std::function<double(const std::vector<double>&)>& f,
                                    const std::vector<double>& x, double h = 1e-5);
/** For h = 1e-5 and losses of size up to 1e2: 1e-10 + 1e-9, with margin. */
constexpr Tolerance kFiniteDifference = {1e-7, 1e-6};

/** A row-strided, deliberately misaligned f32 matrix [rows, width]; the gaps hold a canary that
 * IntactGaps looks for. */
class StridedMatrix {
 public:
  StridedMatrix(const std::vector<float>& dense, int64_t rows, int64_t width, int64_t gap,
                int64_t offset);
  float* data() { return storage_.data() + offset_; }
  int64_t stride() const { return width_ + gap_; }
  std::vector<float> Dense() const;
  bool IntactGaps() const;

 private:
  int64_t rows_;
  int64_t width_;
  int64_t gap_;
  int64_t offset_;
  std::vector<float> storage_;
};

}  // namespace chorus_testing

#define CHORUS_TEST(name)                                                         \
  static void name();                                                             \
  static const bool name##_registered = ::chorus_testing::Register(#name, &name); \
  static void name()

#define EXPECT_TRUE(condition) \
  if (!(condition)) ::chorus_testing::ReportFailure(__FILE__, __LINE__, #condition " is false")
#define EXPECT_NEAR(actual, expected, tolerance) \
  ::chorus_testing::ExpectNear(__FILE__, __LINE__, #actual, actual, expected, tolerance)
#define EXPECT_ALL_NEAR(actual, expected, tolerance) \
  ::chorus_testing::ExpectAllNear(__FILE__, __LINE__, #actual, actual, expected, tolerance)
#define EXPECT_OK(call) ::chorus_testing::ExpectStatus(__FILE__, __LINE__, #call, call, 0, "")
#define EXPECT_STATUS(call, status, message) \
  ::chorus_testing::ExpectStatus(__FILE__, __LINE__, #call, call, status, message)

#endif
