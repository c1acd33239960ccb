// evidential_token on a device: a team a row.

#include "ops/evidential_token/evidential_token_cuda.h"

#include "chorus_cuda.h"
#include "cuda/abi.h"
#include "cuda/launch.h"
#include "ops/evidential/evidential_checks.h"

namespace chorus {
namespace cuda {

namespace {

// Registers for 24 warps on a multiprocessor, or for 16 where each has a row of its own.
template <int kTeam, int kKind, typename In>
__global__ void __launch_bounds__(kTeam == kWarp ? kWarpTeamsBlock : kTeam, kTeam == kWarp ? 4 : 3)
    EvidentialTokens(const CHORUS_PARAMETER EvidentialTokenArguments<In> c, Faults faults) {
  const int64_t n = TeamRow<kTeam>();
  if (n >= c.N) return;
  EvidentialTokenRow<kTeam, kKind, In>(c, n).Run(faults);
}

template <int kKind, typename In>
chorus_status Launch(const char* op, const char* shape, const EvidentialTokenArguments<In>& c, const Faults& faults,
                     void* stream) {
  // No large teams: an element is computed for longer than it takes to read it again, even from memory.
  const RowTeam team = OnePassTeamFor(c.V, sizeof(In));
  return WithOnePassTeam(team, [&](auto constant) {
    return LaunchKernel(op, shape, RowLaunch(c.N, team), stream, EvidentialTokens<constant(), kKind, In>, c, faults);
  });
}

}  // namespace

}  // namespace cuda
}  // namespace chorus

using namespace chorus;
using namespace chorus::cuda;

extern "C" chorus_status chorus_cuda_evidential_token(const chorus_evidential_token_args* args, uint64_t* fault,
                                                      void* stream) {
  const char* op = "evidential_token";
  if (chorus_status bad = CheckArguments(op, args)) return bad;
  const chorus_evidential_token_args& a = *args;
  if (chorus_status bad = CheckEvidentialToken(op, a)) return bad;
  if (chorus_status bad = CheckLaunch(op, a.N, "V", a.V)) return bad;
  if (chorus_status bad = CheckMost(op, "k", a.k)) return bad;
  if (a.N == 0) return CHORUS_OK;
  const Faults faults = FaultsOf(fault, Op::kEvidentialToken);
  const double no_evidence = NoEvidence(static_cast<double>(a.V));
  return WithType(op, a.type, a.logits, [&](auto* z) {
    using In = std::remove_pointer_t<decltype(z)>;
    const EvidentialTokenArguments<In> c = {a.loss,
                                            a.nll,
                                            a.kl,
                                            z,
                                            a.dloss,
                                            a.ids,
                                            a.probabilities,
                                            a.weights,
                                            a.row_names,
                                            a.N,
                                            static_cast<int>(a.V),
                                            static_cast<int>(a.k),
                                            a.stride,
                                            a.kl_weight,
                                            no_evidence};
    const Shape shape(a.type, {{"N", a.N}, {"V", a.V}, {"k", a.k}});
    switch (a.evidence) {
      case CHORUS_EVIDENCE_EXP:
        return Launch<CHORUS_EVIDENCE_EXP>(op, shape, c, faults, stream);
      case CHORUS_EVIDENCE_SOFTPLUS:
        return Launch<CHORUS_EVIDENCE_SOFTPLUS>(op, shape, c, faults, stream);
      default:
        return Launch<CHORUS_EVIDENCE_RELU>(op, shape, c, faults, stream);
    }
  });
}
