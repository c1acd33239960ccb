// Cases of the ensemble_logprob test: random models, their calls through the C interface, the reference, and tolerances.
#ifndef CHORUS_OPS_ENSEMBLE_LOGPROB_CASES_H
#define CHORUS_OPS_ENSEMBLE_LOGPROB_CASES_H

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "common/bf16.h"
#include "ops/ensemble_logprob/ensemble_logprob.h"
#include "testing/test.h"

namespace chorus_testing {

typedef std::vector<float> Floats;
typedef std::vector<double> Doubles;
typedef std::vector<int64_t> Longs;

inline size_t Size(int64_t n) { return static_cast<size_t>(n); }

/** Of an element type. */
template <typename In>
struct Element;
template <>
struct Element<float> {
  static constexpr int kType = CHORUS_TYPE_F32;
  /** Of a gradient that is stored. */
  static constexpr double kRounding = 1e-7;
};
template <>
struct Element<uint16_t> {
  static constexpr int kType = CHORUS_TYPE_BF16;
  static constexpr double kRounding = 0.00391;
};

/** Pointers to models' logits, for functions that take them as void. */
template <typename To, typename T>
To* const* Voids(T* const* pointers) {
  return reinterpret_cast<To* const*>(pointers);
}

/** Rows `gap` apart that begin `gap` elements into a buffer; what lies between is a canary. */
template <typename In>
class Matrix {
 public:
  Matrix(const Floats& dense, int64_t width, int64_t gap)
      : width_(Size(width)), gap_(Size(gap)), storage_(gap_, Canary()) {
    for (size_t i = 0; i < dense.size(); ++i) {
      storage_.push_back(chorus::Narrow<In>(dense[i]));
      if ((i + 1) % width_ == 0) storage_.insert(storage_.end(), gap_, Canary());
    }
  }
  In* data() { return storage_.data() + gap_; }
  int64_t stride() const { return static_cast<int64_t>(width_ + gap_); }
  Doubles Dense() const {
    Doubles dense;
    for (size_t i = gap_; i < storage_.size(); ++i) {
      if ((i - gap_) % (width_ + gap_) < width_) dense.push_back(chorus::Widen(storage_[i]));
    }
    return dense;
  }
  bool IntactGaps() const {
    for (size_t i = 0; i < storage_.size(); ++i) {
      const bool in_gap = i < gap_ || (i - gap_) % (width_ + gap_) >= width_;
      if (in_gap && storage_[i] != Canary()) return false;
    }
    return true;
  }

 private:
  static In Canary() { return chorus::Narrow<In>(96.0f); }
  size_t width_, gap_;
  std::vector<In> storage_;
};

/** Sums to 1 but for rounding; the last of three or more is 0. */
inline Floats RandomOmega(Random& random, int64_t W) {
  Doubles omega;
  double sum = 0;
  for (int64_t w = 0; w < W; ++w) {
    omega.push_back(w >= 2 && w == W - 1 ? 0 : random.Uniform(0.1, 1));
    sum += omega.back();
  }
  for (double& o : omega) o /= sum;
  return ToFloat(omega);
}

/** Some of the sequences are empty. */
inline Longs RandomOffsets(Random& random, int64_t S, int64_t N) {
  Longs offsets = {0, N};
  for (int64_t s = 1; s < S; ++s) offsets.push_back(random.Below(N + 1));
  std::sort(offsets.begin(), offsets.end());
  return offsets;
}

/** One model's tokens and logits [N, V]. */
struct Model {
  int64_t N, V;
  Floats logits;
  Longs targets;
  Floats weights;
  Longs offsets;
};

inline Model RandomModel(Random& random, int64_t N, int64_t V, int64_t S, double high) {
  Model m = {N, V, random.Floats(N * V, -high, high), {}, random.Floats(N, 0.1, 3), RandomOffsets(random, S, N)};
  for (int64_t n = 0; n < N; ++n) {
    m.targets.push_back(random.Below(V));
    if (n % 3 == 1) m.weights[Size(n)] = 0;
  }
  return m;
}

/** Of one vocabulary the models differ in their logits alone. */
struct Case {
  int64_t W, S;
  double high;
  std::vector<Model> models;
  Floats omega, dlogps, dmixture, dsequence, dsequence_mixture;
  int64_t N() const { return models[0].N; }
  int64_t V() const { return models[0].V; }
};

inline Case MakeCase(Random& random, int64_t W, int64_t N, int64_t V, int64_t S, double high, bool ragged) {
  Case c = {W,
            S,
            high,
            {},
            RandomOmega(random, W),
            random.Floats(W * N, -2, 2),
            random.Floats(N, -2, 2),
            random.Floats(W * S, -2, 2),
            random.Floats(S, -2, 2)};
  for (int64_t w = 0; w < W; ++w) {
    const int64_t longer = ragged ? w : 0;
    c.models.push_back(RandomModel(random, N + longer, V + 3 * longer, S, high));
    if (!ragged && w > 0) {
      const Floats logits = c.models.back().logits;
      c.models.back() = c.models[0];
      c.models.back().logits = logits;
    }
  }
  return c;
}

template <typename In>
void Round(Case& c) {
  for (Model& m : c.models) {
    for (float& z : m.logits) z = chorus::Widen(chorus::Narrow<In>(z));
  }
}

inline Doubles AllLogits(const Case& c) {
  Doubles all;
  for (const Model& m : c.models) all.insert(all.end(), m.logits.begin(), m.logits.end());
  return all;
}

/** The logits of all models, in place of pointers to them. */
template <typename In>
struct Logits {
  std::vector<Matrix<In>> matrices;
  std::vector<In*> pointers;
  Longs strides;
  explicit Logits(const Case& c, int64_t gap = 0) {
    for (const Model& m : c.models) {
      // Each model has its own stride.
      matrices.push_back(Matrix<In>(m.logits, m.V, gap * static_cast<int64_t>(matrices.size() + 1)));
    }
    for (Matrix<In>& m : matrices) {
      pointers.push_back(m.data());
      strides.push_back(m.stride());
    }
  }
  Doubles Dense() const {
    Doubles all;
    for (const Matrix<In>& m : matrices) {
      const Doubles dense = m.Dense();
      all.insert(all.end(), dense.begin(), dense.end());
    }
    return all;
  }
  bool IntactGaps() const {
    return std::all_of(matrices.begin(), matrices.end(), [](const Matrix<In>& m) { return m.IntactGaps(); });
  }
};

template <typename T>
struct Results {
  std::vector<T> logps, lse, entropy, mixture, sequence_logps, sequence_mixture;
  explicit Results(const Case& c)
      : logps(Size(c.W * c.N())),
        lse(logps.size()),
        entropy(logps.size()),
        mixture(Size(c.N())),
        sequence_logps(Size(c.W * c.S)),
        sequence_mixture(Size(c.S)) {}
};

template <typename In>
int Forward(const Case& c, const Logits<In>& logits, bool weighted, Results<float>& r) {
  return Call(chorus_ensemble_logprob_forward,
              {r.logps.data(), r.lse.data(), r.entropy.data(), r.mixture.data(), r.sequence_logps.data(),
               r.sequence_mixture.data(), Voids<const void>(logits.pointers.data()), c.models[0].targets.data(),
               weighted ? c.models[0].weights.data() : nullptr, c.omega.data(), c.models[0].offsets.data(), c.W, c.N(),
               c.V(), logits.strides.data(), c.S, Element<In>::kType});
}

template <typename In>
int Backward(const Case& c, const Logits<In>& logits, bool weighted, const Results<float>& r) {
  return Call(chorus_ensemble_logprob_backward,
              {Voids<void>(logits.pointers.data()), c.models[0].targets.data(), r.lse.data(), r.logps.data(),
               c.dlogps.data(), c.dmixture.data(), c.dsequence.data(), c.dsequence_mixture.data(),
               weighted ? c.models[0].weights.data() : nullptr, c.omega.data(), c.models[0].offsets.data(), c.W, c.N(),
               c.V(), logits.strides.data(), c.S, Element<In>::kType});
}

inline Results<double> Reference(const Case& c, const Doubles& logits, bool weighted) {
  Results<double> r(c);
  chorus::EnsembleLogprobForwardRef(r.logps.data(), r.lse.data(), r.entropy.data(), r.mixture.data(),
                                    r.sequence_logps.data(), r.sequence_mixture.data(), logits.data(),
                                    c.models[0].targets.data(), weighted ? ToDouble(c.models[0].weights).data() : nullptr,
                                    ToDouble(c.omega).data(), c.models[0].offsets.data(), c.W, c.N(), c.V(), c.S);
  return r;
}

inline Doubles ReferenceGradient(const Case& c, bool weighted) {
  Doubles d(Size(c.W * c.N() * c.V()));
  chorus::EnsembleLogprobBackwardRef(
      d.data(), AllLogits(c).data(), c.models[0].targets.data(), ToDouble(c.dlogps).data(), ToDouble(c.dmixture).data(),
      ToDouble(c.dsequence).data(), ToDouble(c.dsequence_mixture).data(),
      weighted ? ToDouble(c.models[0].weights).data() : nullptr, ToDouble(c.omega).data(), c.models[0].offsets.data(),
      c.W, c.N(), c.V(), c.S);
  return d;
}

/* ---- ragged ---- */

/** An array for each model, and the pointers to them. */
template <typename T>
struct Arrays {
  std::vector<std::vector<T>> arrays;
  std::vector<T*> pointers;
  explicit Arrays(const Case& c) {
    for (const Model& m : c.models) arrays.emplace_back(Size(m.N));
    for (std::vector<T>& a : arrays) pointers.push_back(a.data());
  }
  Doubles All() const {
    Doubles all;
    for (const std::vector<T>& a : arrays) all.insert(all.end(), a.begin(), a.end());
    return all;
  }
};

struct RaggedInputs {
  std::vector<const int64_t*> targets, offsets;
  std::vector<const float*> weights;
  Longs rows, vocabularies;
  RaggedInputs(const Case& c, bool weighted) {
    for (const Model& m : c.models) {
      targets.push_back(m.targets.data());
      offsets.push_back(m.offsets.data());
      weights.push_back(weighted ? m.weights.data() : nullptr);
      rows.push_back(m.N);
      vocabularies.push_back(m.V);
    }
  }
};

template <typename T>
struct RaggedResults {
  Arrays<T> logps, lse, entropy;
  std::vector<T> sequence_logps, sequence_means, sequence_mixture;
  explicit RaggedResults(const Case& c)
      : logps(c),
        lse(c),
        entropy(c),
        sequence_logps(Size(c.W * c.S)),
        sequence_means(Size(c.W * c.S)),
        sequence_mixture(Size(c.S)) {}
};

template <typename In>
int RaggedForward(const Case& c, const Logits<In>& logits, bool weighted, RaggedResults<float>& r) {
  const RaggedInputs in(c, weighted);
  return Call(chorus_ragged_ensemble_logprob_forward,
              {r.logps.pointers.data(), r.lse.pointers.data(), r.entropy.pointers.data(), r.sequence_logps.data(),
               r.sequence_means.data(), r.sequence_mixture.data(), Voids<const void>(logits.pointers.data()),
               in.targets.data(), in.weights.data(), c.omega.data(), in.offsets.data(), c.W, in.rows.data(),
               in.vocabularies.data(), logits.strides.data(), c.S, Element<In>::kType});
}

template <typename In>
int RaggedBackward(const Case& c, const Logits<In>& logits, bool weighted, const RaggedResults<float>& r) {
  const RaggedInputs in(c, weighted);
  return Call(chorus_ragged_ensemble_logprob_backward,
              {Voids<void>(logits.pointers.data()), in.targets.data(), r.lse.pointers.data(), r.sequence_logps.data(),
               c.dsequence.data(), c.dsequence_mixture.data(), in.weights.data(), c.omega.data(), in.offsets.data(), c.W,
               in.rows.data(), in.vocabularies.data(), logits.strides.data(), c.S, Element<In>::kType});
}

/** Forward, and into gradient the backward if it is not null. */
inline RaggedResults<double> RaggedReference(const Case& c, const Doubles& logits, bool weighted, Doubles* gradient) {
  RaggedResults<double> r(c);
  const RaggedInputs in(c, weighted);
  std::vector<Doubles> kept;
  kept.reserve(c.models.size());
  std::vector<const double*> z, weights;
  std::vector<double*> d;
  size_t first = 0;
  for (const Model& m : c.models) {
    z.push_back(logits.data() + first);
    if (gradient) d.push_back(gradient->data() + first);
    first += m.logits.size();
    kept.push_back(ToDouble(m.weights));
    weights.push_back(weighted ? kept.back().data() : nullptr);
  }
  const Doubles omega = ToDouble(c.omega);
  chorus::RaggedEnsembleLogprobForwardRef(
      r.logps.pointers.data(), r.lse.pointers.data(), r.entropy.pointers.data(), r.sequence_logps.data(),
      r.sequence_means.data(), r.sequence_mixture.data(), z.data(), in.targets.data(), weights.data(), omega.data(),
      in.offsets.data(), c.W, in.rows.data(), in.vocabularies.data(), c.S);
  if (gradient) {
    chorus::RaggedEnsembleLogprobBackwardRef(d.data(), z.data(), in.targets.data(), ToDouble(c.dsequence).data(),
                                             ToDouble(c.dsequence_mixture).data(), weights.data(), omega.data(),
                                             in.offsets.data(), c.W, in.rows.data(), in.vocabularies.data(), c.S);
  }
  return r;
}

/* ---- tolerances ---- */

/** Rows are computed in f32 (common/softmax_rows.h): ln sum is good to 3e-7, and so is what is a difference to it. */
constexpr double kRowError = 3e-7;
constexpr double kMaxWeight = 3;

/** Beside it the reference itself loses |z| 2^-53 where it subtracts lse. */
inline Tolerance LogpTolerance(const Case& c) { return {kRowError + 4e-16 * c.high * static_cast<double>(c.V() + 12), 1e-7}; }
inline Tolerance EntropyTolerance(const Case& c) {
  return {LogpTolerance(c).absolute + 1e-6 * std::log(static_cast<double>(c.V() + 12)), 1e-7};
}
/** The mixture is made of logps that are rounded to f32 first. A model d below the mixture has a share of omega e^-d: that its
 * |logp| is larger than |mixture| costs less than 6e-8 d e^-d < 2.5e-8. */
inline Tolerance MixtureTolerance(const Case& c) { return {LogpTolerance(c).absolute + 2.5e-8, 2e-7}; }
/** Sums over up to `rows` tokens, all of one sign. */
inline Tolerance SumTolerance(const Case& c, int64_t rows) {
  return {static_cast<double>(rows) * kMaxWeight * MixtureTolerance(c).absolute, 2e-7};
}

/** lse is f32: every probability is off by the factor e^(|lse| 2^-24), and e^x by 2.4e-7 where it counts; the factor of a row
 * is up to 3 * (2 + 2 + 2 + 2) and its responsibility, of magnitude 1 / 4, off by the error of two log-probabilities x. */
template <typename In>
Tolerance GradientTolerance(const Case& c, double x) {
  const double factor = kMaxWeight * 8;
  const double lse = c.high + std::log(static_cast<double>(c.V() + 12));
  return {factor * (6e-8 * std::fmax(1.0, lse) + 2.4e-7) + kMaxWeight * 4 * 0.25 * 2 * (kRowError + 6e-8 * x),
          Element<In>::kRounding};
}
/** |logp| is at most this. */
inline double LogpBound(const Case& c) { return 2 * c.high + std::log(static_cast<double>(c.V() + 12)); }

}  // namespace chorus_testing

#endif
