// The C interface of dirichlet_posterior.
#include "ops/dirichlet_posterior/dirichlet_posterior.h"
#include "ops/dirichlet_posterior/dirichlet_posterior_checks.h"

using namespace chorus;

extern "C" chorus_status chorus_dirichlet_posterior(const chorus_dirichlet_posterior_args* args) {
  const char* const function = "dirichlet_posterior";
  const auto run = [args](const char* op, auto answer) -> chorus_status {
    using Answer = decltype(answer);
    const auto& a = *args;
    if (chorus_status bad = CheckDirichletPosterior(op, a)) return bad;
    if (a.N == 0) return CHORUS_OK;
    return DirichletPosteriorCpu<Answer>(
        op, OutputsOf(a),
        {static_cast<const Answer*>(a.answers), a.lambda, a.labeler_weights, a.prior, a.weights, a.N, a.W, a.K});
  };
  if (args && args->type == CHORUS_TYPE_I64) return GuardTyped<int64_t>(function, "i64", run);
  return WithElementsOf(function, args, run);
}
