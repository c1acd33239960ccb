// dirichlet_posterior on a device: some lanes of a warp an item.

#include "ops/dirichlet_posterior/dirichlet_posterior_cuda.h"

#include "chorus_cuda.h"
#include "cuda/abi.h"
#include "cuda/launch.h"
#include "ops/dirichlet_posterior/dirichlet_posterior_checks.h"

namespace chorus {
namespace cuda {

namespace {

constexpr int kWarps = kWarpTeamsBlock / kWarp;

/** As few lanes as the tile allows. At a distance that is an odd multiple of them no two lanes of a warp meet in a bank. */
constexpr ItemShare ItemShareFor(int64_t K) {
  for (int log_lanes = 0; 1 << log_lanes <= kWarp; ++log_lanes) {
    const int lanes = 1 << log_lanes;
    const int64_t pitch = ((K + lanes - 1) / lanes | 1) * lanes;
    if (kWarp / lanes * pitch <= kDirichletTile) return {log_lanes, static_cast<int>(pitch)};
  }
  return {5, 0};
}

/** Divides numbers of at most 33 * 32 by a K of at most that: rounding 2^21 / K up adds less than 1 / K to the quotient. */
struct Divider {
  unsigned inverse;
  constexpr explicit Divider(unsigned K) : inverse(((1u << 21) + K - 1) / K) {}
  CHORUS_DEVICE int operator()(int x) const { return static_cast<int>(static_cast<unsigned>(x) * inverse >> 21); }
};

/** alpha, p, belief and variance of some neighbouring elements. */
template <int kCount>
struct ClassResults {
  float alpha[kCount], p[kCount], belief[kCount], variance[kCount];

  CHORUS_DEVICE void Set(int i, const DirichletItem& item, float a) {
    alpha[i] = a;
    p[i] = Ratio(a, item.strength, item.inverse);
    belief[i] = (a - 1) * item.inverse;
    // The others of a class that is almost everything would cancel.
    const float others = p[i] > 0.5f ? item.others : item.strength - a;
    variance[i] = p[i] * others * item.variance_scale;
  }

  /** kAll: no result is null. */
  template <bool kAll>
  CHORUS_DEVICE void Write(const DirichletOutputs& out, int64_t place) const {
    if (kAll || out.alpha) WriteOne(out.alpha, place, alpha);
    if (kAll || out.p) WriteOne(out.p, place, p);
    if (kAll || out.belief) WriteOne(out.belief, place, belief);
    if (kAll || out.variance) WriteOne(out.variance, place, variance);
  }

 private:
  CHORUS_DEVICE static void WriteOne(float* out, int64_t place, const float (&values)[kCount]) {
    if constexpr (kCount == 4) {
      StoreOnce(reinterpret_cast<float4*>(out + place), float4{values[0], values[1], values[2], values[3]});
    } else {
      out[place] = values[0];
    }
  }
};

/** A warp's `count` elements of [N, K], which begin at element `begin`: neighbouring lanes write neighbouring ones, four
 * each where addresses allow. */
template <typename Answer>
struct WarpClasses {
  const DirichletArguments<Answer>& c;
  const float* tile;
  const DirichletItem* items;
  int64_t begin;
  int count;
  Divider divider;

  CHORUS_DEVICE void Write() const {
    const DirichletOutputs& out = c.out;
    if (out.alpha && out.p && out.belief && out.variance) {
      WriteAll<true>();
    } else if (out.alpha || out.p || out.belief || out.variance) {
      WriteAll<false>();
    }
  }

 private:
  template <bool kAll>
  CHORUS_DEVICE void WriteAll() const {
    const uintptr_t addresses = reinterpret_cast<uintptr_t>(c.out.alpha) | reinterpret_cast<uintptr_t>(c.out.p) |
                                reinterpret_cast<uintptr_t>(c.out.belief) | reinterpret_cast<uintptr_t>(c.out.variance);
    const int lane = static_cast<int>(threadIdx.x % kWarp);
    int single = lane;
    if (((addresses | static_cast<uintptr_t>(begin) * sizeof(float)) & 15) == 0) {
      CHORUS_NO_UNROLL
      for (int e = 4 * lane; e + 4 <= count; e += 4 * kWarp) WriteFrom<kAll, 4>(e);
      single += count & ~3;
    }
    CHORUS_NO_UNROLL
    for (; single < count; single += kWarp) WriteFrom<kAll, 1>(single);
  }

  template <bool kAll, int kCount>
  CHORUS_DEVICE void WriteFrom(int e) const {
    ClassResults<kCount> results;
    const int first = divider(e);
    const DirichletItem* item = items + first;
    int left = (first + 1) * c.K - e;
    const float* a = tile + first * c.share.pitch + (c.K - left);
    CHORUS_UNROLL
    for (int i = 0; i < kCount; ++i) {
      results.Set(i, *item, *a);
      ++a;
      if (--left == 0) {
        left = c.K;
        a += c.share.pitch - c.K;
        ++item;
      }
    }
    results.template Write<kAll>(c.out, begin + e);
  }
};

template <typename Answer>
__global__ void __launch_bounds__(kWarpTeamsBlock)
    DirichletTiles(const CHORUS_PARAMETER DirichletArguments<Answer> c, Divider divider, Faults faults) {
  CHORUS_SHARED(float, tiles, kWarps * kDirichletTile);
  CHORUS_SHARED(DirichletItem, all_items, kWarps * kWarp);
  const bool good = CheckCommon(c, faults);
  const int warp = static_cast<int>(threadIdx.x / kWarp), lane = static_cast<int>(threadIdx.x % kWarp);
  const int most = kWarp >> c.share.log_lanes;
  // Items are numbered in int: a launch has no more of them.
  const int64_t begin = (static_cast<int64_t>(blockIdx.x) * kWarps + warp) * most;
  if (begin >= c.N) return;
  const int first = static_cast<int>(begin);
  const int here = c.N - first < most ? static_cast<int>(c.N - first) : most;
  float* const tile = tiles + warp * kDirichletTile;
  DirichletItem* const items = all_items + warp * kWarp;
  const int item = lane >> c.share.log_lanes, rank = lane & ((1 << c.share.log_lanes) - 1);
  const bool live = item < here;
  DirichletRow<true, Answer> row(c, tile + item * c.share.pitch, live ? first + item : first, live, good, rank);
  if constexpr (std::is_same<Answer, int64_t>::value) {
    CHORUS_NO_UNROLL
    for (int i = lane; i < most * c.share.pitch; i += kWarp) tile[i] = 0;
    __syncwarp();
    row.CountVotes();
  } else {
    for (int e = lane; e < here * c.K; e += kWarp) {
      const int i = divider(e), k = e - i * c.K;
      const bool looked_at = !c.weights || c.weights[first + i] != 0;
      tile[i * c.share.pitch + k] = looked_at ? SumLabels(c, first + i, k) : 0.0f;
    }
    __syncwarp();
  }
  const DirichletItem measured = row.Measure();
  if (rank == 0) {
    if (good) row.Report(faults);
    items[item] = measured;
  }
  __syncwarp();
  WarpClasses<Answer>{c, tile, items, begin * c.K, here * c.K, divider}.Write();
}

template <typename Answer>
__global__ void __launch_bounds__(kWarpTeamsBlock, 6)
    DirichletRows(const CHORUS_PARAMETER DirichletArguments<Answer> c, Faults faults) {
  const bool good = CheckCommon(c, faults);
  const int64_t row_number = TeamRow<kWarp>();
  if (row_number >= c.N) return;
  const int n = static_cast<int>(row_number), rank = Rank<kWarp>();
  DirichletRow<false, Answer> row(c, nullptr, n, true, good, rank);
  const DirichletItem item = row.Measure();
  if (rank == 0 && good) row.Report(faults);
  for (int k = rank; k < c.K; k += kWarp) {
    ClassResults<1> results;
    results.Set(0, item, row.Alpha(k));
    results.template Write<false>(c.out, row_number * c.K + k);
  }
}

template <typename Answer>
chorus_status Launch(const char* op, int type, const DirichletArguments<Answer>& c, uint64_t* fault, void* stream) {
  if (c.N == 0) return CHORUS_OK;
  const Faults faults = FaultsOf(fault, Op::kDirichletPosterior);
  const Shape shape(type, {{"N", c.N}, {"W", c.W}, {"K", c.K}});
  if (c.share.pitch == 0) {
    return LaunchKernel(op, shape, RowLaunch(c.N, kWarpTeam), stream, DirichletRows<Answer>, c, faults);
  }
  const int64_t most = kWarp >> c.share.log_lanes;
  return LaunchKernel(op, shape, ItemLaunch((c.N + most - 1) / most * kWarp, kWarpTeamsBlock), stream,
                      DirichletTiles<Answer>, c, Divider(static_cast<unsigned>(c.K)), faults);
}

}  // namespace

}  // namespace cuda
}  // namespace chorus

using namespace chorus;
using namespace chorus::cuda;

extern "C" chorus_status chorus_cuda_dirichlet_posterior(const chorus_dirichlet_posterior_args* args, uint64_t* fault,
                                                         void* stream) {
  if (chorus_status bad = CheckArguments("dirichlet_posterior", args)) return bad;
  const chorus_dirichlet_posterior_args& a = *args;
  const bool votes = a.type == CHORUS_TYPE_I64;
  const char* op = votes ? "dirichlet_posterior_votes" : "dirichlet_posterior_labels";
  if (chorus_status bad = CheckDirichletPosterior(op, a)) return bad;
  if (chorus_status bad = CheckLaunch(op, a.N, "K", a.K)) return bad;
  if (chorus_status bad = CheckMost(op, "W", a.W)) return bad;
  const auto launch = [&](int type, auto* answers) {
    using Answer = std::remove_const_t<std::remove_pointer_t<decltype(answers)>>;
    return Launch<Answer>(op, type,
                          {OutputsOf(a), answers, a.lambda, a.labeler_weights, a.prior, a.weights, a.N,
                           static_cast<int>(a.W), static_cast<int>(a.K), ItemShareFor(a.K)},
                          fault, stream);
  };
  if (votes) return launch(CHORUS_TYPE_F32, static_cast<const int64_t*>(a.answers));
  return WithType(op, a.type, a.answers, [&](auto* labels) { return launch(a.type, labels); });
}
