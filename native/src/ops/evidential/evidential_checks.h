// What is refused of the arguments of an evidential loss, on the host and on a device.
#ifndef CHORUS_OPS_EVIDENTIAL_CHECKS_H
#define CHORUS_OPS_EVIDENTIAL_CHECKS_H

#include <cmath>

#include "common/abi.h"

namespace chorus {

inline chorus_status CheckEvidence(const char* op, int evidence, double kl_weight) {
  if (evidence < CHORUS_EVIDENCE_EXP || evidence > CHORUS_EVIDENCE_RELU) {
    return Fail(CHORUS_INVALID_ARGUMENT, "%s: evidence = %d, expected CHORUS_EVIDENCE_*", op, evidence);
  }
  if (!(std::isfinite(kl_weight) && kl_weight >= 0)) {
    return Fail(CHORUS_INVALID_ARGUMENT, "%s: kl_weight = %g, expected finite and >= 0", op, kl_weight);
  }
  return CHORUS_OK;
}

}  // namespace chorus

#endif
