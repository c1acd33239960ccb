#include "testing/test.h"

#include <cstdio>
#include <cstring>
#include <utility>

#include "testing/backend.h"

namespace chorus_testing {

namespace {

constexpr float kCanary = 12345.5f;

struct Test {
  const char* name;
  void (*body)();
};

std::vector<Test>& Tests() {
  static std::vector<Test> tests;
  return tests;
}

int failures = 0;
std::string current_case;

std::string Format(const char* format, double a, double b, double c) {
  char text[200];
  std::snprintf(text, sizeof text, format, a, b, c);
  return text;
}

}  // namespace

bool Register(const char* name, void (*body)()) {
  Tests().push_back({name, body});
  return true;
}

void ReportFailure(const char* file, int line, const std::string& what) {
  ++failures;
  std::printf("%s:%d: %s%s%s\n", file, line, current_case.c_str(), current_case.empty() ? "" : ": ",
              what.c_str());
}

void SetCase(const std::string& name) { current_case = name; }

bool Near(double actual, double expected, Tolerance tolerance) {
  // Equality first: infinities differ by NaN. Written so that NaN is never near.
  return actual == expected || std::fabs(actual - expected) <=
                                   tolerance.absolute + tolerance.relative * std::fabs(expected);
}

void ExpectNear(const char* file, int line, const char* what, double actual, double expected,
                Tolerance tolerance) {
  if (Near(actual, expected, tolerance)) return;
  ReportFailure(file, line,
                what + Format(" is %.17g, expected %.17g (difference %.3g)", actual, expected,
                              actual - expected));
}

void ExpectAllNear(const char* file, int line, const char* what, const std::vector<double>& actual,
                   const std::vector<double>& expected, Tolerance tolerance) {
  if (actual.size() != expected.size()) {
    ReportFailure(file, line,
                  std::string(what) + " has " + std::to_string(actual.size()) +
                      " elements, expected " + std::to_string(expected.size()));
    return;
  }
  for (size_t i = 0; i < actual.size(); ++i) {
    if (Near(actual[i], expected[i], tolerance)) continue;
    const std::string element = std::string(what) + "[" + std::to_string(i) + "]";
    ExpectNear(file, line, element.c_str(), actual[i], expected[i], tolerance);
    return;  // the first is enough
  }
}

void ExpectStatus(const char* file, int line, const char* what, int actual, int expected,
                  const std::string& message) {
  const std::string text = actual == 0 ? "" : LastError();
  if (actual != expected) {
    ReportFailure(file, line,
                  std::string(what) + " returned " + std::to_string(actual) + " (" + text +
                      "), expected " + std::to_string(expected));
  } else if (!Says(actual, text, message)) {
    ReportFailure(file, line,
                  std::string(what) + " said \"" + text + "\", expected \"" + message + "\"");
  }
}

uint64_t Random::Next() {
  state_ += 0x9e3779b97f4a7c15u;
  uint64_t z = state_;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

double Random::Uniform(double low, double high) {
  return low + (high - low) * (static_cast<double>(Next() >> 11) * 0x1p-53);
}

int64_t Random::Below(int64_t bound) {
  return static_cast<int64_t>(Next() % static_cast<uint64_t>(bound));
}

std::vector<float> Random::Floats(int64_t count, double low, double high) {
  std::vector<float> values(static_cast<size_t>(count));
  for (float& value : values) value = static_cast<float>(Uniform(low, high));
  return values;
}

std::vector<double> NumericGradient(const std::function<double(const std::vector<double>&)>& f,
                                    const std::vector<double>& x, double h) {
  std::vector<double> gradient(x.size());
  std::vector<double> moved = x;
  for (size_t i = 0; i < x.size(); ++i) {
    moved[i] = x[i] + h;
    const double above = f(moved);
    moved[i] = x[i] - h;
    const double below = f(moved);
    moved[i] = x[i];
    gradient[i] = (above - below) / (2 * h);
  }
  return gradient;
}

StridedMatrix::StridedMatrix(const std::vector<float>& dense, int64_t rows, int64_t width,
                             int64_t gap, int64_t offset)
    : rows_(rows),
      width_(width),
      gap_(gap),
      offset_(offset),
      storage_(static_cast<size_t>(offset + rows * (width + gap)), kCanary) {
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t c = 0; c < width; ++c)
      data()[r * stride() + c] = dense[static_cast<size_t>(r * width + c)];
  }
}

std::vector<float> StridedMatrix::Dense() const {
  std::vector<float> dense;
  for (int64_t r = 0; r < rows_; ++r) {
    const float* row = storage_.data() + offset_ + r * stride();
    dense.insert(dense.end(), row, row + width_);
  }
  return dense;
}

bool StridedMatrix::IntactGaps() const {
  for (int64_t i = 0; i < static_cast<int64_t>(storage_.size()); ++i) {
    const bool in_row = i >= offset_ && (i - offset_) % stride() < width_;
    if (!in_row && storage_[static_cast<size_t>(i)] != kCanary) return false;
  }
  return true;
}

}  // namespace chorus_testing

int main(int argc, char** argv) {
  using namespace chorus_testing;
  if (const char* reason = SkipReason()) {
    std::printf("skipped: %s\n", reason);
    return 77;  // what CMake takes for "skipped"
  }
  int run = 0;
  for (int backend = 0; const char* name = UseBackend(backend); ++backend) {
    for (const Test& test : Tests()) {
      if (argc > 1 && std::strstr(test.name, argv[1]) == nullptr) continue;
      const int before = failures;
      SetCase("");
      test.body();
      ++run;
      std::printf("%s %s %s\n", failures == before ? "ok    " : "FAILED", name, test.name);
    }
  }
  std::printf("%d tests, %d failed expectations\n", run, failures);
  return run > 0 && failures == 0 ? 0 : 1;
}
