// What every op's benchmark is given, and how it checks a result before it is timed.
#ifndef CHORUS_BENCH_CONTEXT_H
#define CHORUS_BENCH_CONTEXT_H

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <string>
#include <vector>

#include "bench/report.h"
#include "bench/timer.h"

namespace chorus_bench {

struct Context {
  Timer& timer;
  Report& report;
  /** Bytes of the second-level cache. */
  int64_t cache;
  /** Sizes at which nothing is measured, to try the program. */
  bool small;
  Buffer<uint64_t> fault{1};

  int64_t Size(int64_t full, int64_t tiny) const { return small ? tiny : full; }

  /** How many tensors of so many bytes are four times the cache. */
  int64_t Sets(int64_t bytes) const { return small ? 2 : std::max<int64_t>(1, (4 * cache + bytes - 1) / bytes); }

  void ClearFault() const { Ok(chorus_cuda_clear_fault(fault.data(), nullptr)); }
  /** Waits. */
  void ExpectNoFault() const { Ok(chorus_cuda_fault_status(fault.data(), nullptr)); }

  template <typename Body>
  void Time(Row* row, const Body& body) {
    const Times times = timer.Measure(body);
    ExpectNoFault();
    row->microseconds = times.median;
    row->least = times.least;
  }
};

struct Tolerance {
  double absolute;
  double relative;
};

/** f32 results of elements computed in f32. */
constexpr Tolerance kFloatResult = {2e-5, 2e-5};
/** Gradients rounded to bf16 (2^-9), of probabilities in f32. */
constexpr Tolerance kBf16Gradient = {1e-7, 4e-3};

inline void ExpectNear(const char* what, double actual, double expected, Tolerance tolerance) {
  if (std::fabs(actual - expected) <= tolerance.absolute + tolerance.relative * std::fabs(expected)) return;
  char text[160];
  std::snprintf(text, sizeof text, "%s is %.9g, expected %.9g", what, actual, expected);
  throw Failure(text);
}

template <typename T>
void ExpectAllNear(const char* what, const std::vector<T>& actual, const std::vector<double>& expected,
                   Tolerance tolerance) {
  for (size_t i = 0; i < expected.size(); ++i) ExpectNear(what, ToDouble(actual[i]), expected[i], tolerance);
}

/** The rows of N that are compared with the definition. */
inline std::vector<int64_t> SomeRows(int64_t N) { return {0, N / 2, N - 1}; }

inline std::string ShapeText(const char* type, std::initializer_list<int64_t> sizes) {
  std::string text = std::string(type) + " [";
  const char* separator = "";
  for (int64_t size : sizes) {
    text += separator + std::to_string(size);
    separator = ",";
  }
  return text + "]";
}

}  // namespace chorus_bench

#endif
