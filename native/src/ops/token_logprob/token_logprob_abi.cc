// The C interface of token_logprob.
#include "ops/token_logprob/token_logprob.h"
#include "ops/token_logprob/token_logprob_checks.h"

using namespace chorus;

extern "C" chorus_status chorus_token_logprob_forward(const chorus_token_logprob_forward_args* args) {
  return WithElementsOf("token_logprob_forward", args, [args](const char* op, auto element) -> chorus_status {
    const auto& a = *args;
    if (chorus_status bad = CheckTokens(op, a)) return bad;
    return TokenLogprobForwardCpu(op, a.logps, a.lse, a.entropy, static_cast<const decltype(element)*>(a.logits),
                                  a.targets, a.weights, a.N, a.V, a.stride);
  });
}

extern "C" chorus_status chorus_token_logprob_backward(const chorus_token_logprob_backward_args* args) {
  return WithElementsOf("token_logprob_backward", args, [args](const char* op, auto element) -> chorus_status {
    const auto& a = *args;
    if (chorus_status bad = CheckTokens(op, a)) return bad;
    return TokenLogprobBackwardCpu(op, static_cast<decltype(element)*>(a.logits), a.targets, a.lse, a.dlogps, a.weights,
                                   a.N, a.V, a.stride);
  });
}
