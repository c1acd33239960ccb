#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "testing/backend.h"
#include "testing/device/device_call.h"

#if defined(CHORUS_TEST_GPU)
#include <cuda_runtime_api.h>
#endif

namespace chorus_testing {

namespace {

// The memory of a device, real or simulated. Memory is filled with NaN first, so that what was not written shows.

#if defined(CHORUS_TEST_GPU)

/** CHORUS_TEST_FILL=0 leaves memory as it is, for a tool that watches what was not written. */
bool FillsMemory() {
  const char* value = std::getenv("CHORUS_TEST_FILL");
  return !value || std::strcmp(value, "0") != 0;
}

void Check(cudaError_t error) {
  if (error == cudaSuccess) return;
  ReportFailure(__FILE__, __LINE__, cudaGetErrorString(error));
}

char* Allocate(size_t bytes) {
  void* p = nullptr;
  // An empty buffer is not a null one.
  if (bytes == 0) bytes = 16;
  Check(cudaMalloc(&p, bytes));
  if (FillsMemory()) Check(cudaMemset(p, 0xff, bytes));
  return static_cast<char*>(p);
}
void Release(char* p) { Check(cudaFree(p)); }
void ToDevice(void* to, const void* from, size_t bytes) { Check(cudaMemcpy(to, from, bytes, cudaMemcpyHostToDevice)); }
void FromDevice(void* to, const void* from, size_t bytes) {
  Check(cudaMemcpy(to, from, bytes, cudaMemcpyDeviceToHost));
}

#else

char* Allocate(size_t bytes) {
  void* p = nullptr;
  if (posix_memalign(&p, 16, bytes) != 0) std::abort();
  std::memset(p, 0xff, bytes);
  return static_cast<char*>(p);
}
void Release(char* p) { std::free(p); }
void ToDevice(void* to, const void* from, size_t bytes) { std::memcpy(to, from, bytes); }
void FromDevice(void* to, const void* from, size_t bytes) { std::memcpy(to, from, bytes); }

#endif

/** "row 1" of "row 1: logit 1 is NaN", "model 1: row 2" of "op_f32: model 1: row 2: ...", "pair 1" of "pair 1, chosen: ...";
 * empty where a message begins otherwise. */
std::string PlaceIn(const std::string& message) {
  // The op's name is one word.
  const size_t colon = message.find(": ");
  const size_t begin = colon < message.find(' ') ? colon + 2 : 0;
  size_t end = begin, next = begin;
  for (;;) {
    int used = 0;
    std::sscanf(message.c_str() + next, "%*[a-z] %*d%n", &used);
    const size_t behind = next + static_cast<size_t>(used);
    if (used == 0 || (message[behind] != ':' && message[behind] != ',')) break;
    end = behind;
    if (message.compare(behind, 2, ": ") != 0) break;
    next = behind + 2;
  }
  return message.substr(begin, end - begin);
}

/** More elements than a test has: they come from arguments that are to be refused. */
constexpr int64_t kTooMany = int64_t{1} << 28;

}  // namespace

DeviceCall::DeviceCall() : fault_(reinterpret_cast<uint64_t*>(Allocate(sizeof(uint64_t)))) {
  chorus_cuda_clear_fault(fault_, nullptr);
}

DeviceCall::~DeviceCall() {
  for (const Buffer& buffer : buffers_) Release(buffer.allocation);
  Release(reinterpret_cast<char*>(fault_));
}

int64_t DeviceCall::Extent(int64_t N, int64_t width, int64_t stride) {
  if (N == 0) return 0;
  if (N < 0 || width < 0 || stride < width || N > kTooMany || stride > kTooMany / N) return -1;
  return (N - 1) * stride + width;
}

void* DeviceCall::Copy(void* host, int64_t count, size_t element, bool back) {
  if (host == nullptr || count < 0 || count > kTooMany) return host;
  const size_t beyond = reinterpret_cast<uintptr_t>(host) & 15;
  const size_t bytes = static_cast<size_t>(count) * element;
  char* allocation = Allocate(beyond + bytes);
  char* device = allocation + beyond;
  if (bytes > 0) ToDevice(device, host, bytes);
  buffers_.push_back({host, device, allocation, bytes, back});
  return device;
}

void* DeviceCall::Workspace(int64_t bytes) {
  if (bytes <= 0) return nullptr;
  char* allocation = Allocate(static_cast<size_t>(bytes));
  buffers_.push_back({nullptr, allocation, allocation, 0, false});
  return allocation;
}

chorus_status DeviceCall::Finish(chorus_status launched) {
  if (launched != CHORUS_OK) return launched;
  const chorus_status found = chorus_cuda_fault_status(fault_, nullptr);
  for (const Buffer& buffer : buffers_) {
    if (buffer.back && buffer.bytes > 0) FromDevice(buffer.host, buffer.device, buffer.bytes);
  }
  return found;
}

const char* SkipReason() {
#if defined(CHORUS_TEST_GPU)
  int64_t counts[CHORUS_CUDA_COUNTS];
  return chorus_cuda_probe(counts) == CHORUS_OK ? nullptr : chorus_cuda_last_error();
#else
  return nullptr;
#endif
}

const char* UseBackend(int i) {
#if defined(CHORUS_TEST_GPU)
  return i == 0 ? "cuda" : nullptr;
#else
  return i == 0 ? "simulated" : nullptr;
#endif
}

std::string LastError() { return chorus_cuda_last_error(); }

bool Says(int status, const std::string& text, const std::string& expected) {
  if (status != CHORUS_INVALID_VALUE) return text.find(expected) != std::string::npos;
  return text.find(PlaceIn(expected)) != std::string::npos;
}

bool IsDevice() { return true; }

}  // namespace chorus_testing
