// From an op's arguments to its kernels: which team, which element type, and what a launch that fails becomes.
#ifndef CHORUS_CUDA_LAUNCH_H
#define CHORUS_CUDA_LAUNCH_H

#include <type_traits>

#include "chorus.h"
#include "common/status.h"
#include "cuda/geometry.h"
#include "cuda/language.h"
#include "cuda/types.h"

namespace chorus {
namespace cuda {

#if defined(__CUDACC__)

/** CHORUS_OK, or the driver's text with what became of the context. */
chorus_status CudaStatus(const char* op, const char* shape, cudaError_t error);

/** Whether CHORUS_SYNC=1 asks for a wait after every launch, which pins a kernel's failure to its op. */
bool SynchronizesLaunches();

#endif

/** Launches on the caller's stream and returns; `shape` is for the message. */
template <typename... Parameters, typename... Arguments>
chorus_status LaunchKernel(const char* op, const char* shape, const Launch1d& size, void* stream,
                           void (*kernel)(Parameters...), const Arguments&... arguments) {
  if (size.blocks == 0) return CHORUS_OK;
#if defined(__CUDACC__)
  cudaLaunchConfig_t config = {};
  config.gridDim = dim3(size.blocks);
  config.blockDim = dim3(size.threads);
  config.stream = static_cast<cudaStream_t>(stream);
  cudaError_t error = cudaLaunchKernelEx(&config, kernel, static_cast<Parameters>(arguments)...);
  if (error == cudaSuccess && SynchronizesLaunches()) error = cudaStreamSynchronize(config.stream);
  return CudaStatus(op, shape, error);
#else
  (void)op, (void)shape, (void)stream;
  simt::Run(size.blocks, size.threads, [&] { kernel(arguments...); });
  return CHORUS_OK;
#endif
}

template <int kTeam>
using TeamConstant = std::integral_constant<int, kTeam>;

/** body(TeamConstant) of the team. */
template <typename Body>
chorus_status WithTeam(RowTeam team, const Body& body) {
  switch (team) {
    case kWarpTeam:
      return body(TeamConstant<kWarpTeam>());
    case kSmallTeam:
      return body(TeamConstant<kSmallTeam>());
    default:
      return body(TeamConstant<kLargeTeam>());
  }
}

/** The same for OnePassTeamFor. */
template <typename Body>
chorus_status WithOnePassTeam(RowTeam team, const Body& body) {
  return team == kWarpTeam ? body(TeamConstant<kWarpTeam>()) : body(TeamConstant<kSmallTeam>());
}

/** body(pointer of the element type) for CHORUS_TYPE_*; `data` may be const void*. */
template <typename Void, typename Body>
chorus_status WithType(const char* op, int type, Void* data, const Body& body) {
  constexpr bool kConst = std::is_const<Void>::value;
  switch (type) {
    case CHORUS_TYPE_F32:
      return body(static_cast<std::conditional_t<kConst, const float, float>*>(data));
    case CHORUS_TYPE_BF16:
      return body(static_cast<std::conditional_t<kConst, const Bf16, Bf16>*>(data));
    case CHORUS_TYPE_F16:
      return body(static_cast<std::conditional_t<kConst, const F16, F16>*>(data));
    default:
      return Fail(CHORUS_INVALID_ARGUMENT, "%s: type %d, expected f32 (%d), bf16 (%d) or f16 (%d)", op, type,
                  CHORUS_TYPE_F32, CHORUS_TYPE_BF16, CHORUS_TYPE_F16);
  }
}

}  // namespace cuda
}  // namespace chorus

#endif
