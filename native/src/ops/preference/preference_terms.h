// The losses of one preference pair and their derivatives: every formula of this op stands here, once.
#ifndef CHORUS_OPS_PREFERENCE_TERMS_H
#define CHORUS_OPS_PREFERENCE_TERMS_H

#include "chorus.h"
#include "common/logistic.h"

namespace chorus {

/** Which loss, with its numbers; they have been checked. */
struct PreferenceSpec {
  int kind;
  double beta;
  double epsilon;
  double parameter;
  int divergence;
  double alpha;
};

}  // namespace chorus

CHORUS_FORMULAS_BEGIN

/** Beyond e^80 an exponential would soon leave f32, and its square double. */
constexpr double kLargestExponent = 80;

/** A score h(u) of the log-ratio u = log pi - log ref, and its derivative. */
template <typename T>
struct Score {
  T h;
  T slope;
};

/** h of the f-divergence that holds the policy to its reference (Wang et al., arXiv:2309.16240). */
template <typename T>
CHORUS_FORMULA Score<T> ScoreOf(const PreferenceSpec& spec, T u) {
  if (spec.divergence == CHORUS_DIVERGENCE_REVERSE_KL) return {u, Splat<T>(1)};
  if (spec.divergence == CHORUS_DIVERGENCE_JS) {
    const Logistic<T> l = LogisticOf(u);
    return {-l.softplus_minus, l.sigmoid_minus};
  }
  // Forward KL is the alpha-divergence of alpha 0.
  const double k = (spec.divergence == CHORUS_DIVERGENCE_ALPHA ? spec.alpha : 0.0) - 1.0;
  const T exponent = u * k;
  const T e = Exp(Min(Splat<T>(kLargestExponent), exponent));
  return {e / k, Select(exponent < kLargestExponent, e, Splat<T>(0))};
}

/** What is known of a pair: log-ratios of policy to reference, lengths in tokens, probability that its labels are swapped. */
template <typename T>
struct PreferencePair {
  T chosen;
  T rejected;
  T chosen_length;
  T rejected_length;
  T flip;
};

/** A pair's loss and its derivatives with respect to the policy's two log-probabilities. */
template <typename T>
struct PreferenceTerms {
  T loss;
  T dchosen;
  T drejected;
};

/** softplus(-x) + flip x, and its derivative: -(1 - flip) ln sigma(x) - flip ln sigma(-x). */
template <typename T>
CHORUS_FORMULA Score<T> ConservativeLogistic(T x, T flip) {
  const Logistic<T> l = LogisticOf(x);
  return {l.softplus_minus + flip * x, flip - l.sigmoid_minus};
}

/** The kinds but the two that sort: those are the sigmoid's on sorted values. */
template <typename T>
CHORUS_FORMULA PreferenceTerms<T> PreferenceTermsOf(const PreferenceSpec& spec, const PreferencePair<T>& pair) {
  const double beta = spec.beta;
  if (spec.kind == CHORUS_PREFERENCE_APO_ZERO) {
    const Logistic<T> c = LogisticOf(beta * pair.chosen);
    const Logistic<T> r = LogisticOf(beta * pair.rejected);
    return {c.sigmoid_minus + r.sigmoid, -beta * (c.sigmoid * c.sigmoid_minus), beta * (r.sigmoid * r.sigmoid_minus)};
  }

  const Score<T> c = ScoreOf(spec, pair.chosen);
  const Score<T> r = ScoreOf(spec, pair.rejected);
  // Those that see the scores apart.
  switch (spec.kind) {
    case CHORUS_PREFERENCE_NCA: {
      const Logistic<T> lc = LogisticOf(beta * c.h);
      const Logistic<T> lr = LogisticOf(beta * r.h);
      return {lc.softplus_minus + 0.5 * lc.softplus + 0.5 * lr.softplus,
              beta * c.slope * (0.5 * lc.sigmoid - lc.sigmoid_minus), beta * r.slope * (0.5 * lr.sigmoid)};
    }
    case CHORUS_PREFERENCE_BCO: {
      const Logistic<T> lc = LogisticOf(beta * c.h - spec.parameter);
      const Logistic<T> lr = LogisticOf(beta * r.h - spec.parameter);
      return {lc.softplus_minus + lr.softplus, -beta * c.slope * lc.sigmoid_minus, beta * r.slope * lr.sigmoid};
    }
    case CHORUS_PREFERENCE_SPPO: {
      const T from_win = c.h - 0.5 / beta;
      const T from_loss = r.h + 0.5 / beta;
      return {from_win * from_win + from_loss * from_loss, 2.0 * from_win * c.slope, 2.0 * from_loss * r.slope};
    }
    case CHORUS_PREFERENCE_IPO: {
      const T d = (c.h - r.h) - 0.5 / beta;
      return {d * d, 2.0 * d * c.slope, -2.0 * d * r.slope};
    }
    case CHORUS_PREFERENCE_IPO_MEAN: {
      const T d = (c.h / pair.chosen_length - r.h / pair.rejected_length) - 0.5 / beta;
      return {d * d, 2.0 * d * (c.slope / pair.chosen_length), -2.0 * d * (r.slope / pair.rejected_length)};
    }
    case CHORUS_PREFERENCE_SIGMOID_MEAN: {
      const Score<T> l =
          ConservativeLogistic(beta * (c.h / pair.chosen_length - r.h / pair.rejected_length), pair.flip);
      return {l.h, beta * l.slope * (c.slope / pair.chosen_length), -beta * l.slope * (r.slope / pair.rejected_length)};
    }
    case CHORUS_PREFERENCE_APO_DOWN: {
      const Logistic<T> lc = LogisticOf(beta * pair.chosen);
      const Logistic<T> lx = LogisticOf(beta * (c.h - r.h));
      const T slope = beta * (lx.sigmoid * lx.sigmoid_minus);
      return {lc.sigmoid + lx.sigmoid_minus, beta * (lc.sigmoid * lc.sigmoid_minus) - slope * c.slope, slope * r.slope};
    }
    default:
      break;
  }

  // The rest are functions of x.
  const T x = beta * (c.h - r.h);
  Score<T> l = {x, x};
  switch (spec.kind) {
    case CHORUS_PREFERENCE_SIGMOID:
      l = ConservativeLogistic(x, pair.flip);
      break;
    case CHORUS_PREFERENCE_ROBUST: {
      const Logistic<T> lx = LogisticOf(x);
      const T excess = pair.flip / (1.0 - 2.0 * pair.flip);
      l = {lx.softplus_minus - excess * x, -lx.sigmoid_minus - excess};
      break;
    }
    case CHORUS_PREFERENCE_HINGE: {
      const T below = 1.0 - x;
      l = {Select(below <= 0.0, Splat<T>(0), below), Select(below <= 0.0, Splat<T>(0), Splat<T>(-1))};
      break;
    }
    case CHORUS_PREFERENCE_EXO: {
      const Logistic<T> lx = LogisticOf(x);
      const T log_kept = Log(1.0 - pair.flip);
      const T log_flip = Log(pair.flip);
      l = {lx.sigmoid * (-lx.softplus_minus - log_kept) + lx.sigmoid_minus * (-lx.softplus - log_flip),
           lx.sigmoid * lx.sigmoid_minus * (x - (log_kept - log_flip))};
      break;
    }
    case CHORUS_PREFERENCE_DISCOPOP: {
      const Logistic<T> lx = LogisticOf(x);
      const Logistic<T> gate = LogisticOf(x / spec.parameter);
      const T e = Exp(Min(Splat<T>(kLargestExponent), -x));
      const T de = Select(-x < kLargestExponent, -e, Splat<T>(0));
      const T dgate = gate.sigmoid * gate.sigmoid_minus / spec.parameter;
      l = {lx.softplus_minus * gate.sigmoid_minus + e * gate.sigmoid,
           (e - lx.softplus_minus) * dgate - lx.sigmoid_minus * gate.sigmoid_minus + de * gate.sigmoid};
      break;
    }
    default:
      break;
  }
  return {l.h, beta * l.slope * c.slope, -beta * l.slope * r.slope};
}

CHORUS_FORMULAS_END

#endif
