// The C interface of evidential.
#include "ops/evidential/evidential.h"
#include "ops/evidential/evidential_checks.h"

using namespace chorus;

namespace {

const char* NameOf(const chorus_evidential_args* args) {
  if (!args) return "evidential";
  if (!IsBackward(*args)) return "evidential_forward";
  return IsForward(*args) ? "evidential_forward_backward" : "evidential_backward";
}

}  // namespace

extern "C" chorus_status chorus_evidential(const chorus_evidential_args* args) {
  return WithElementsOf(NameOf(args), args, [args](const char* op, auto element) -> chorus_status {
    using In = decltype(element);
    const auto& a = *args;
    if (chorus_status bad = CheckEvidential(op, a)) return bad;
    if (a.N == 0) return CHORUS_OK;
    return EvidentialCpu<In>(op, {a.loss,
                                  a.nll,
                                  a.kl,
                                  a.dlogits,
                                  a.dloss,
                                  static_cast<const In*>(a.logits),
                                  a.targets,
                                  a.lambda,
                                  a.weights,
                                  {a.N, a.W, a.K, a.stride, a.evidence, a.kl_weight}});
  });
}
