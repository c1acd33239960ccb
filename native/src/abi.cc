// The C interface: check pointers and sizes, dispatch, turn anything thrown into a status.
#include <cmath>
#include <cstdint>
#include <exception>
#include <initializer_list>

#include "chorus.h"
#include "common/status.h"
#include "ops/dpo/dpo.h"
#include "ops/evidential/evidential.h"
#include "ops/token_logprob/token_logprob.h"

namespace {

using chorus::Fail;

/** No exception may cross into Java: it would end the JVM. */
template <typename Body>
chorus_status Guard(const char* op, Body body) {
  try {
    return body();
  } catch (const std::exception& e) {
    return Fail(CHORUS_INTERNAL, "%s: %s", op, e.what());
  } catch (...) {
    return Fail(CHORUS_INTERNAL, "%s: unknown exception", op);
  }
}

struct Required {
  const char* name;
  const void* pointer;
};

chorus_status CheckPointers(const char* op, std::initializer_list<Required> required) {
  for (const Required& r : required) {
    if (r.pointer == nullptr) return Fail(CHORUS_INVALID_ARGUMENT, "%s: %s is null", op, r.name);
  }
  return CHORUS_OK;
}

/** Rows [N] of `width` elements, `stride` apart; at least one element a row if there is a row, and
 * no index overflows. */
chorus_status CheckMatrix(const char* op, int64_t N, const char* name, int64_t width,
                          int64_t stride) {
  if (N < 0 || width < (N > 0 ? 1 : 0) || stride < width || (N > 0 && stride > INT64_MAX / 8 / N)) {
    return Fail(CHORUS_INVALID_ARGUMENT,
                "%s: N = %lld, %s = %lld, stride = %lld, expected N >= 0, %s >= 1, stride >= %s",
                op, static_cast<long long>(N), name, static_cast<long long>(width),
                static_cast<long long>(stride), name, name);
  }
  return CHORUS_OK;
}

chorus_status CheckEvidential(const char* op, const chorus::EvidentialSpec& s) {
  if (chorus_status bad = CheckMatrix(op, s.N, "K", s.K, s.stride)) return bad;
  if (s.W < (s.N > 0 ? 1 : 0) || (s.N > 0 && s.W > INT64_MAX / 8 / s.N / s.K)) {
    return Fail(CHORUS_INVALID_ARGUMENT, "%s: W = %lld, expected >= 1", op,
                static_cast<long long>(s.W));
  }
  if (s.evidence < CHORUS_EVIDENCE_EXP || s.evidence > CHORUS_EVIDENCE_RELU) {
    return Fail(CHORUS_INVALID_ARGUMENT, "%s: evidence = %d, expected CHORUS_EVIDENCE_*", op,
                s.evidence);
  }
  if (!(std::isfinite(s.kl_weight) && s.kl_weight >= 0)) {
    return Fail(CHORUS_INVALID_ARGUMENT, "%s: kl_weight = %g, expected finite and >= 0", op,
                s.kl_weight);
  }
  return CHORUS_OK;
}

chorus_status CheckDpo(const char* op, const chorus::DpoPairs<float>& p) {
  if (p.P < 0)
    return Fail(CHORUS_INVALID_ARGUMENT, "%s: P = %lld, expected >= 0", op,
                static_cast<long long>(p.P));
  if (!(std::isfinite(p.beta) && p.beta > 0)) {
    return Fail(CHORUS_INVALID_ARGUMENT, "%s: beta = %g, expected finite and > 0", op, p.beta);
  }
  if (p.P == 0) return CHORUS_OK;
  return CheckPointers(op, {{"policy_chosen", p.policy_chosen},
                            {"policy_rejected", p.policy_rejected},
                            {"ref_chosen", p.ref_chosen},
                            {"ref_rejected", p.ref_rejected}});
}

}  // namespace

extern "C" {

chorus_status chorus_token_logprob_forward_f32(float* logps, float* lse, float* entropy,
                                               const float* logits, const int64_t* targets,
                                               const float* weights, int64_t N, int64_t V,
                                               int64_t stride) {
  const char* op = "token_logprob_forward_f32";
  return Guard(op, [&]() -> chorus_status {
    if (chorus_status bad = CheckMatrix(op, N, "V", V, stride)) return bad;
    if (N == 0) return CHORUS_OK;
    if (chorus_status bad = CheckPointers(op, {{"logps", logps},
                                               {"lse", lse},
                                               {"entropy", entropy},
                                               {"logits", logits},
                                               {"targets", targets}})) {
      return bad;
    }
    return chorus::TokenLogprobForwardCpu(logps, lse, entropy, logits, targets, weights, N, V,
                                          stride);
  });
}

chorus_status chorus_token_logprob_backward_f32(float* logits, const int64_t* targets,
                                                const float* lse, const float* dlogps,
                                                const float* weights, int64_t N, int64_t V,
                                                int64_t stride) {
  const char* op = "token_logprob_backward_f32";
  return Guard(op, [&]() -> chorus_status {
    if (chorus_status bad = CheckMatrix(op, N, "V", V, stride)) return bad;
    if (N == 0) return CHORUS_OK;
    if (chorus_status bad = CheckPointers(
            op, {{"logits", logits}, {"targets", targets}, {"lse", lse}, {"dlogps", dlogps}})) {
      return bad;
    }
    return chorus::TokenLogprobBackwardCpu(logits, targets, lse, dlogps, weights, N, V, stride);
  });
}

chorus_status chorus_evidential_forward_f32(float* loss, float* nll, float* kl, const float* logits,
                                            const float* targets, const float* lambda,
                                            const float* weights, int64_t N, int64_t W, int64_t K,
                                            int64_t stride, int evidence, double kl_weight) {
  const char* op = "evidential_forward_f32";
  return Guard(op, [&]() -> chorus_status {
    const chorus::EvidentialSpec spec = {N, W, K, stride, evidence, kl_weight};
    if (chorus_status bad = CheckEvidential(op, spec)) return bad;
    if (N == 0) return CHORUS_OK;
    if (chorus_status bad = CheckPointers(
            op,
            {{"loss", loss}, {"nll", nll}, {"kl", kl}, {"logits", logits}, {"targets", targets}})) {
      return bad;
    }
    return chorus::EvidentialForwardCpu(loss, nll, kl, logits, targets, lambda, weights, spec);
  });
}

chorus_status chorus_evidential_backward_f32(float* dlogits, const float* dloss,
                                             const float* logits, const float* targets,
                                             const float* lambda, const float* weights, int64_t N,
                                             int64_t W, int64_t K, int64_t stride, int evidence,
                                             double kl_weight) {
  const char* op = "evidential_backward_f32";
  return Guard(op, [&]() -> chorus_status {
    const chorus::EvidentialSpec spec = {N, W, K, stride, evidence, kl_weight};
    if (chorus_status bad = CheckEvidential(op, spec)) return bad;
    if (N == 0) return CHORUS_OK;
    if (chorus_status bad = CheckPointers(
            op,
            {{"dlogits", dlogits}, {"dloss", dloss}, {"logits", logits}, {"targets", targets}})) {
      return bad;
    }
    return chorus::EvidentialBackwardCpu(dlogits, dloss, logits, targets, lambda, weights, spec);
  });
}

chorus_status chorus_dpo_forward_f32(float* loss, float* chosen_rewards, float* rejected_rewards,
                                     const float* policy_chosen, const float* policy_rejected,
                                     const float* ref_chosen, const float* ref_rejected,
                                     const float* weights, const float* flip, int64_t P,
                                     double beta) {
  const char* op = "dpo_forward_f32";
  return Guard(op, [&]() -> chorus_status {
    const chorus::DpoPairs<float> pairs = {
        policy_chosen, policy_rejected, ref_chosen, ref_rejected, weights, flip, P, beta};
    if (chorus_status bad = CheckDpo(op, pairs)) return bad;
    if (P == 0) return CHORUS_OK;
    if (chorus_status bad = CheckPointers(op, {{"loss", loss},
                                               {"chosen_rewards", chosen_rewards},
                                               {"rejected_rewards", rejected_rewards}})) {
      return bad;
    }
    return chorus::DpoForwardCpu(loss, chosen_rewards, rejected_rewards, pairs);
  });
}

chorus_status chorus_dpo_backward_f32(float* dchosen, float* drejected, const float* dloss,
                                      const float* policy_chosen, const float* policy_rejected,
                                      const float* ref_chosen, const float* ref_rejected,
                                      const float* weights, const float* flip, int64_t P,
                                      double beta) {
  const char* op = "dpo_backward_f32";
  return Guard(op, [&]() -> chorus_status {
    const chorus::DpoPairs<float> pairs = {
        policy_chosen, policy_rejected, ref_chosen, ref_rejected, weights, flip, P, beta};
    if (chorus_status bad = CheckDpo(op, pairs)) return bad;
    if (P == 0) return CHORUS_OK;
    if (chorus_status bad =
            CheckPointers(op, {{"dchosen", dchosen}, {"drejected", drejected}, {"dloss", dloss}})) {
      return bad;
    }
    return chorus::DpoBackwardCpu(dchosen, drejected, dloss, pairs);
  });
}

}  // extern "C"
