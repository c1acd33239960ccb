// The C interface of evidential_token.
#include "ops/evidential/evidential_checks.h"
#include "ops/evidential_token/evidential_token.h"

using namespace chorus;

extern "C" chorus_status chorus_evidential_token(const chorus_evidential_token_args* args) {
  return WithElementsOf("evidential_token", args, [args](const char* op, auto element) -> chorus_status {
    using In = decltype(element);
    const auto& a = *args;
    if (chorus_status bad = CheckEvidentialToken(op, a)) return bad;
    if (a.N == 0) return CHORUS_OK;
    return EvidentialTokenCpu<In>(op, {a.loss,
                                       a.nll,
                                       a.kl,
                                       static_cast<In*>(a.logits),
                                       a.dloss,
                                       a.ids,
                                       a.probabilities,
                                       a.weights,
                                       {a.N, a.V, a.k, a.stride, a.evidence, a.kl_weight, a.row_names}});
  });
}
