#include "common/softmax_rows.h"

#include <cfloat>

#include "simd/math.h"
#include "simd/vec.h"

namespace chorus {
namespace CHORUS_ISA {

namespace {

/** Elements between two looks at the maximum and two collections of the sums: 8 KiB of f32, which stay in the first-level
 * cache between the two reads, and few enough terms a lane that f32 sums lose nothing that shows. */
constexpr int64_t kChunk = 2048;

/** -infinity in the element's type. */
template <typename In>
struct Masked;
template <>
struct Masked<float> {
  static constexpr float kValue = -__builtin_inff();
};
template <>
struct Masked<uint16_t> {
  static constexpr uint16_t kValue = 0xff80;
};

template <typename In>
CHORUS_INLINE F32 LoadTail(const In* z, int64_t count) {
  return LoadFirst(z, count, Masked<In>::kValue);
}

template <typename In>
CHORUS_INLINE float ChunkMax(const In* z, int64_t count) {
  F32 a = Splat<F32>(-FLT_MAX), b = a, c = a, d = a;
  int64_t v = 0;
  for (; v + 4 * kF32 <= count; v += 4 * kF32) {
    const Pair p = LoadPair(z + v), q = LoadPair(z + v + 2 * kF32);
    a = Max(p.a, a);
    b = Max(p.b, b);
    c = Max(q.a, c);
    d = Max(q.b, d);
  }
  for (; v + kF32 <= count; v += kF32) a = Max(Load(z + v), a);
  if (v < count) b = Max(LoadTail(z + v, count - v), b);
  return MaxLane(Max(Max(a, b), Max(c, d)));
}

/** sum and dot += those of one vector. */
CHORUS_INLINE void AddTerms(F32 z, F32 max, F32& sum, F32& dot) {
  // NaN passes through Max, and so into dot. What is masked, or too small, counts as e^-87: beside the 1 of the largest
  // term that is nothing, and a comparison less.
  const F32 x = Max(Splat<F32>(kExpFloor), z - max);
  const F32 e = ExpFromFloor(x);
  sum += e;
  dot += e * x;
}

/** A row without a logit above the lowest float: those that are the lowest count as 1 each, as a mask may be made of it. */
template <typename In>
SoftmaxSums LowestSums(const In* z, int64_t V, double dot) {
  double sum = 0;
  for (int64_t v = 0; sizeof(In) == sizeof(float) && v < V; ++v) sum += z[v] == -FLT_MAX ? 1 : 0;
  return {-FLT_MAX, sum, std::isnan(dot) ? dot : 0};
}

template <typename In>
SoftmaxSums Sums(const In* z, int64_t V) {
  // Not -infinity, from which nothing can be subtracted; a row that never rises above it has no terms.
  float max = -FLT_MAX;
  F64 sum = {}, dot = {};
  for (int64_t first = 0; first < V; first += kChunk) {
    const In* chunk = z + first;
    const int64_t count = V - first < kChunk ? V - first : kChunk;
    const float chunk_max = ChunkMax(chunk, count);
    if (chunk_max > max) {
      if (first > 0) {
        const double shift = static_cast<double>(max) - chunk_max;
        const double factor = __builtin_exp(shift);
        // A share that has become 0 would be multiplied by a shift that may be infinite; NaN stays.
        dot = factor > 0 ? factor * (dot + sum * shift) : dot * 0.0;
        sum *= factor;
      }
      max = chunk_max;
    }
    const F32 m = Splat<F32>(max);
    F32 s0 = {}, s1 = {}, s2 = {}, s3 = {}, d0 = {}, d1 = {}, d2 = {}, d3 = {};
    int64_t v = 0;
    for (; v + 4 * kF32 <= count; v += 4 * kF32) {
      // The next chunk travels while this one is computed.
      for (int line = 0; line < 4 * kF32 * static_cast<int>(sizeof(In)); line += 64) {
        __builtin_prefetch(reinterpret_cast<const char*>(chunk + kChunk + v) + line);
      }
      const Pair p = LoadPair(chunk + v), q = LoadPair(chunk + v + 2 * kF32);
      AddTerms(p.a, m, s0, d0);
      AddTerms(p.b, m, s1, d1);
      AddTerms(q.a, m, s2, d2);
      AddTerms(q.b, m, s3, d3);
    }
    for (; v + kF32 <= count; v += kF32) AddTerms(Load(chunk + v), m, s0, d0);
    if (v < count) AddTerms(LoadTail(chunk + v, count - v), m, s1, d1);
    const F32 s = (s0 + s1) + (s2 + s3);
    const F32 d = (d0 + d1) + (d2 + d3);
    sum += WidenLow(s) + WidenHigh(s);
    dot += WidenLow(d) + WidenHigh(d);
  }
  if (max == -FLT_MAX) return LowestSums(z, V, Sum(dot));
  return {max, Sum(sum), Sum(dot)};
}

CHORUS_INLINE F32 ScaledExpOf(F32 z, F32 shift, F32 factor, I32& bad) {
  bad |= (z < __builtin_inff()) == 0;
  return factor * Exp(z - shift);
}

template <typename In>
bool ScaledExp(In* d, const In* z, int64_t V, float shift, float factor) {
  const F32 s = Splat<F32>(shift);
  const F32 f = Splat<F32>(factor);
  I32 bad = {};
  int64_t v = 0;
  for (; v + 2 * kF32 <= V; v += 2 * kF32) {
    const Pair p = LoadPair(z + v);
    StorePair(d + v, {ScaledExpOf(p.a, s, f, bad), ScaledExpOf(p.b, s, f, bad)});
  }
  for (; v + kF32 <= V; v += kF32) Store(d + v, ScaledExpOf(Load(z + v), s, f, bad));
  if (v < V) StoreFirst(d + v, V - v, ScaledExpOf(LoadTail(z + v, V - v), s, f, bad));
  return !Any(bad);
}

}  // namespace

extern const SoftmaxRows kSoftmaxRows = {Sums<float>, Sums<uint16_t>, ScaledExp<float>, ScaledExp<uint16_t>};

}  // namespace CHORUS_ISA
}  // namespace chorus
