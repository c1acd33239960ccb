// What is refused of the arguments of ensemble_logprob, on the host and on a device, before a value is looked at.
#ifndef CHORUS_OPS_ENSEMBLE_LOGPROB_CHECKS_H
#define CHORUS_OPS_ENSEMBLE_LOGPROB_CHECKS_H

#include <cstdio>

#include "common/abi.h"
#include "ops/ensemble_logprob/ensemble_logprob.h"

namespace chorus {

inline chorus_status CheckCounts(const char* op, int64_t W, int64_t S) {
  if (W >= 1 && S >= 0 && S <= INT64_MAX / 8 / W) return CHORUS_OK;
  return Fail(CHORUS_INVALID_ARGUMENT, "%s: W = %lld, S = %lld, expected W >= 1, S >= 0", op, static_cast<long long>(W),
              static_cast<long long>(S));
}

/** Sizes of one model's logits; the message says which model. */
inline chorus_status CheckModel(const char* op, int64_t w, int64_t N, int64_t V, int64_t stride) {
  char where[96];
  std::snprintf(where, sizeof where, "%s: model %lld", op, static_cast<long long>(w));
  return CheckMatrix(where, N, "V", V, stride);
}

inline chorus_status CheckPresent(const char* op, const char* name, int64_t w, const void* pointer) {
  if (pointer) return CHORUS_OK;
  return Fail(CHORUS_INVALID_ARGUMENT, "%s: %s of model %lld is null", op, name, static_cast<long long>(w));
}

/** Every model's logits must be a place of its own: two models' gradients cannot be written over one. */
inline chorus_status CheckDistinct(const char* op, const void* const* logits, int64_t W) {
  for (int64_t w = 1; w < W; ++w) {
    for (int64_t i = 0; i < w; ++i) {
      if (logits[i] && logits[i] == logits[w]) {
        return Fail(CHORUS_INVALID_ARGUMENT, "%s: models %lld and %lld have the same logits", op,
                    static_cast<long long>(i), static_cast<long long>(w));
      }
    }
  }
  return CHORUS_OK;
}

/* ---- one vocabulary ---- */

inline chorus_status CheckShared(const char* op, const void* const* logits, const Ensemble& e) {
  if (chorus_status bad = CheckCounts(op, e.W, e.S)) return bad;
  if (chorus_status bad = CheckMatrix(op, e.N, "V", e.V, e.V)) return bad;
  if (e.N > INT64_MAX / 8 / e.W) {
    return Fail(CHORUS_INVALID_ARGUMENT, "%s: W = %lld and N = %lld are too many", op, static_cast<long long>(e.W),
                static_cast<long long>(e.N));
  }
  if (!e.offsets && e.S > 0) return Fail(CHORUS_INVALID_ARGUMENT, "%s: offsets is null", op);
  if (e.N == 0) return CHORUS_OK;
  if (chorus_status bad = CheckPointers(
          op, {{"logits", logits}, {"targets", e.targets}, {"omega", e.omega}, {"strides", e.strides}})) {
    return bad;
  }
  for (int64_t w = 0; w < e.W; ++w) {
    if (chorus_status bad = CheckModel(op, w, e.N, e.V, e.strides[w])) return bad;
    if (chorus_status bad = CheckPresent(op, "logits", w, logits[w])) return bad;
  }
  return CHORUS_OK;
}

inline chorus_status CheckForward(const char* op, const chorus_ensemble_logprob_forward_args& a) {
  if (chorus_status bad = CheckShared(op, a.logits, EnsembleOf(a))) return bad;
  if (a.S > 0) {
    if (chorus_status bad =
            CheckPointers(op, {{"sequence_logps", a.sequence_logps}, {"sequence_mixture", a.sequence_mixture}})) {
      return bad;
    }
  }
  if (a.N == 0) return CHORUS_OK;
  return CheckPointers(op, {{"logps", a.logps}, {"lse", a.lse}, {"mixture", a.mixture}});
}

inline chorus_status CheckBackward(const char* op, const chorus_ensemble_logprob_backward_args& a) {
  if (chorus_status bad = CheckShared(op, a.logits, EnsembleOf(a))) return bad;
  if (a.N == 0) return CHORUS_OK;
  if (chorus_status bad = CheckPointers(op, {{"lse", a.lse}})) return bad;
  if (!a.dlogps && !a.dmixture && !a.dsequence && !a.dsequence_mixture) {
    return Fail(CHORUS_INVALID_ARGUMENT,
                "%s: dlogps, dmixture, dsequence and dsequence_mixture are all null, expected at least one", op);
  }
  if (!a.logps && (a.dmixture || a.dsequence_mixture)) {
    return Fail(CHORUS_INVALID_ARGUMENT, "%s: logps is null, expected it with a gradient of the mixture", op);
  }
  if (!a.offsets && (a.dsequence || a.dsequence_mixture)) {
    return Fail(CHORUS_INVALID_ARGUMENT, "%s: offsets is null, expected it with a gradient of sequences", op);
  }
  return CheckDistinct(op, a.logits, a.W);
}

/* ---- ragged ---- */

inline chorus_status CheckRagged(const char* op, const void* const* logits, const RaggedEnsemble& e) {
  if (chorus_status bad = CheckCounts(op, e.W, e.S)) return bad;
  if (chorus_status bad = CheckPointers(op, {{"logits", logits},
                                             {"targets", e.targets},
                                             {"omega", e.omega},
                                             {"offsets", e.offsets},
                                             {"rows", e.rows},
                                             {"vocabularies", e.vocabularies},
                                             {"strides", e.strides}})) {
    return bad;
  }
  for (int64_t w = 0; w < e.W; ++w) {
    if (chorus_status bad = CheckModel(op, w, e.rows[w], e.vocabularies[w], e.strides[w])) return bad;
    if (chorus_status bad = CheckPresent(op, "offsets", w, e.offsets[w])) return bad;
    if (e.rows[w] == 0) continue;
    if (chorus_status bad = CheckPresent(op, "logits", w, logits[w])) return bad;
    if (chorus_status bad = CheckPresent(op, "targets", w, e.targets[w])) return bad;
  }
  return CHORUS_OK;
}

inline chorus_status CheckForward(const char* op, const chorus_ragged_ensemble_logprob_forward_args& a) {
  if (chorus_status bad = CheckRagged(op, a.logits, RaggedEnsembleOf(a))) return bad;
  if (chorus_status bad = CheckPointers(op, {{"logps", a.logps}, {"lse", a.lse}})) return bad;
  for (int64_t w = 0; w < a.W; ++w) {
    if (a.rows[w] == 0) continue;
    if (chorus_status bad = CheckPresent(op, "logps", w, a.logps[w])) return bad;
    if (chorus_status bad = CheckPresent(op, "lse", w, a.lse[w])) return bad;
  }
  if (a.S == 0) return CHORUS_OK;
  return CheckPointers(op, {{"sequence_logps", a.sequence_logps},
                            {"sequence_means", a.sequence_means},
                            {"sequence_mixture", a.sequence_mixture}});
}

inline chorus_status CheckBackward(const char* op, const chorus_ragged_ensemble_logprob_backward_args& a) {
  if (chorus_status bad = CheckRagged(op, a.logits, RaggedEnsembleOf(a))) return bad;
  if (chorus_status bad = CheckPointers(op, {{"lse", a.lse}})) return bad;
  for (int64_t w = 0; w < a.W; ++w) {
    if (a.rows[w] == 0) continue;
    if (chorus_status bad = CheckPresent(op, "lse", w, a.lse[w])) return bad;
  }
  if (!a.dsequence && !a.dsequence_mixture) {
    return Fail(CHORUS_INVALID_ARGUMENT, "%s: dsequence and dsequence_mixture are both null, expected at least one",
                op);
  }
  if (!a.sequence_logps && a.dsequence_mixture) {
    return Fail(CHORUS_INVALID_ARGUMENT, "%s: sequence_logps is null, expected it with a gradient of the mixture", op);
  }
  return CheckDistinct(op, a.logits, a.W);
}

}  // namespace chorus

#endif
