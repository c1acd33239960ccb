// token_logprob on a device: a team a row, which reads it once forward and reads and writes it once backward.

#include "chorus_cuda.h"
#include "cuda/abi.h"
#include "cuda/launch.h"
#include "cuda/target_row.h"
#include "ops/token_logprob/token_logprob_checks.h"

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

extern "C" chorus_status chorus_cuda_token_logprob_forward(const chorus_token_logprob_forward_args* args,
                                                           uint64_t* fault, void* stream) {
  const char* op = "token_logprob_forward";
  if (chorus_status bad = CheckArguments(op, args)) return bad;
  const chorus_token_logprob_forward_args& a = *args;
  if (chorus_status bad = CheckTokens(op, a)) return bad;
  if (chorus_status bad = CheckLaunch(op, a.N, "V", a.V)) return bad;
  if (a.N == 0) return CHORUS_OK;
  const Faults faults = FaultsOf(fault, Op::kTokenLogprob);
  return WithType(op, a.type, a.logits, [&](auto* z) {
    return WithOnePassTeam(OnePassTeamFor(a.V, sizeof *z), [&](auto team) {
      using In = std::remove_const_t<std::remove_pointer_t<decltype(z)>>;
      return LaunchKernel(op, Shape(a.type, {{"N", a.N}, {"V", a.V}}), RowLaunch(a.N, static_cast<RowTeam>(team())),
                          stream, TokenForward<team(), In>, a.logps, a.lse, a.entropy, z, a.targets, a.weights, a.N,
                          static_cast<int>(a.V), a.stride, faults);
    });
  });
}

extern "C" chorus_status chorus_cuda_token_logprob_backward(const chorus_token_logprob_backward_args* args,
                                                            uint64_t* fault, void* stream) {
  const char* op = "token_logprob_backward";
  if (chorus_status bad = CheckArguments(op, args)) return bad;
  const chorus_token_logprob_backward_args& a = *args;
  if (chorus_status bad = CheckTokens(op, a)) return bad;
  if (chorus_status bad = CheckLaunch(op, a.N, "V", a.V)) return bad;
  if (a.N == 0) return CHORUS_OK;
  const Faults faults = FaultsOf(fault, Op::kTokenLogprob);
  return WithType(op, a.type, a.logits, [&](auto* z) {
    return WithOnePassTeam(OnePassTeamFor(a.V, sizeof *z), [&](auto team) {
      using In = std::remove_pointer_t<decltype(z)>;
      return LaunchKernel(op, Shape(a.type, {{"N", a.N}, {"V", a.V}}), RowLaunch(a.N, static_cast<RowTeam>(team())),
                          stream, TokenBackward<team(), In>, z, a.targets, a.lse, a.dlogps, a.weights, a.N,
                          static_cast<int>(a.V), a.stride, faults);
    });
  });
}
