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

extern "C" chorus_status chorus_cuda_evidential_token(float* loss, float* nll, float* kl, void* logits,
                                                      const float* dloss, const int64_t* ids,
                                                      const float* probabilities, const float* weights,
                                                      const int64_t* row_names, int64_t N, int64_t V, int64_t k,
                                                      int64_t stride, int evidence, double kl_weight, int type,
                                                      uint64_t* fault, void* stream) {
  const char* op = "evidential_token";
  if (chorus_status bad = CheckRows(op, N, "V", V, stride)) return bad;
  if (chorus_status bad = CheckCount(op, "k", k, N, 1)) return bad;
  if (k > kMostColumns) {
    return Fail(CHORUS_INVALID_ARGUMENT, "%s: k = %lld, at most %lld", op, static_cast<long long>(k),
                static_cast<long long>(kMostColumns));
  }
  if (chorus_status bad = CheckEvidence(op, evidence, kl_weight)) return bad;
  if (N == 0) return CHORUS_OK;
  if (chorus_status bad = CheckPointers(
          op, {{"loss", loss}, {"nll", nll}, {"logits", logits}, {"ids", ids}, {"probabilities", probabilities}})) {
    return bad;
  }
  const Faults faults = FaultsOf(fault, Op::kEvidentialToken);
  const double no_evidence = NoEvidence(static_cast<double>(V));
  return WithType(op, type, logits, [&](auto* z) {
    using In = std::remove_pointer_t<decltype(z)>;
    const EvidentialTokenArguments<In> c = {loss, nll, kl, z, dloss, ids, probabilities, weights, row_names, N,
                                            static_cast<int>(V), static_cast<int>(k), stride, kl_weight, no_evidence};
    const Shape shape(type, {{"N", N}, {"V", V}, {"k", k}});
    switch (evidence) {
      case CHORUS_EVIDENCE_EXP:
        return Launch<CHORUS_EVIDENCE_EXP>(op, shape, c, faults, stream);
      case CHORUS_EVIDENCE_SOFTPLUS:
        return Launch<CHORUS_EVIDENCE_SOFTPLUS>(op, shape, c, faults, stream);
      default:
        return Launch<CHORUS_EVIDENCE_RELU>(op, shape, c, faults, stream);
    }
  });
}
