// A host's idea of a GPU: enough of the CUDA language to run the kernels of src/ops/*/*_cuda.cu without one.
//
// A block's threads are fibers that take turns, and blocks follow one another. What goes wrong on a GPU now and then goes wrong
// here always, or is found:
//
//  - Warps take turns in an order that depends on the launch, and a warp runs until it waits: a missing __syncthreads shows
//    as a wrong result or a difference between two launches.
//  - Shared memory is filled with NaN before each block.
//  - A barrier that not all threads reach is an error, and so is a shuffle that not all 32 lanes reach.
//  - "Device" memory is ordinary memory: AddressSanitizer sees what lies outside a buffer, UndefinedBehaviorSanitizer a 16-byte
//    load of an unaligned address.
//
//  - The approximate instructions (Exp2, Log2, Reciprocal) are off by as much as their documentation allows, to either side.
//
// Not seen: speed, and the memory model's finer points.
#ifndef CHORUS_TESTING_SIMT_H
#define CHORUS_TESTING_SIMT_H

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>

#define __global__
#define __device__
#define __host__
#define __forceinline__ inline
#define __launch_bounds__(...)
#define __restrict__

#define CHORUS_SHARED(type, name, count) \
  static char name##_tag;                \
  type* const name = static_cast<type*>(::simt::Shared(&name##_tag, sizeof(type) * (count)))

struct uint3 {
  unsigned x, y, z;
};
struct alignas(16) uint4 {
  unsigned x, y, z, w;
};
struct alignas(16) float4 {
  float x, y, z, w;
};

namespace simt {

/** Where the running thread stands. */
extern uint3 thread;
extern uint3 block;

/** Runs `kernel` for every thread of `blocks` blocks of `threads`, a multiple of 32 and at most 1024. Ends the program with a
 * message where threads wait for each other in vain. */
void Run(unsigned blocks, unsigned threads, const std::function<void()>& kernel);

/** This block's memory of that tag, the same for all its threads. */
void* Shared(const void* tag, size_t bytes);

void SyncThreads();
void SyncWarp();

/** A copy that is made when this thread waits for its copies. */
void CopyLater(void* to, const void* from, size_t bytes);
void WaitForCopies();

/**
 * Something within `relative` |exact| + `absolute` of a result, the same for the same result: mostly one of the bounds.
 * Subnormal numbers are flushed to 0.
 */
inline float Approximate(double exact, double relative, double absolute) {
  if (!(std::fabs(exact) < INFINITY)) return static_cast<float>(exact);
  const float nearest = static_cast<float>(exact);
  uint32_t bits;
  std::memcpy(&bits, &nearest, sizeof bits);
  const double side[] = {-1, 1, 0.5, 1, -1, -0.5, 1, -1};
  const double error = (relative * std::fabs(exact) + absolute) * side[(bits * 2654435761u) >> 29];
  const float result = static_cast<float>(exact + error);
  return std::fabs(result) < 0x1p-126f ? 0.0f : result;
}

/** All lanes give `bytes` at `value`; `result` is what lane `lane ^ mask` gave. */
void ExchangeXor(void* result, const void* value, size_t bytes, int mask);

template <typename T>
T ShuffleXor(T value, int mask) {
  T result;
  ExchangeXor(&result, &value, sizeof value, mask);
  return result;
}

}  // namespace simt

#define threadIdx (::simt::thread)
#define blockIdx (::simt::block)
inline void __syncthreads() { ::simt::SyncThreads(); }
inline void __syncwarp() { ::simt::SyncWarp(); }

inline unsigned long long atomicMin(unsigned long long* address, unsigned long long value) {
  const unsigned long long old = *address;
  if (value < old) *address = value;
  return old;
}
inline unsigned atomicOr(unsigned* address, unsigned value) {
  const unsigned old = *address;
  *address |= value;
  return old;
}

#endif
