#include "ops/thin_linear/thin_linear.h"
#include "simd/vec.h"

namespace chorus {
namespace CHORUS_ISA {

namespace {

constexpr int kOutputs = 4;
/** Rows of a tile: as many as leave its sums, the weights and a row in registers. */
constexpr int kRows = kF32 == 16 ? 6 : 2;

typedef float Quad __attribute__((vector_size(16)));

/** By halves down to four lanes: the same order wherever the sum is taken. */
CHORUS_INLINE Quad Fold(F32 v) {
  constexpr int kQuads = kF32 / 4;
  Quad quads[kQuads];
  std::memcpy(quads, &v, sizeof v);
#pragma GCC unroll 4
  for (int half = kQuads / 2; half > 0; half /= 2) {
#pragma GCC unroll 4
    for (int i = 0; i < half; ++i) quads[i] += quads[i + half];
  }
  return quads[0];
}

CHORUS_INLINE float Total(F32 v) {
  const Quad q = Fold(v);
  return (q[0] + q[2]) + (q[1] + q[3]);
}

/** Totals of four vectors, each as Total takes it. */
CHORUS_INLINE Quad Totals(F32 a, F32 b, F32 c, F32 d) {
  typedef int32_t Places __attribute__((vector_size(16)));
  const Quad qa = Fold(a), qb = Fold(b), qc = Fold(c), qd = Fold(d);
  // (a0 b0 a1 b1) + (a2 b2 a3 b3): the sums of lanes 0 and 2, and of 1 and 3.
  const Quad ab = __builtin_shuffle(qa, qb, Places{0, 4, 1, 5}) + __builtin_shuffle(qa, qb, Places{2, 6, 3, 7});
  const Quad cd = __builtin_shuffle(qc, qd, Places{0, 4, 1, 5}) + __builtin_shuffle(qc, qd, Places{2, 6, 3, 7});
  return __builtin_shuffle(ab, cd, Places{0, 1, 4, 5}) + __builtin_shuffle(ab, cd, Places{2, 3, 6, 7});
}

CHORUS_INLINE float One(const float* p) { return *p; }
CHORUS_INLINE float One(const uint16_t* p) { return BitCast<float>(static_cast<uint32_t>(*p) << 16); }

CHORUS_INLINE void Put(float* p, float v) { *p = v; }
CHORUS_INLINE void Put(uint16_t* p, float v) {
  const uint32_t bits = BitCast<uint32_t>(v);
  const uint32_t rounded = v == v ? bits + 0x7fff + ((bits >> 16) & 1) : bits | 0x400000;
  *p = static_cast<uint16_t>(rounded >> 16);
}

template <typename T>
CHORUS_INLINE float Bias(const ThinLinear<T>& a, int64_t o) {
  return a.bias == nullptr ? 0.0f : One(a.bias + o);
}

/** Adds the products of one vector of each row and output, which `load` brings; not two at a time, as registers end there. */
template <int R, int Q, typename T, typename Load>
CHORUS_INLINE void Products(F32 (&sums)[R][Q], const ThinLinear<T>& a, const T* x, const T* w, Load load) {
  F32 weights[Q];
#pragma GCC unroll 4
  for (int q = 0; q < Q; ++q) weights[q] = load(w + q * a.I);
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r) {
    const F32 row = load(x + r * a.x_stride);
#pragma GCC unroll 4
    for (int q = 0; q < Q; ++q) sums[r][q] += row * weights[q];
  }
}

/** R rows by Q outputs. A sum's terms and their order do not depend on R and Q. */
template <int R, int Q, typename T>
CHORUS_INLINE void Tile(const ThinLinear<T>& a, int64_t n, int64_t o) {
  F32 sums[R][Q];
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r) {
#pragma GCC unroll 4
    for (int q = 0; q < Q; ++q) sums[r][q] = F32{};
  }
  const T* x = a.x + n * a.x_stride;
  const T* w = a.weight + o * a.I;
  int64_t i = 0;
  for (; i + 2 * kF32 <= a.I; i += 2 * kF32) {
    Products<R, Q>(sums, a, x + i, w + i, [](const T* p) { return LoadPair(p).a; });
    Products<R, Q>(sums, a, x + i, w + i, [](const T* p) { return LoadPair(p).b; });
  }
  for (; i < a.I; i += kF32) {
    const int64_t count = a.I - i < kF32 ? a.I - i : kF32;
    Products<R, Q>(sums, a, x + i, w + i, [count](const T* p) { return LoadFirst(p, count, T{0}); });
  }
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r) {
    T* y = a.y + (n + r) * a.y_stride + o;
    if constexpr (Q == kOutputs) {
      const Quad totals = Totals(sums[r][0], sums[r][1], sums[r][2], sums[r][3]);
#pragma GCC unroll 4
      for (int q = 0; q < Q; ++q) Put(y + q, totals[q] + Bias(a, o + q));
    } else {
      for (int q = 0; q < Q; ++q) Put(y + q, Total(sums[r][q]) + Bias(a, o + q));
    }
  }
}

template <int Q, typename T>
CHORUS_INLINE void Rows(const ThinLinear<T>& a, int64_t o) {
  int64_t n = 0;
  for (; n + kRows <= a.N; n += kRows) Tile<kRows, Q>(a, n, o);
  for (; n + 2 <= a.N; n += 2) Tile<2, Q>(a, n, o);
  for (; n < a.N; ++n) Tile<1, Q>(a, n, o);
}

template <typename T>
void Outputs(const ThinLinear<T>& a, int64_t from, int64_t to) {
  int64_t o = from;
  for (; o + kOutputs <= to; o += kOutputs) Rows<kOutputs>(a, o);
  for (; o < to; ++o) Rows<1>(a, o);
}

}  // namespace

extern const ThinLinearLoops kThinLinearLoops = {Outputs<float>, Outputs<uint16_t>};

}  // namespace CHORUS_ISA
}  // namespace chorus
