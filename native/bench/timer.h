// How long a device takes: CUDA events around each of many runs, and their median.
#ifndef CHORUS_BENCH_TIMER_H
#define CHORUS_BENCH_TIMER_H

#include <algorithm>
#include <vector>

#include "bench/device.h"

namespace chorus_bench {

/** Keeps the device busy for so many of its clock's ticks. */
static __global__ void Spin(long long ticks) {
  const long long start = clock64();
  while (clock64() - start < ticks) {
  }
}

struct Times {
  double median;  // microseconds
  double least;
};

class Timer {
 public:
  /** `cache`: bytes of the second-level cache. */
  Timer(int runs, int64_t cache)
      : starts_(static_cast<size_t>(runs)), stops_(static_cast<size_t>(runs)), flush_(2 * std::max<int64_t>(cache, 1)) {
    for (cudaEvent_t& event : starts_) Check(cudaEventCreate(&event), "event");
    for (cudaEvent_t& event : stops_) Check(cudaEventCreate(&event), "event");
  }
  ~Timer() {
    for (cudaEvent_t event : starts_) cudaEventDestroy(event);
    for (cudaEvent_t event : stops_) cudaEventDestroy(event);
  }
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  /**
   * Of body(run), which queues work on the default stream. The device is kept busy until all runs are queued, so that it is
   * not the host's queueing that is timed: what remains are the kernels and the gaps that the device makes between them.
   */
  template <typename Body>
  Times Measure(const Body& body) {
    const int runs = static_cast<int>(starts_.size());
    for (int run = 0; run < kWarmUp; ++run) body(run);
    // What the warm-up and whoever filled the tensors have left in the cache.
    Check(cudaMemsetAsync(flush_.data(), 0, static_cast<size_t>(flush_.size())), "flush");
    Check(cudaDeviceSynchronize(), "warm-up");
    // Two to three milliseconds.
    ForEach(1, Spin, 4'000'000LL);
    for (int run = 0; run < runs; ++run) {
      const size_t i = static_cast<size_t>(run);
      Check(cudaEventRecord(starts_[i]), "event");
      body(kWarmUp + run);
      Check(cudaEventRecord(stops_[i]), "event");
    }
    Check(cudaDeviceSynchronize(), "runs");
    std::vector<double> times;
    for (size_t i = 0; i < starts_.size(); ++i) {
      float milliseconds = 0;
      Check(cudaEventElapsedTime(&milliseconds, starts_[i], stops_[i]), "event");
      times.push_back(1000.0 * static_cast<double>(milliseconds));
    }
    std::sort(times.begin(), times.end());
    const size_t half = times.size() / 2;
    return {times.size() % 2 ? times[half] : (times[half - 1] + times[half]) / 2, times[0]};
  }

 private:
  static constexpr int kWarmUp = 5;
  std::vector<cudaEvent_t> starts_, stops_;
  Buffer<char> flush_;
};

}  // namespace chorus_bench

#endif
