// What is refused of the arguments of dirichlet_posterior, on the host and on a device.
#ifndef CHORUS_OPS_DIRICHLET_POSTERIOR_CHECKS_H
#define CHORUS_OPS_DIRICHLET_POSTERIOR_CHECKS_H

#include "common/abi.h"
#include "ops/dirichlet_posterior/dirichlet_posterior.h"

namespace chorus {

inline DirichletOutputs OutputsOf(const chorus_dirichlet_posterior_args& a) {
  return {a.alpha,    a.p,      a.belief,       a.variance, a.label,  a.total,
          a.expected, a.mutual, a.differential, a.epkl,     a.vacuity};
}

inline chorus_status CheckDirichletPosterior(const char* op, const chorus_dirichlet_posterior_args& a) {
  if (chorus_status bad = CheckMatrix(op, a.N, "K", a.K, a.K)) return bad;
  if (chorus_status bad = CheckCount(op, "W", a.W, a.N, a.K)) return bad;
  const bool votes = a.type == CHORUS_TYPE_I64;
  if (votes && a.lambda) return Fail(CHORUS_INVALID_ARGUMENT, "%s: lambda is given with votes, expected null", op);
  if (a.N == 0) return CHORUS_OK;
  return CheckPointers(op, {{votes ? "votes" : "labels", a.answers}, {"prior", a.prior}});
}

}  // namespace chorus

#endif
