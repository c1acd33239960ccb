#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "ops/preference/preference.h"

namespace chorus {

namespace {

double Sigma(double x) { return 1 / (1 + std::exp(-x)); }

/** ln sigma(x) as it is written, but for arguments at which exp overflows. */
double LogSigma(double x) { return x < -700 ? x : -std::log1p(std::exp(-x)); }

double Clamped(double exponent) { return std::exp(std::min(exponent, 80.0)); }

double H(const PreferenceSpec& s, double u) {
  switch (s.divergence) {
    case CHORUS_DIVERGENCE_FORWARD_KL:
      return -Clamped(-u);
    case CHORUS_DIVERGENCE_JS:
      return LogSigma(u);
    case CHORUS_DIVERGENCE_ALPHA:
      return s.alpha == 1 ? u : Clamped((s.alpha - 1) * u) / (s.alpha - 1);
    default:
      return u;
  }
}

double HSlope(const PreferenceSpec& s, double u) {
  switch (s.divergence) {
    case CHORUS_DIVERGENCE_FORWARD_KL:
      return -u < 80 ? std::exp(-u) : 0;
    case CHORUS_DIVERGENCE_JS:
      return Sigma(-u);
    case CHORUS_DIVERGENCE_ALPHA:
      return (s.alpha - 1) * u < 80 ? std::exp((s.alpha - 1) * u) : 0;
    default:
      return 1;
  }
}

struct Terms {
  double loss, dchosen, drejected;
};

/** A loss f(x) of x = beta (h_c - h_r), and its derivative. */
struct Curve {
  double f, slope;
};

Curve Conservative(double x, double flip) {
  return {-(1 - flip) * LogSigma(x) - flip * LogSigma(-x), -(1 - flip) * Sigma(-x) + flip * Sigma(x)};
}

Curve OfX(const PreferenceSpec& s, double x, double flip) {
  switch (s.kind) {
    case CHORUS_PREFERENCE_ROBUST:
      return {(-(1 - flip) * LogSigma(x) + flip * LogSigma(-x)) / (1 - 2 * flip),
              -((1 - flip) * Sigma(-x) + flip * Sigma(x)) / (1 - 2 * flip)};
    case CHORUS_PREFERENCE_HINGE:
      return {std::max(0.0, 1 - x), x < 1 ? -1.0 : 0.0};
    case CHORUS_PREFERENCE_EXO: {
      const double p = Sigma(x), q = Sigma(-x);
      const double of_p = LogSigma(x) - std::log(1 - flip), of_q = LogSigma(-x) - std::log(flip);
      return {p * of_p + q * of_q, p * q * (of_p - of_q)};
    }
    case CHORUS_PREFERENCE_DISCOPOP: {
      const double gate = Sigma(x / s.parameter), dgate = gate * Sigma(-x / s.parameter) / s.parameter;
      const double e = Clamped(-x), de = -x < 80 ? -e : 0;
      return {-LogSigma(x) * Sigma(-x / s.parameter) + e * gate,
              -Sigma(-x) * Sigma(-x / s.parameter) + LogSigma(x) * dgate + de * gate + e * dgate};
    }
    default:
      return Conservative(x, flip);
  }
}

Terms TermsOf(const PreferenceSpec& s, double c, double r, double n_c, double n_r, double flip) {
  const double beta = s.beta;
  const double h_c = H(s, c), h_r = H(s, r), dh_c = HSlope(s, c), dh_r = HSlope(s, r);
  switch (s.kind) {
    case CHORUS_PREFERENCE_NCA:
      return {-LogSigma(beta * h_c) - LogSigma(-beta * h_c) / 2 - LogSigma(-beta * h_r) / 2,
              beta * dh_c * (-Sigma(-beta * h_c) + Sigma(beta * h_c) / 2), beta * dh_r * Sigma(beta * h_r) / 2};
    case CHORUS_PREFERENCE_BCO:
      return {-LogSigma(beta * h_c - s.parameter) - LogSigma(s.parameter - beta * h_r),
              -beta * dh_c * Sigma(s.parameter - beta * h_c), beta * dh_r * Sigma(beta * h_r - s.parameter)};
    case CHORUS_PREFERENCE_SPPO:
      return {std::pow(h_c - 1 / (2 * beta), 2) + std::pow(h_r + 1 / (2 * beta), 2),
              2 * (h_c - 1 / (2 * beta)) * dh_c, 2 * (h_r + 1 / (2 * beta)) * dh_r};
    case CHORUS_PREFERENCE_IPO: {
      const double d = h_c - h_r - 1 / (2 * beta);
      return {d * d, 2 * d * dh_c, -2 * d * dh_r};
    }
    case CHORUS_PREFERENCE_IPO_MEAN: {
      const double d = h_c / n_c - h_r / n_r - 1 / (2 * beta);
      return {d * d, 2 * d * dh_c / n_c, -2 * d * dh_r / n_r};
    }
    case CHORUS_PREFERENCE_SIGMOID_MEAN: {
      const Curve l = Conservative(beta * (h_c / n_c - h_r / n_r), flip);
      return {l.f, beta * l.slope * dh_c / n_c, -beta * l.slope * dh_r / n_r};
    }
    case CHORUS_PREFERENCE_APO_ZERO:
      return {1 - Sigma(beta * c) + Sigma(beta * r), -beta * Sigma(beta * c) * Sigma(-beta * c),
              beta * Sigma(beta * r) * Sigma(-beta * r)};
    case CHORUS_PREFERENCE_APO_DOWN: {
      const double x = beta * (h_c - h_r), slope = beta * Sigma(x) * Sigma(-x);
      return {Sigma(beta * c) + 1 - Sigma(x), beta * Sigma(beta * c) * Sigma(-beta * c) - slope * dh_c, slope * dh_r};
    }
    default: {
      const Curve l = OfX(s, beta * (h_c - h_r), flip);
      return {l.f, beta * l.slope * dh_c, -beta * l.slope * dh_r};
    }
  }
}

/** The pairs in the order of their values, equal ones in their own. */
std::vector<int64_t> Order(const std::vector<int64_t>& pairs, const std::vector<double>& values) {
  std::vector<int64_t> order = pairs;
  std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) {
    return values[static_cast<size_t>(a)] < values[static_cast<size_t>(b)];
  });
  return order;
}

}  // namespace

void PreferenceRef(const PreferenceRefBatch& b) {
  const PreferenceSpec& s = b.spec;
  std::vector<int64_t> pairs;
  std::vector<double> first(static_cast<size_t>(b.P)), second(static_cast<size_t>(b.P));
  const auto weight = [&](int64_t n) { return b.weights ? b.weights[n] : 1.0; };
  const auto upstream = [&](int64_t n) { return b.upstream * weight(n) * (b.dloss ? b.dloss[n] : 1.0); };
  for (int64_t n = 0; n < b.P; ++n) {
    b.loss[n] = b.dchosen[n] = b.drejected[n] = b.chosen_rewards[n] = b.rejected_rewards[n] = 0;
    if (weight(n) == 0) continue;
    pairs.push_back(n);
    const double ref_chosen = b.ref_chosen ? b.ref_chosen[n] : 0, ref_rejected = b.ref_rejected ? b.ref_rejected[n] : 0;
    const double c = b.policy_chosen[n] - ref_chosen, r = b.policy_rejected[n] - ref_rejected;
    b.chosen_rewards[n] = s.beta * c;
    b.rejected_rewards[n] = s.beta * r;
    const bool paired = s.kind == CHORUS_PREFERENCE_AOT;
    first[static_cast<size_t>(n)] = paired ? b.policy_chosen[n] - b.policy_rejected[n] : c;
    second[static_cast<size_t>(n)] = paired ? ref_chosen - ref_rejected : r;
    if (IsSortedPreference(s.kind)) continue;
    const Terms t = TermsOf(s, c, r, b.chosen_lengths ? b.chosen_lengths[n] : 1,
                            b.rejected_lengths ? b.rejected_lengths[n] : 1, b.flip ? b.flip[n] : s.epsilon);
    b.loss[n] = weight(n) * t.loss;
    b.dchosen[n] = upstream(n) * t.dchosen;
    b.drejected[n] = upstream(n) * t.drejected;
  }
  if (!IsSortedPreference(s.kind)) return;
  const std::vector<int64_t> of_first = Order(pairs, first), of_second = Order(pairs, second);
  for (size_t k = 0; k < pairs.size(); ++k) {
    const int64_t n = of_first[k], m = s.kind == CHORUS_PREFERENCE_AOT ? n : of_second[k];
    const double x = s.beta * (first[static_cast<size_t>(n)] - second[static_cast<size_t>(of_second[k])]);
    const Curve l = Conservative(x, s.epsilon);
    b.loss[n] = weight(n) * l.f;
    b.dchosen[n] = upstream(n) * s.beta * l.slope;
    b.drejected[m] = -upstream(n) * s.beta * l.slope;
  }
}

}  // namespace chorus
