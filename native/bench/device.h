// The device's memory for the benchmarks, and random numbers in it.
#ifndef CHORUS_BENCH_DEVICE_H
#define CHORUS_BENCH_DEVICE_H

#include <cuda_runtime.h>

#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

#include "chorus_cuda.h"
#include "cuda/types.h"
#include "testing/test.h"

namespace chorus_bench {

using chorus::cuda::Bf16;
using chorus_testing::Call;

/** Ends one op's benchmark; the others go on. */
struct Failure : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/** This machine cannot run the benchmark: too little memory, or no cuBLAS. */
struct Skipped : std::runtime_error {
  using std::runtime_error::runtime_error;
};

inline void Check(cudaError_t error, const char* what) {
  if (error == cudaSuccess) return;
  cudaGetLastError();
  const std::string text = std::string(what) + ": " + cudaGetErrorString(error);
  if (error == cudaErrorMemoryAllocation) throw Skipped(text);
  throw Failure(text);
}

inline void Ok(chorus_status status) {
  if (status != CHORUS_OK) throw Failure(chorus_cuda_last_error());
}

/** Launches one thread an item, on the default stream, where everything here runs. */
template <typename... Parameters, typename... Arguments>
void ForEach(int64_t count, void (*kernel)(Parameters...), Arguments... arguments) {
  constexpr int kThreads = 256;
  cudaLaunchConfig_t config = {};
  config.gridDim = dim3(static_cast<unsigned>((count + kThreads - 1) / kThreads));
  config.blockDim = dim3(kThreads);
  Check(cudaLaunchKernelEx(&config, kernel, static_cast<Parameters>(arguments)...), "launch");
}

/** `sets` arrays of `count` elements, one behind the other. A benchmark of small tensors goes round them, so that it finds
 * none in the second-level cache. */
template <typename T>
class Buffer {
 public:
  explicit Buffer(int64_t count, int64_t sets = 1) : count_(count), sets_(sets) {
    Check(cudaMalloc(&data_, static_cast<size_t>(count * sets) * sizeof(T)), "memory");
  }
  ~Buffer() { cudaFree(data_); }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;

  T* At(int64_t set) const { return data_ + set % sets_ * count_; }
  T* data() const { return data_; }
  /** Elements of all sets. */
  int64_t size() const { return count_ * sets_; }

  void Set(const std::vector<T>& values) {
    Check(cudaMemcpy(data_, values.data(), values.size() * sizeof(T), cudaMemcpyHostToDevice), "copy");
  }
  /** Elements of the first set. */
  std::vector<T> Get(int64_t first, int64_t count) const {
    std::vector<T> values(static_cast<size_t>(count));
    Check(cudaMemcpy(values.data(), data_ + first, values.size() * sizeof(T), cudaMemcpyDeviceToHost), "copy");
    return values;
  }
  std::vector<T> Get() const { return Get(0, count_); }

 private:
  T* data_ = nullptr;
  int64_t count_;
  int64_t sets_;
};

inline double ToDouble(Bf16 x) { return chorus::Widen(x.bits); }
inline double ToDouble(float x) { return x; }
inline double ToDouble(int64_t x) { return static_cast<double>(x); }

template <typename T>
std::vector<double> ToDoubles(const std::vector<T>& values) {
  std::vector<double> doubles;
  for (const T& x : values) doubles.push_back(ToDouble(x));
  return doubles;
}

/* ---- random numbers: the same for a seed on every machine ---- */

CHORUS_DEVICE uint64_t Hash(uint64_t x) {
  x += 0x9e3779b97f4a7c15u;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

/** In (0, 1). */
CHORUS_DEVICE float Unit(uint64_t bits) { return (static_cast<float>(bits >> 41) + 0.5f) * 0x1p-23f; }

CHORUS_DEVICE int64_t ItemOfThread() { return static_cast<int64_t>(blockIdx.x) * 256 + threadIdx.x; }

template <typename T>
__global__ void NormalKernel(T* out, int64_t count, float scale, uint64_t seed) {
  const int64_t i = ItemOfThread();
  if (i >= count) return;
  const uint64_t bits = Hash(seed ^ Hash(static_cast<uint64_t>(i)));
  const float radius = sqrtf(-2 * logf(Unit(bits)));
  out[i] = chorus::cuda::FromFloat<T>(scale * radius * cosf(6.2831853f * Unit(bits << 23)));
}

template <typename T>
__global__ void UniformKernel(T* out, int64_t count, float low, float high, uint64_t seed) {
  const int64_t i = ItemOfThread();
  if (i < count) {
    out[i] = chorus::cuda::FromFloat<T>(low + (high - low) * Unit(Hash(seed ^ Hash(static_cast<uint64_t>(i)))));
  }
}

template <typename T>
__global__ void IntegersKernel(T* out, int64_t count, int64_t low, int64_t high, uint64_t seed) {
  const int64_t i = ItemOfThread();
  if (i < count) {
    out[i] = low + static_cast<T>(Hash(seed ^ Hash(static_cast<uint64_t>(i))) % static_cast<uint64_t>(high - low));
  }
}

template <typename T>
__global__ void NanKernel(const T* values, int64_t count, int* found) {
  const int64_t i = ItemOfThread();
  if (i >= count) return;
  const float x = chorus::cuda::ToFloat(values[i]);
  // Whichever thread writes, it is the same.
  if (x != x) *found = 1;
}

/** Normal numbers times scale. */
template <typename T>
void FillNormal(const Buffer<T>& buffer, float scale, uint64_t seed) {
  ForEach(buffer.size(), NormalKernel<T>, buffer.data(), buffer.size(), scale, seed);
}
/** In [low, high). */
template <typename T>
void FillUniform(const Buffer<T>& buffer, float low, float high, uint64_t seed) {
  ForEach(buffer.size(), UniformKernel<T>, buffer.data(), buffer.size(), low, high, seed);
}
template <typename T>
void FillIntegers(const Buffer<T>& buffer, int64_t low, int64_t high, uint64_t seed) {
  ForEach(buffer.size(), IntegersKernel<T>, buffer.data(), buffer.size(), low, high, seed);
}
template <typename T>
void Fill(const Buffer<T>& buffer, float value) {
  FillUniform(buffer, value, value, 0);
}

template <typename T>
void ExpectNoNan(const char* what, const T* values, int64_t count) {
  Buffer<int> found(1);
  found.Set({0});
  ForEach(count, NanKernel<T>, values, count, found.data());
  if (found.Get()[0] != 0) throw Failure(std::string(what) + " holds NaN");
}
template <typename T>
void ExpectNoNan(const char* what, const Buffer<T>& values) {
  ExpectNoNan(what, values.data(), values.size());
}

}  // namespace chorus_bench

#endif
