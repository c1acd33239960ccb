// The device itself, and what its kernels have found.
#include <cstdlib>
#include <cstring>

#include "chorus_cuda.h"
#include "cuda/abi.h"
#include "cuda/launch.h"

namespace chorus {
namespace cuda {

namespace {

const char* NameOf(Op op) {
  switch (op) {
    case Op::kTokenLogprob:
      return "token_logprob";
    case Op::kEnsembleLogprob:
      return "ensemble_logprob";
    case Op::kLinearLogprob:
      return "linear_logprob";
    case Op::kEvidential:
      return "evidential";
    case Op::kEvidentialToken:
      return "evidential_token";
    case Op::kDirichletPosterior:
      return "dirichlet_posterior";
    case Op::kPreference:
      return "preference";
  }
  return "kernel";
}

struct Explanation {
  const char* place;  // what the row's number counts
  const char* reason;
};

Explanation Explain(Reason reason) {
  switch (reason) {
    case Reason::kWeight:
      return {"row", "its weight is not finite and at least 0"};
    case Reason::kTarget:
      return {"row", "a target is outside the vocabulary"};
    case Reason::kLogit:
      return {"row", "a logit is NaN or +infinity, or every one is -infinity"};
    case Reason::kMaskedTarget:
      return {"row", "the logit of its target is -infinity (masked)"};
    case Reason::kGradientRow:
      return {"row", "it holds NaN or +infinity, or its target is masked; the forward would have named it"};
    case Reason::kUpstream:
      return {"row", "its gradient from above, or the lse, is not finite"};
    case Reason::kOmega:
      return {"model", "omega is not finite and at least 0"};
    case Reason::kOmegaSum:
      return {"model", "omega does not sum to 1 within 1e-6 over the models up to this one, the last"};
    case Reason::kOffsets:
      return {"offset", "offsets fall, or do not begin with 0, or do not end with the number of rows"};
    case Reason::kProbabilities:
      return {"row", "its tokens have probabilities below 0 or of a sum above 1, or one is named twice"};
    case Reason::kMaskedMass:
      return {"row", "mass on a logit that is -infinity (masked), or for a rest of no tokens"};
    case Reason::kDenseTarget:
      return {"row", "the dense target is negative or not finite, or has mass where the logit is -infinity (masked)"};
    case Reason::kLambda:
      return {"row", "a lambda is not finite and at least 0"};
    case Reason::kLabel:
      return {"row", "a label is outside [0, 1]"};
    case Reason::kVote:
      return {"row", "a vote is neither -1 nor a class"};
    case Reason::kPrior:
      return {"class", "the prior is not finite and above 0"};
    case Reason::kLabelerWeight:
      return {"labeler", "its weight is not finite and at least 0"};
    case Reason::kPairValue:
      return {"pair", "a log-probability is not finite"};
    case Reason::kPairFlip:
      return {"pair", "its flip is outside the range of the loss"};
    case Reason::kPairLength:
      return {"pair", "a length is below 1"};
    case Reason::kPairTooLarge:
      return {"pair", "its loss, gradient or rewards are too large for f32"};
    case Reason::kPairWeights:
      return {"pair", "its weight is not that of the others, as a loss that sorts the batch asks for"};
    case Reason::kPairTokens:
      return {"pair", "a token's log-probability or weight is not finite, or the weight is below 0"};
    case Reason::kPairOffsets:
      return {"pair", "offsets fall, or do not begin with 0"};
    case Reason::kPairWeight:
      return {"pair", "its weight is not finite and at least 0"};
    case Reason::kPairUpstream:
      return {"pair", "its dloss is not finite"};
    case Reason::kEvidenceLogit:
      return {"row", "a logit is NaN or +infinity"};
    case Reason::kConcentration:
      return {"row", "its concentrations sum to more than f32 holds"};
    case Reason::kCount:
      break;
  }
  return {"row", "a bad value"};
}

/** For rows that RowOfModel has numbered. */
chorus_status FailModel(Op op, uint64_t place, const Explanation& e) {
  const unsigned long long model = place >> 32, row = place & 0xffffffffu;
  if (std::strcmp(e.place, "model") == 0) {
    return Fail(CHORUS_INVALID_VALUE, "%s: model %llu: %s", NameOf(op), model, e.reason);
  }
  if (model == kEveryModel) return Fail(CHORUS_INVALID_VALUE, "%s: %s %llu: %s", NameOf(op), e.place, row, e.reason);
  return Fail(CHORUS_INVALID_VALUE, "%s: model %llu: %s %llu: %s", NameOf(op), model, e.place, row, e.reason);
}

__global__ void Nothing() {}

}  // namespace

#if defined(__CUDACC__)

chorus_status CudaStatus(const char* op, const char* shape, cudaError_t error) {
  if (error == cudaSuccess) return CHORUS_OK;
  // The runtime keeps its last error for whoever asks next; this one has been told.
  cudaGetLastError();
  bool lost;
  switch (error) {
    case cudaErrorIllegalAddress:
    case cudaErrorLaunchTimeout:
    case cudaErrorAssert:
    case cudaErrorHardwareStackError:
    case cudaErrorIllegalInstruction:
    case cudaErrorMisalignedAddress:
    case cudaErrorInvalidAddressSpace:
    case cudaErrorInvalidPc:
    case cudaErrorLaunchFailure:
    case cudaErrorECCUncorrectable:
    case cudaErrorNvlinkUncorrectable:
    case cudaErrorContained:
    case cudaErrorTensorMemoryLeak:
    case cudaErrorMpsClientTerminated:
    case cudaErrorExternalDevice:
    case cudaErrorUnknown:
      lost = true;
      break;
    default:
      lost = false;
      break;
  }
  return Fail(CHORUS_CUDA_ERROR, "%s: %s: CUDA says: %s (%s); %s", op, shape, cudaGetErrorString(error),
              cudaGetErrorName(error),
              lost ? "the context is lost, start the process anew; CHORUS_SYNC=1 tells which kernel it was"
                   : "the context can still be used");
}

bool SynchronizesLaunches() {
  static const bool synchronizes = [] {
    const char* value = std::getenv("CHORUS_SYNC");
    return value && std::strcmp(value, "1") == 0;
  }();
  return synchronizes;
}

#endif

}  // namespace cuda
}  // namespace chorus

using namespace chorus;
using namespace chorus::cuda;

extern "C" {

chorus_status chorus_cuda_fault_of(uint64_t word) {
  if (word == kNoFault) return CHORUS_OK;
  const auto op = static_cast<Op>(word >> 8 & 255);
  const Explanation e = Explain(static_cast<Reason>(word & 255));
  if (op == Op::kEnsembleLogprob) return FailModel(op, word >> 16, e);
  return Fail(CHORUS_INVALID_VALUE, "%s: %s %llu: %s", NameOf(op), e.place, static_cast<unsigned long long>(word >> 16),
              e.reason);
}

#if defined(__CUDACC__)

chorus_status chorus_cuda_probe(int64_t* counts) {
  for (int i = 0; i < CHORUS_CUDA_COUNTS; ++i) counts[i] = 0;
  int driver = 0, runtime = 0, devices = 0;
  cudaRuntimeGetVersion(&runtime);
  counts[CHORUS_CUDA_RUNTIME_VERSION] = runtime;
  const cudaError_t no_driver = cudaDriverGetVersion(&driver);
  counts[CHORUS_CUDA_DRIVER_VERSION] = driver;
  if (no_driver != cudaSuccess || driver == 0) return Fail(CHORUS_CUDA_ERROR, "there is no NVIDIA driver");
  const cudaError_t error = cudaGetDeviceCount(&devices);
  counts[CHORUS_CUDA_DEVICES] = devices;
  if (error == cudaSuccess) return CHORUS_OK;
  cudaGetLastError();
  return Fail(CHORUS_CUDA_ERROR, "%s (%s)", cudaGetErrorString(error), cudaGetErrorName(error));
}

chorus_status chorus_cuda_use_device(int device, int* previous) {
  cudaError_t error = cudaGetDevice(previous);
  if (error == cudaSuccess && *previous != device) error = cudaSetDevice(device);
  return CudaStatus("use_device", "current device", error);
}

chorus_status chorus_cuda_device(int64_t* properties, char* name, int64_t name_bytes, int device) {
  cudaDeviceProp p;
  const cudaError_t error = cudaGetDeviceProperties(&p, device);
  if (error != cudaSuccess) return CudaStatus("device", "properties", error);
  properties[CHORUS_CUDA_CAPABILITY] = 10 * p.major + p.minor;
  properties[CHORUS_CUDA_MULTIPROCESSORS] = p.multiProcessorCount;
  properties[CHORUS_CUDA_MEMORY] = static_cast<int64_t>(p.totalGlobalMem);
  properties[CHORUS_CUDA_CACHE] = p.l2CacheSize;
  std::snprintf(name, static_cast<size_t>(name_bytes), "%s", p.name);
  return CHORUS_OK;
}

chorus_status chorus_cuda_self_test(void) {
  if (chorus_status bad = LaunchKernel("self_test", "one warp", {1, kWarp}, nullptr, Nothing)) return bad;
  return CudaStatus("self_test", "one warp", cudaStreamSynchronize(nullptr));
}

chorus_status chorus_cuda_clear_fault(uint64_t* fault, void* stream) {
  return CudaStatus("clear_fault", "one word",
                    cudaMemsetAsync(fault, 0xff, sizeof *fault, static_cast<cudaStream_t>(stream)));
}

chorus_status chorus_cuda_fault_status(const uint64_t* fault, void* stream) {
  uint64_t word = kNoFault;
  cudaError_t error =
      cudaMemcpyAsync(&word, fault, sizeof word, cudaMemcpyDeviceToHost, static_cast<cudaStream_t>(stream));
  if (error == cudaSuccess) error = cudaStreamSynchronize(static_cast<cudaStream_t>(stream));
  if (chorus_status bad = CudaStatus("fault_status", "one word", error)) return bad;
  return chorus_cuda_fault_of(word);
}

#else  // the simulated device

chorus_status chorus_cuda_probe(int64_t* counts) {
  counts[CHORUS_CUDA_DRIVER_VERSION] = counts[CHORUS_CUDA_RUNTIME_VERSION] = 13000;
  counts[CHORUS_CUDA_DEVICES] = 1;
  return CHORUS_OK;
}

chorus_status chorus_cuda_device(int64_t* properties, char* name, int64_t name_bytes, int) {
  for (int i = 0; i < CHORUS_CUDA_PROPERTIES; ++i) properties[i] = 0;
  std::snprintf(name, static_cast<size_t>(name_bytes), "simulated");
  return CHORUS_OK;
}

chorus_status chorus_cuda_use_device(int, int* previous) {
  *previous = 0;
  return CHORUS_OK;
}

chorus_status chorus_cuda_self_test(void) {
  return LaunchKernel("self_test", "one warp", {1, kWarp}, nullptr, Nothing);
}

chorus_status chorus_cuda_clear_fault(uint64_t* fault, void*) {
  *fault = kNoFault;
  return CHORUS_OK;
}

chorus_status chorus_cuda_fault_status(const uint64_t* fault, void*) { return chorus_cuda_fault_of(*fault); }

#endif

}  // extern "C"
