// The C interface of linear_logprob.
#include "ops/linear_logprob/linear_logprob_checks.h"

using namespace chorus;

extern "C" chorus_status chorus_linear_logprob_rows(const chorus_linear_logprob_rows_args* args) {
  return WithElementsOf("linear_logprob_rows", args, [args](const char* op, auto element) -> chorus_status {
    const auto& a = *args;
    if (chorus_status bad = CheckHead(op, a)) return bad;
    if (a.N == 0) return CHORUS_OK;
    return LinearLogprobRowsCpu(op, OutputsOf(a), static_cast<decltype(element)*>(a.logits), a.bias, TargetsOf(a),
                                a.weights, a.dlogps, {a.N, a.V, a.stride, a.row_names, a.scale, a.soft_cap});
  });
}
