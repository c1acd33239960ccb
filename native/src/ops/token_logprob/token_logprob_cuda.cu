// token_logprob on a device: a team a row, which reads it once forward and reads and writes it once backward.

#include "chorus_cuda.h"
#include "cuda/abi.h"
#include "cuda/launch.h"
#include "cuda/target_row.h"

namespace chorus {
namespace cuda {

namespace {

template <int kTeam, typename In>
__global__ void __launch_bounds__(kTeam == kWarp ? kWarpTeamsBlock : kTeam)
    TokenForward(float* logps, float* lse, float* entropy, const In* logits, const int64_t* targets,
                 const float* weights, int64_t N, int V, int64_t stride, Faults faults) {
  const int64_t n = TeamRow<kTeam>();
  if (n >= N) return;
  const TargetResult r =
      TargetRowForward<kTeam>(logits + n * stride, V, targets + n, weights ? weights + n : nullptr, n, faults);
  if (Rank<kTeam>() == 0) {
    logps[n] = r.logp;
    lse[n] = r.lse;
    entropy[n] = r.entropy;
  }
}

template <int kTeam, typename In>
__global__ void __launch_bounds__(kTeam == kWarp ? kWarpTeamsBlock : kTeam)
    TokenBackward(In* logits, const int64_t* targets, const float* lse, const float* dlogps, const float* weights,
                  int64_t N, int V, int64_t stride, Faults faults) {
  const int64_t n = TeamRow<kTeam>();
  if (n >= N) return;
  const float weight = weights ? weights[n] : 1.0f;
  // A row that is not looked at may hold anything.
  const float scale = weight == 0 ? 0.0f : weight * dlogps[n];
  TargetRowBackward<kTeam>(logits + n * stride, V, targets + n, weight, weight == 0 ? 0.0f : lse[n], scale, n, faults);
}

}  // namespace

}  // namespace cuda
}  // namespace chorus

using namespace chorus;
using namespace chorus::cuda;

extern "C" chorus_status chorus_cuda_token_logprob_forward(float* logps, float* lse, float* entropy,
                                                           const void* logits, const int64_t* targets,
                                                           const float* weights, int64_t N, int64_t V, int64_t stride,
                                                           int type, uint64_t* fault, void* stream) {
  const char* op = "token_logprob_forward";
  if (chorus_status bad = CheckRows(op, N, "V", V, stride)) return bad;
  if (N == 0) return CHORUS_OK;
  if (chorus_status bad = CheckPointers(
          op, {{"logps", logps}, {"lse", lse}, {"entropy", entropy}, {"logits", logits}, {"targets", targets}})) {
    return bad;
  }
  const Faults faults = FaultsOf(fault, Op::kTokenLogprob);
  return WithType(op, type, logits, [&](auto* z) {
    return WithOnePassTeam(OnePassTeamFor(V, sizeof *z), [&](auto team) {
      using In = std::remove_const_t<std::remove_pointer_t<decltype(z)>>;
      return LaunchKernel(op, Shape(type, {{"N", N}, {"V", V}}), RowLaunch(N, static_cast<RowTeam>(team())), stream,
                          TokenForward<team(), In>, logps, lse, entropy, z, targets, weights, N, static_cast<int>(V),
                          stride, faults);
    });
  });
}

extern "C" chorus_status chorus_cuda_token_logprob_backward(void* logits, const int64_t* targets, const float* lse,
                                                            const float* dlogps, const float* weights, int64_t N,
                                                            int64_t V, int64_t stride, int type, uint64_t* fault,
                                                            void* stream) {
  const char* op = "token_logprob_backward";
  if (chorus_status bad = CheckRows(op, N, "V", V, stride)) return bad;
  if (N == 0) return CHORUS_OK;
  if (chorus_status bad =
          CheckPointers(op, {{"logits", logits}, {"targets", targets}, {"lse", lse}, {"dlogps", dlogps}})) {
    return bad;
  }
  const Faults faults = FaultsOf(fault, Op::kTokenLogprob);
  return WithType(op, type, logits, [&](auto* z) {
    return WithOnePassTeam(OnePassTeamFor(V, sizeof *z), [&](auto team) {
      using In = std::remove_pointer_t<decltype(z)>;
      return LaunchKernel(op, Shape(type, {{"N", N}, {"V", V}}), RowLaunch(N, static_cast<RowTeam>(team())), stream,
                          TokenBackward<team(), In>, z, targets, lse, dlogps, weights, N, static_cast<int>(V), stride,
                          faults);
    });
  });
}
