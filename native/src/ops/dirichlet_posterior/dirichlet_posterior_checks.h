// What is refused of the arguments of dirichlet_posterior, on the host and on a device.
#ifndef CHORUS_OPS_DIRICHLET_POSTERIOR_CHECKS_H
#define CHORUS_OPS_DIRICHLET_POSTERIOR_CHECKS_H

#include "common/abi.h"

namespace chorus {

/** `answers` is what messages call them. */
inline chorus_status CheckDirichletPosterior(const char* op, const char* answers, const void* data, const float* prior,
                                             int64_t N, int64_t W, int64_t K) {
  if (chorus_status bad = CheckMatrix(op, N, "K", K, K)) return bad;
  if (chorus_status bad = CheckCount(op, "W", W, N, K)) return bad;
  if (N == 0) return CHORUS_OK;
  return CheckPointers(op, {{answers, data}, {"prior", prior}});
}

}  // namespace chorus

#endif
