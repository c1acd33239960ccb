// One call of an op on a device for data that a test holds in the host's memory. With it, <op>_on_device.cc gives the functions
// of chorus.h to the tests that were written for the host, and so to the same shapes, strides, golden values and bad inputs.
#ifndef CHORUS_TESTING_DEVICE_CALL_H
#define CHORUS_TESTING_DEVICE_CALL_H

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <vector>

#include "chorus_cuda.h"

namespace chorus_testing {

class DeviceCall {
 public:
  DeviceCall();
  ~DeviceCall();
  DeviceCall(const DeviceCall&) = delete;
  DeviceCall& operator=(const DeviceCall&) = delete;

  /**
   * The data on the device, as far from a 16-byte boundary as they are here; null for null. A count that no test means
   * (bad arguments) gives the host's pointer, which the op must refuse before it looks.
   */
  template <typename T>
  const T* In(const T* host, int64_t count) {
    return static_cast<const T*>(Copy(const_cast<T*>(host), count, sizeof(T), false));
  }
  /** The same, copied back by Finish. */
  template <typename T>
  T* Out(T* host, int64_t count) {
    return static_cast<T*>(Copy(host, count, sizeof(T), true));
  }

  /** N rows of `width` elements, `stride` apart; nothing behind the last one. */
  template <typename T>
  const T* InRows(const T* host, int64_t N, int64_t width, int64_t stride) {
    return In(host, Extent(N, width, stride));
  }
  template <typename T>
  T* OutRows(T* host, int64_t N, int64_t width, int64_t stride) {
    return Out(host, Extent(N, width, stride));
  }

  /** The same for fields of a struct of arguments, which then hold the device's pointers. */
  template <typename T>
  void In(const T** field, int64_t count) {
    *field = In(*field, count);
  }
  template <typename T>
  void Out(T** field, int64_t count) {
    *field = Out(*field, count);
  }
  void In(std::initializer_list<const float**> fields, int64_t count) {
    for (const float** field : fields) In(field, count);
  }
  void Out(std::initializer_list<float**> fields, int64_t count) {
    for (float** field : fields) Out(field, count);
  }

  /** The same for elements of a CHORUS_TYPE_*. */
  const void* InOf(const void* host, int type, int64_t count) {
    return Copy(const_cast<void*>(host), count, SizeOf(type), false);
  }
  const void* InRowsOf(const void* host, int type, int64_t N, int64_t width, int64_t stride) {
    return InOf(host, type, Extent(N, width, stride));
  }
  void* OutRowsOf(void* host, int type, int64_t N, int64_t width, int64_t stride) {
    return Copy(host, Extent(N, width, stride), SizeOf(type), true);
  }
  void InRows(const void** field, int type, int64_t N, int64_t width, int64_t stride) {
    *field = InRowsOf(*field, type, N, width, stride);
  }
  void OutRows(void** field, int type, int64_t N, int64_t width, int64_t stride) {
    *field = OutRowsOf(*field, type, N, width, stride);
  }

  /** Device memory that holds nothing. */
  void* Workspace(int64_t bytes);

  uint64_t* fault() { return fault_; }

  /** Waits, copies back, and adds what the kernels say to what the launch said. */
  chorus_status Finish(chorus_status launched);

 private:
  struct Buffer {
    void* host;
    char* device;
    char* allocation;
    size_t bytes;
    bool back;
  };

  static size_t SizeOf(int type) { return type == CHORUS_TYPE_F32 ? 4 : type == CHORUS_TYPE_I64 ? 8 : 2; }
  /** -1 for what no test means. */
  static int64_t Extent(int64_t N, int64_t width, int64_t stride);
  void* Copy(void* host, int64_t count, size_t element, bool back);

  std::vector<Buffer> buffers_;
  uint64_t* fault_;
};

}  // namespace chorus_testing

#endif
