// Work over rows, shared among OpenMP's threads.
//
// LibTorch brings libgomp and it is loaded first, so this is its team of threads, with the size that was set for the calling
// thread (at::set_num_threads); a second pool would fight with it for the cores. What a row gives must not depend on which
// thread takes it.
#ifndef CHORUS_COMMON_PARALLEL_H
#define CHORUS_COMMON_PARALLEL_H

#include <atomic>
#include <cstdint>

namespace chorus {

/** Below this much work, in elements of about a nanosecond, waking a team costs more than it saves. */
constexpr int64_t kParallelFrom = 1 << 16;

/** body(n) for n in [0, N), each of about `work` elements. */
template <typename Body>
void ParallelRows(int64_t N, int64_t work, const Body& body) {
  // Not N * work, which may overflow.
  const bool parallel = N > 1 && work >= kParallelFrom / N;
#pragma omp parallel for schedule(static) if (parallel)
  for (int64_t n = 0; n < N; ++n) body(n);
}

/** body(i) for i in [0, N), pieces of unequal work that sum up to `work` elements: a thread takes the next when it is done. */
template <typename Body>
void ParallelPieces(int64_t N, double work, const Body& body) {
  const bool parallel = N > 1 && work >= static_cast<double>(kParallelFrom);
#pragma omp parallel for schedule(dynamic) if (parallel)
  for (int64_t n = 0; n < N; ++n) body(n);
}

/** The lowest row that was reported, or -1. */
class FirstBadRow {
 public:
  void Report(int64_t n) {
    int64_t seen = row_.load(std::memory_order_relaxed);
    while ((seen < 0 || n < seen) && !row_.compare_exchange_weak(seen, n, std::memory_order_relaxed)) {
    }
  }
  int64_t Get() const { return row_.load(std::memory_order_relaxed); }

 private:
  std::atomic<int64_t> row_{-1};
};

}  // namespace chorus

#endif
