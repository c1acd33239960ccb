// What is refused of the arguments of preference, on the host and on a device, before a value is looked at.
#ifndef CHORUS_OPS_PREFERENCE_CHECKS_H
#define CHORUS_OPS_PREFERENCE_CHECKS_H

#include <cmath>

#include "common/abi.h"
#include "ops/preference/preference.h"

namespace chorus {

/** A call's pairs and spec; In is the element type of what is void in it. */
template <typename In>
PreferenceBatch<In> BatchOf(const chorus_preference_args& a) {
  PreferenceBatch<In> b = {};
  b.loss = a.loss;
  b.dchosen = a.dchosen;
  b.drejected = a.drejected;
  b.chosen_rewards = a.chosen_rewards;
  b.rejected_rewards = a.rejected_rewards;
  b.totals = a.totals;
  b.policy_chosen = static_cast<const In*>(a.policy_chosen);
  b.policy_rejected = static_cast<const In*>(a.policy_rejected);
  b.ref_chosen = static_cast<const In*>(a.ref_chosen);
  b.ref_rejected = static_cast<const In*>(a.ref_rejected);
  b.chosen_lengths = a.chosen_lengths;
  b.rejected_lengths = a.rejected_lengths;
  b.weights = a.weights;
  b.flip = a.flip;
  b.dloss = a.dloss;
  b.P = a.P;
  b.upstream = a.upstream;
  b.spec = {a.kind, a.beta, a.epsilon, a.parameter, a.divergence, a.alpha};
  return b;
}

template <typename In>
PreferenceTokens<In> TokensOf(const chorus_preference_tokens_args& a) {
  PreferenceTokens<In> x = {};
  x.loss = a.loss;
  x.dtokens = a.dtokens;
  x.chosen_rewards = a.chosen_rewards;
  x.rejected_rewards = a.rejected_rewards;
  x.totals = a.totals;
  x.policy = static_cast<const In*>(a.policy_tokens);
  x.ref = static_cast<const In*>(a.ref_tokens);
  x.ref_chosen = a.ref_chosen;
  x.ref_rejected = a.ref_rejected;
  x.offsets = a.offsets;
  x.token_weights = a.token_weights;
  x.weights = a.weights;
  x.flip = a.flip;
  x.dloss = a.dloss;
  x.P = a.P;
  x.upstream = a.upstream;
  x.spec = {a.kind, a.beta, a.epsilon, a.parameter, a.divergence, a.alpha};
  return x;
}

/** Which scalars a kind has. */
struct KindTraits {
  FlipRange flips;       // low > high: none
  bool flip_per_pair;
  bool has_divergence;
  enum { kNone, kPositive, kFinite } parameter;
};

constexpr FlipRange kNoFlip = {1, 0};

/** False for a number that names no kind. */
inline bool TraitsOf(int kind, KindTraits* traits) {
  switch (kind) {
    case CHORUS_PREFERENCE_SIGMOID:
    case CHORUS_PREFERENCE_SIGMOID_MEAN:
      *traits = {{0, 1}, true, true, KindTraits::kNone};
      return true;
    case CHORUS_PREFERENCE_ROBUST:
      *traits = {{0, std::nextafter(0.5, 0.0)}, true, true, KindTraits::kNone};
      return true;
    case CHORUS_PREFERENCE_EXO:
      *traits = {{std::nextafter(0.0, 1.0), std::nextafter(1.0, 0.0)}, true, true, KindTraits::kNone};
      return true;
    case CHORUS_PREFERENCE_HINGE:
    case CHORUS_PREFERENCE_IPO:
    case CHORUS_PREFERENCE_IPO_MEAN:
    case CHORUS_PREFERENCE_NCA:
    case CHORUS_PREFERENCE_SPPO:
    case CHORUS_PREFERENCE_APO_DOWN:
      *traits = {kNoFlip, false, true, KindTraits::kNone};
      return true;
    case CHORUS_PREFERENCE_BCO:
      *traits = {kNoFlip, false, true, KindTraits::kFinite};
      return true;
    case CHORUS_PREFERENCE_DISCOPOP:
      *traits = {kNoFlip, false, true, KindTraits::kPositive};
      return true;
    case CHORUS_PREFERENCE_AOT:
    case CHORUS_PREFERENCE_AOT_UNPAIRED:
      *traits = {{0, 1}, false, false, KindTraits::kNone};
      return true;
    case CHORUS_PREFERENCE_APO_ZERO:
      *traits = {kNoFlip, false, false, KindTraits::kNone};
      return true;
    default:
      return false;
  }
}

/** Refuses scalars that are outside their range or that the kind does not have; fills in the flips that it accepts. */
inline chorus_status CheckSpec(const char* op, PreferenceSpec* spec, FlipRange* flips, const float* flip,
                               double upstream) {
  KindTraits traits;
  if (!TraitsOf(spec->kind, &traits)) return Fail(CHORUS_INVALID_ARGUMENT, "%s: kind = %d is none", op, spec->kind);
  *flips = traits.flips;
  if (!(std::isfinite(spec->beta) && spec->beta > 0)) {
    return Fail(CHORUS_INVALID_ARGUMENT, "%s: beta = %g, expected finite and > 0", op, spec->beta);
  }
  const bool has_flip = traits.flips.low <= traits.flips.high;
  if (flip && !traits.flip_per_pair) {
    return Fail(CHORUS_INVALID_ARGUMENT, "%s: kind %d takes no flip for each pair, expected null", op, spec->kind);
  }
  if (!has_flip && spec->epsilon != 0) {
    return Fail(CHORUS_INVALID_ARGUMENT, "%s: epsilon = %g, but kind %d takes none, expected 0", op, spec->epsilon,
                spec->kind);
  }
  if (has_flip && !flip && !(spec->epsilon >= traits.flips.low && spec->epsilon <= traits.flips.high)) {
    return Fail(CHORUS_INVALID_ARGUMENT, "%s: epsilon = %g, expected it in [%g, %g]", op, spec->epsilon, traits.flips.low,
                traits.flips.high);
  }
  const double parameter = spec->parameter;
  if (traits.parameter == KindTraits::kNone && parameter != 0) {
    return Fail(CHORUS_INVALID_ARGUMENT, "%s: parameter = %g, but kind %d takes none, expected 0", op, parameter,
                spec->kind);
  }
  if (!std::isfinite(parameter) || (traits.parameter == KindTraits::kPositive && parameter <= 0)) {
    return Fail(CHORUS_INVALID_ARGUMENT, "%s: parameter = %g, expected finite%s", op, parameter,
                traits.parameter == KindTraits::kPositive ? " and > 0" : "");
  }
  if (spec->divergence < CHORUS_DIVERGENCE_REVERSE_KL || spec->divergence > CHORUS_DIVERGENCE_ALPHA) {
    return Fail(CHORUS_INVALID_ARGUMENT, "%s: divergence = %d is none", op, spec->divergence);
  }
  if (spec->divergence == CHORUS_DIVERGENCE_ALPHA && !std::isfinite(spec->alpha)) {
    return Fail(CHORUS_INVALID_ARGUMENT, "%s: alpha = %g, expected finite", op, spec->alpha);
  }
  // Its limit.
  if (spec->divergence == CHORUS_DIVERGENCE_ALPHA && spec->alpha == 1) spec->divergence = CHORUS_DIVERGENCE_REVERSE_KL;
  if (!traits.has_divergence && spec->divergence != CHORUS_DIVERGENCE_REVERSE_KL) {
    return Fail(CHORUS_INVALID_ARGUMENT, "%s: kind %d is defined for reverse KL alone, got divergence %d", op, spec->kind,
                spec->divergence);
  }
  if (!std::isfinite(upstream)) {
    return Fail(CHORUS_INVALID_ARGUMENT, "%s: upstream = %g, expected finite", op, upstream);
  }
  return CHORUS_OK;
}

inline chorus_status CheckTogether(const char* op, const char* a_name, const void* a, const char* b_name,
                                   const void* b) {
  if ((a == nullptr) == (b == nullptr)) return CHORUS_OK;
  return Fail(CHORUS_INVALID_ARGUMENT, "%s: %s is null and %s is not", op, a ? b_name : a_name, a ? a_name : b_name);
}

/** `unit` is what `size` counts: "doubles" or "bytes". */
inline chorus_status CheckWorkspace(const char* op, const void* workspace, int64_t size, const char* unit) {
  if (size == 0 || workspace) return CHORUS_OK;
  return Fail(CHORUS_INVALID_ARGUMENT, "%s: workspace is null, expected %lld %s", op, static_cast<long long>(size), unit);
}

/** The workspace and the tokens' offsets are counted in int64_t. */
inline chorus_status CheckCount(const char* op, int64_t P) {
  if (P >= 0 && P <= INT64_MAX / 1024) return CHORUS_OK;
  return Fail(CHORUS_INVALID_ARGUMENT, "%s: P = %lld, expected >= 0", op, static_cast<long long>(P));
}

/** Everything but the workspace; no pointer is asked for where P is 0. Fills in `flips`, and takes out lengths that the kind
 * does not use. */
template <typename In>
chorus_status CheckSequences(const char* op, PreferenceBatch<In>* b) {
  if (chorus_status bad = CheckCount(op, b->P)) return bad;
  if (chorus_status bad = CheckSpec(op, &b->spec, &b->flips, b->flip, b->upstream)) return bad;
  if (b->P == 0) return CHORUS_OK;
  if (chorus_status bad = CheckPointers(
          op, {{"loss", b->loss}, {"policy_chosen", b->policy_chosen}, {"policy_rejected", b->policy_rejected}})) {
    return bad;
  }
  if (chorus_status bad = CheckTogether(op, "dchosen", b->dchosen, "drejected", b->drejected)) return bad;
  if (chorus_status bad =
          CheckTogether(op, "chosen_rewards", b->chosen_rewards, "rejected_rewards", b->rejected_rewards)) {
    return bad;
  }
  if (chorus_status bad = CheckTogether(op, "ref_chosen", b->ref_chosen, "ref_rejected", b->ref_rejected)) return bad;
  if (UsesLengths(b->spec.kind)) {
    return CheckPointers(op, {{"chosen_lengths", b->chosen_lengths}, {"rejected_lengths", b->rejected_lengths}});
  }
  b->chosen_lengths = b->rejected_lengths = nullptr;
  return CHORUS_OK;
}

/** The same. */
template <typename In>
chorus_status CheckTokens(const char* op, PreferenceTokens<In>* x) {
  if (chorus_status bad = CheckCount(op, x->P)) return bad;
  if (chorus_status bad = CheckSpec(op, &x->spec, &x->flips, x->flip, x->upstream)) return bad;
  if (x->P == 0) return CHORUS_OK;
  if (chorus_status bad = CheckPointers(op, {{"loss", x->loss}, {"policy_tokens", x->policy}, {"offsets", x->offsets}})) {
    return bad;
  }
  if (chorus_status bad =
          CheckTogether(op, "chosen_rewards", x->chosen_rewards, "rejected_rewards", x->rejected_rewards)) {
    return bad;
  }
  if (chorus_status bad = CheckTogether(op, "ref_chosen", x->ref_chosen, "ref_rejected", x->ref_rejected)) return bad;
  if (x->ref && x->ref_chosen) {
    return Fail(CHORUS_INVALID_ARGUMENT, "%s: the reference is given as ref_tokens and as ref_chosen, expected one", op);
  }
  return CHORUS_OK;
}

}  // namespace chorus

#endif
