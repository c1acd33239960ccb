#include "common/special_vec.h"
#include "ops/dirichlet_posterior/dirichlet_posterior.h"

namespace chorus {
namespace CHORUS_ISA {

namespace {

/** Classes that are together on the stack; with more of them, answers are read twice. */
constexpr int64_t kBlock = 64;

/** The concentrations of kF64 rows: `rows` row by row, as they are read and written, and `lanes` class by class, with a row
 * in each lane, as the measures take them. */
struct Tile {
  int64_t first;
  int64_t count;
  bool skipped[kF64];
  /** The same as a mask of the lanes. */
  I64 skipped_lanes;
  int64_t pitch;
  double rows[kF64 * kBlock];
  double lanes[kF64 * kBlock];
};

CHORUS_INLINE bool IsWeight(float w) { return w >= 0 && w < __builtin_inff(); }

CHORUS_INLINE double Label(float y) { return y; }
CHORUS_INLINE double Label(uint16_t y) { return BitCast<float>(static_cast<uint32_t>(y) << 16); }

CHORUS_INLINE double LabelerWeight(const float* weights, int64_t w) {
  return weights ? static_cast<double>(weights[w]) : 1.0;
}

/** a [count] = the concentrations of row n for the classes from k0 on. Whether its votes are good. */
CHORUS_INLINE bool Concentrations(double* a, const DirichletInputs<int64_t>& in, int64_t n, int64_t k0, int64_t count) {
  const int64_t* votes = in.answers + n * in.W;
  for (int64_t k = 0; k < count; ++k) a[k] = in.prior[k0 + k];
  bool good = true;
  for (int64_t w = 0; w < in.W; ++w) {
    const double weight = LabelerWeight(in.labeler_weights, w);
    if (weight == 0) continue;
    const int64_t vote = votes[w];
    if (vote >= k0 && vote < k0 + count) {
      a[vote - k0] += weight;
    } else {
      good &= vote >= -1 && vote < in.K;
    }
  }
  return good;
}

/** The number of votes that a soft label counts for; 0 if it is not to be looked at. */
template <typename Real>
CHORUS_INLINE double LabelWeight(const DirichletInputs<Real>& in, int64_t n, int64_t w, bool& good) {
  const double weight = LabelerWeight(in.labeler_weights, w);
  if (weight == 0 || !in.lambda) return weight;
  const float lambda = in.lambda[n * in.W + w];
  good &= IsWeight(lambda);
  return weight * lambda;
}

/** The same with soft labels. */
template <typename Real>
CHORUS_INLINE bool Concentrations(double* a, const DirichletInputs<Real>& in, int64_t n, int64_t k0, int64_t count) {
  const Real* labels = in.answers + n * in.W * in.K + k0;
  const double max = static_cast<double>(kMaxSoftLabel);
  bool good = true;
  if (count < kF64) {
    for (int64_t k = 0; k < count; ++k) a[k] = in.prior[k0 + k];
    for (int64_t w = 0; w < in.W; ++w) {
      const double weight = LabelWeight(in, n, w, good);
      if (weight == 0) continue;
      for (int64_t k = 0; k < count; ++k) {
        const double label = Label(labels[w * in.K + k]);
        // Written so that NaN is bad.
        good &= label >= 0 && label <= max;
        a[k] += weight * label;
      }
    }
    return good;
  }
  I64 bad = {};
  for (int64_t k = 0; k < count; k += kF64) {
    // The last vector may overlap the one before, and computes the same again.
    const int64_t from = k + kF64 <= count ? k : count - kF64;
    F64 sum = LoadF64(in.prior + k0 + from);
    for (int64_t w = 0; w < in.W; ++w) {
      const double weight = LabelWeight(in, n, w, good);
      if (weight == 0) continue;
      const F64 label = LoadF64(labels + w * in.K + from);
      bad |= ~((label >= 0.0) & (label <= max));
      sum += weight * label;
    }
    Store(a + from, sum);
  }
  return good & !Any(bad);
}

/** Fills the tile with the classes [k0, k0 + count); the first bad row, or -1. Lanes without a row get ones. */
template <typename Answer>
CHORUS_INLINE int64_t Fill(Tile& tile, const DirichletInputs<Answer>& in, int64_t k0, int64_t count) {
  for (int64_t j = 0; j < kF64; ++j) {
    double* a = tile.rows + j * tile.pitch;
    if (tile.skipped[j]) {
      for (int64_t k = 0; k < count; ++k) a[k] = 1;
      continue;
    }
    if (!Concentrations(a, in, tile.first + j, k0, count)) return tile.first + j;
  }
  for (int64_t k = 0; k < count; ++k) {
    for (int64_t j = 0; j < kF64; ++j) tile.lanes[k * kF64 + j] = tile.rows[j * tile.pitch + k];
  }
  return -1;
}

/** y [N, K] at the tile's rows and classes = f(alpha, row); zeros where a row is not looked at. */
template <typename F>
CHORUS_INLINE void StoreClasses(float* y, const Tile& tile, int64_t K, int64_t k0, int64_t count, F f) {
  if (y == nullptr) return;
  for (int64_t j = 0; j < tile.count; ++j) {
    float* to = y + (tile.first + j) * K + k0;
    const double* a = tile.rows + j * tile.pitch;
    if (tile.skipped[j]) {
      for (int64_t k = 0; k < count; ++k) to[k] = 0;
      continue;
    }
    if (count < kF64) {
      for (int64_t k = 0; k < count; ++k) to[k] = static_cast<float>(f(a[k], j));
      continue;
    }
    // The last vector may overlap the one before, and stores the same again.
    for (int64_t k = 0; k < count; k += kF64) {
      const int64_t from = k + kF64 <= count ? k : count - kF64;
      StoreF32(to + from, f(Load(a + from), j));
    }
  }
}

/** y [N] at the tile's rows. */
CHORUS_INLINE void StoreRows(float* y, const Tile& tile, F64 v) {
  if (y == nullptr) return;
  v = tile.skipped_lanes ? F64{} : v;
  if (tile.count == kF64) return StoreF32(y + tile.first, v);
  float lanes[kF64];
  StoreF32(lanes, v);
  for (int64_t j = 0; j < tile.count; ++j) y[tile.first + j] = lanes[j];
}

template <typename Answer>
CHORUS_INLINE int64_t Posterior(const DirichletOutputs& out, const DirichletInputs<Answer>& in, int64_t first,
                                int64_t count) {
  Tile tile;
  tile.first = first;
  tile.count = count;
  tile.pitch = in.K < kBlock ? in.K : kBlock;
  for (int64_t j = 0; j < kF64; ++j) {
    tile.skipped[j] = j >= count || (in.weights && in.weights[first + j] == 0);
    tile.skipped_lanes[j] = tile.skipped[j] ? -1 : 0;
  }

  F64 strength = {}, largest = {};
  I64 label = {};
  int64_t bad = -1;
  for (int64_t k0 = 0; k0 < in.K; k0 += kBlock) {
    const int64_t classes = in.K - k0 < kBlock ? in.K - k0 : kBlock;
    const int64_t bad_here = Fill(tile, in, k0, classes);
    // The first row is named, so a later block may still have one before it.
    if (bad_here >= 0 && (bad < 0 || bad_here < bad)) bad = bad_here;
    if (bad >= 0) continue;
    for (int64_t k = 0; k < classes; ++k) {
      const F64 a = Load(tile.lanes + k * kF64);
      strength += a;
      // Concentrations are above 0, so the first is above the initial one; an equal one later is not.
      const I64 larger = a > largest;
      largest = larger ? a : largest;
      label = larger ? I64{} + (k0 + k) : label;
    }
    StoreClasses(out.alpha, tile, in.K, k0, classes, [](auto a, int64_t) { return a; });
  }
  if (bad >= 0) return bad;
  for (int64_t j = 0; out.label && j < count; ++j) out.label[first + j] = tile.skipped[j] ? -1 : label[j];

  const double classes_f64 = static_cast<double>(in.K);
  const F64 inverse = 1.0 / strength;
  StoreRows(out.epkl, tile, (classes_f64 - 1) * inverse);
  StoreRows(out.vacuity, tile, classes_f64 * inverse);

  const bool wants_terms = out.expected || out.mutual || out.differential;
  const bool wants_measures = out.total || wants_terms;
  if (!wants_measures && !out.p && !out.belief && !out.variance) return -1;
  double s[kF64], r[kF64];
  Store(s, strength);
  Store(r, inverse);
  const F64 log_strength = Log(strength);
  F64 total = {}, mutual = {}, differential = {};
  for (int64_t k0 = 0; k0 < in.K; k0 += kBlock) {
    const int64_t classes = in.K - k0 < kBlock ? in.K - k0 : kBlock;
    if (in.K > kBlock) Fill(tile, in, k0, classes);
    for (int64_t k = 0; wants_measures && k < classes; ++k) {
      const F64 a = Load(tile.lanes + k * kF64);
      // Not a times the inverse: for a single class p is 1, and its logarithm 0.
      const F64 p = a / strength;
      const F64 log_p = Log(p);
      total -= p * log_p;
      if (wants_terms) {
        const DirichletTerms<F64> terms = DirichletTermsOf(a, 1.0, log_p + log_strength);
        mutual += p * terms.g;
        differential -= terms.h;
      }
    }
    StoreClasses(out.p, tile, in.K, k0, classes, [&r](auto a, int64_t j) { return a * r[j]; });
    StoreClasses(out.belief, tile, in.K, k0, classes, [&r](auto a, int64_t j) { return (a - 1.0) * r[j]; });
    StoreClasses(out.variance, tile, in.K, k0, classes,
                 [&r, &s](auto a, int64_t j) { return (a * r[j]) * ((s[j] - a) * r[j]) * (1.0 / (s[j] + 1.0)); });
  }
  if (!wants_measures) return -1;
  StoreRows(out.total, tile, total);
  if (!wants_terms) return -1;
  const DirichletTerms<F64> terms = DirichletTermsOf(strength, classes_f64, log_strength);
  mutual -= terms.g;
  // Rounding may leave a zero at -1e-17.
  mutual = mutual < 0.0 ? F64{} : mutual;
  const F64 expected = total - mutual;
  StoreRows(out.mutual, tile, mutual);
  StoreRows(out.expected, tile, expected < 0.0 ? F64{} : expected);
  StoreRows(out.differential, tile, differential + terms.h);
  return -1;
}

template <typename Answer>
int64_t Posteriors(const DirichletOutputs& out, const DirichletInputs<Answer>& in, int64_t first, int64_t end) {
  for (int64_t n = first; n < end; n += kF64) {
    const int64_t bad = Posterior(out, in, n, end - n < kF64 ? end - n : kF64);
    if (bad >= 0) return bad;
  }
  return -1;
}

}  // namespace

extern const DirichletLoops kDirichletLoops = {Posteriors<int64_t>, Posteriors<float>, Posteriors<uint16_t>};

}  // namespace CHORUS_ISA
}  // namespace chorus
