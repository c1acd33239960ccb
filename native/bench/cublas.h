// The few functions of cuBLAS that the benchmarks call, from the library that is found when they run: its headers are not
// needed to compile.
#ifndef CHORUS_BENCH_CUBLAS_H
#define CHORUS_BENCH_CUBLAS_H

#include <dlfcn.h>

#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "bench/device.h"

namespace chorus_bench {

/** Whether a matrix is read as it lies or transposed; the numbers are cuBLAS's, as are those below. */
enum class Read : int { kAsIs = 0, kTransposed = 1 };

class Cublas {
 public:
  /** CHORUS_CUBLAS names a library; otherwise that of CUDA 13 is taken, or that of CUDA 12. Throws Skipped without one. */
  Cublas() {
    std::vector<std::string> names;
    if (const char* path = std::getenv("CHORUS_CUBLAS")) names.push_back(path);
    names.insert(names.end(), {"libcublas.so.13", "libcublas.so.12"});
    std::string why;
    for (const std::string& name : names) {
      library_ = dlopen(name.c_str(), RTLD_NOW | RTLD_LOCAL);
      if (library_) {
        name_ = name;
        break;
      }
      why += std::string(why.empty() ? "" : "; ") + dlerror();
    }
    if (!library_) throw Skipped("cuBLAS is not found (CHORUS_CUBLAS may name it): " + why);
    Find("cublasGemmEx", &gemm_);
    Find("cublasCreate_v2", &create_);
    Find("cublasDestroy_v2", &destroy_);
    Find("cublasSetStream_v2", &set_stream_);
    Find("cublasSetWorkspace_v2", &set_workspace_);
    Check(create_(&handle_), "cublasCreate");
    Check(set_stream_(handle_, nullptr), "cublasSetStream");
    workspace_.reset(new Buffer<char>(kWorkspace));
    Check(set_workspace_(handle_, workspace_->data(), kWorkspace), "cublasSetWorkspace");
  }
  ~Cublas() {
    if (handle_) destroy_(handle_);
  }
  Cublas(const Cublas&) = delete;
  Cublas& operator=(const Cublas&) = delete;

  const std::string& name() const { return name_; }

  /** What NVIDIA advises for Hopper. */
  static constexpr int64_t kWorkspace = int64_t{32} << 20;

  /** A bf16 matrix as rows `columns` apart. */
  struct Matrix {
    const Bf16* data;
    int64_t columns;
    Read read;
  };

  /** c [rows, columns] = a b + beta c, sums over `inner` elements in f32; Out is Bf16 or float. */
  template <typename Out>
  void Product(Out* c, const Matrix& a, const Matrix& b, int64_t rows, int64_t columns, int64_t inner, float beta) const {
    const float one = 1;
    // cuBLAS goes down columns: what it sees of all three matrices is the transpose, and c^T = b^T a^T.
    Check(gemm_(handle_, static_cast<int>(b.read), static_cast<int>(a.read), static_cast<int>(columns),
                static_cast<int>(rows), static_cast<int>(inner), &one, b.data, kBf16, static_cast<int>(b.columns), a.data,
                kBf16, static_cast<int>(a.columns), &beta, c, sizeof(Out) == 2 ? kBf16 : kFloat,
                static_cast<int>(columns), kComputeInFloat, kDefaultAlgorithm),
          "cublasGemmEx");
  }

 private:
  static constexpr int kFloat = 0;            // CUDA_R_32F
  static constexpr int kBf16 = 14;            // CUDA_R_16BF
  static constexpr int kComputeInFloat = 68;  // CUBLAS_COMPUTE_32F
  static constexpr int kDefaultAlgorithm = -1;

  static void Check(int status, const char* what) {
    if (status != 0) throw Failure(std::string(what) + " returned " + std::to_string(status));
  }

  template <typename Function>
  void Find(const char* name, Function** function) {
    *function = reinterpret_cast<Function*>(dlsym(library_, name));
    if (!*function) throw Skipped(name_ + " has no " + name);
  }

  int (*create_)(void** handle) = nullptr;
  int (*destroy_)(void* handle) = nullptr;
  int (*set_stream_)(void* handle, cudaStream_t stream) = nullptr;
  int (*set_workspace_)(void* handle, void* workspace, size_t bytes) = nullptr;
  int (*gemm_)(void* handle, int a_read, int b_read, int m, int n, int k, const void* alpha, const void* a, int a_type,
               int a_columns, const void* b, int b_type, int b_columns, const void* beta, void* c, int c_type,
               int c_columns, int compute, int algorithm) = nullptr;
  void* library_ = nullptr;
  void* handle_ = nullptr;
  std::string name_;
  std::unique_ptr<Buffer<char>> workspace_;
};

}  // namespace chorus_bench

#endif
