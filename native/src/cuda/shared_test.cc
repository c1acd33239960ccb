// What all kernels share: launch sizes, element types, team sums, faults; and that the simulated device finds what it promises.
#include <cmath>
#include <set>
#include <string>
#include <vector>

#include "chorus_cuda.h"
#include "common/f16.h"
#include "cuda/fault.h"
#include "cuda/geometry.h"
#include "cuda/row.h"
#include "cuda/softmax.h"
#include "testing/test.h"

using namespace chorus::cuda;
using namespace chorus_testing;

/* ---- launch sizes -------------------------------------------------------------------------- */

CHORUS_TEST(Geometry_LongRowsGetLargerTeams) {
  EXPECT_TRUE(RowTeamFor(2, 4) == kWarpTeam);
  EXPECT_TRUE(RowTeamFor(2048, 4) == kWarpTeam);      // 16 loads a thread
  EXPECT_TRUE(RowTeamFor(4096, 2) == kWarpTeam);
  EXPECT_TRUE(RowTeamFor(2049, 4) == kSmallTeam);
  EXPECT_TRUE(RowTeamFor(32000, 2) == kSmallTeam);    // 15.6
  EXPECT_TRUE(RowTeamFor(128256, 2) == kLargeTeam);   // 15.7
  EXPECT_TRUE(RowTeamFor(131072, 4) == kLargeTeam);
  EXPECT_TRUE(RowTeamFor(262144, 4) == kLargeTeam);
  // Never fewer threads for a longer row.
  int before = 0;
  for (int64_t count = 1; count <= 1 << 20; count = count * 5 / 4 + 1) {
    const int team = RowTeamFor(count, 2);
    EXPECT_TRUE(team >= before);
    before = team;
  }
}

CHORUS_TEST(Geometry_OnePassNeedsNoMultiprocessorOfItsOwn) {
  EXPECT_TRUE(OnePassTeamFor(100, 4) == kWarpTeam);
  EXPECT_TRUE(OnePassTeamFor(32000, 2) == kSmallTeam);
  EXPECT_TRUE(OnePassTeamFor(262144, 4) == kSmallTeam);
}

CHORUS_TEST(Geometry_FewTokensOfSeveralModelsAreSplit) {
  EXPECT_TRUE(SplitsModels(100, 5));
  EXPECT_TRUE(!SplitsModels(4096, 5));
  EXPECT_TRUE(!SplitsModels(1, 1));
}

CHORUS_TEST(Geometry_EveryRowHasATeam_AndABlockIsWholeWarps) {
  for (const RowTeam team : {kWarpTeam, kSmallTeam, kLargeTeam}) {
    for (const int64_t rows : {int64_t{1}, int64_t{3}, int64_t{4}, int64_t{5}, int64_t{8192}, kMostBlocks}) {
      const Launch1d launch = RowLaunch(rows, team);
      EXPECT_TRUE(launch.threads % 32 == 0 && launch.threads <= 1024);
      const int64_t teams = int64_t{launch.blocks} * (launch.threads / team);
      EXPECT_TRUE(teams >= rows && teams - rows < launch.threads / team);
    }
  }
  EXPECT_TRUE(FitsRows(kMostBlocks) && !FitsRows(kMostBlocks + 1));
}

CHORUS_TEST(Geometry_ItemsFillBlocks) {
  EXPECT_TRUE(ItemLaunch(1, 256).blocks == 1);
  EXPECT_TRUE(ItemLaunch(256, 256).blocks == 1);
  EXPECT_TRUE(ItemLaunch(257, 256).blocks == 2);
  EXPECT_TRUE(ItemLaunch(0, 256).blocks == 0);
}

/* ---- f16 ------------------------------------------------------------------------------------ */

/** The number that the bits mean, by the definition. */
static double F16Value(unsigned bits) {
  const double sign = bits & 0x8000 ? -1 : 1;
  const int exponent = static_cast<int>(bits >> 10 & 31);
  const double fraction = static_cast<double>(bits & 1023);
  if (exponent == 31) return fraction == 0 ? sign * INFINITY : NAN;
  return exponent == 0 ? sign * std::ldexp(fraction, -24) : sign * std::ldexp(1024 + fraction, exponent - 25);
}

CHORUS_TEST(F16_AllNumbersWidenAndComeBack) {
  for (unsigned bits = 0; bits < 65536; ++bits) {
    const double value = F16Value(bits);
    const float wide = chorus::F16ToFloat(static_cast<uint16_t>(bits));
    if (std::isnan(value)) {
      EXPECT_TRUE(std::isnan(wide));
      EXPECT_TRUE(std::isnan(F16Value(chorus::FloatToF16(wide))));
      continue;
    }
    EXPECT_TRUE(wide == static_cast<float>(value) && std::signbit(wide) == std::signbit(value));
    EXPECT_TRUE(chorus::FloatToF16(wide) == bits);
  }
}

CHORUS_TEST(F16_RoundsToTheNearest_TiesToEven) {
  for (unsigned bits = 0; bits < 0x7bff; ++bits) {
    const double low = F16Value(bits), high = F16Value(bits + 1);
    const float middle = static_cast<float>((low + high) / 2);  // exact: one bit more
    EXPECT_TRUE(chorus::FloatToF16(middle) == bits + (bits & 1));
    EXPECT_TRUE(chorus::FloatToF16(std::nextafter(middle, 0.0f)) == bits);
    EXPECT_TRUE(chorus::FloatToF16(std::nextafter(middle, INFINITY)) == bits + 1);
    EXPECT_TRUE(chorus::FloatToF16(-middle) == (0x8000 | (bits + (bits & 1))));
  }
  EXPECT_TRUE(chorus::FloatToF16(65519.0f) == 0x7bff);
  EXPECT_TRUE(chorus::FloatToF16(65520.0f) == 0x7c00);
  EXPECT_TRUE(chorus::FloatToF16(1e30f) == 0x7c00);
  EXPECT_TRUE(chorus::FloatToF16(-INFINITY) == 0xfc00);
}

/* ---- teams and rows ------------------------------------------------------------------------- */

template <int kTeam>
static void SumOfRanks(std::vector<double>* sums) {
  const double sum = SumTeam<kTeam>(1.0 / (1 + Rank<kTeam>()));
  (*sums)[threadIdx.x] = sum;
}

template <int kTeam>
static void ExpectTeamSums() {
  double expected = 0;
  for (int i = 0; i < kTeam; ++i) expected += 1.0 / (1 + i);
  std::vector<double> first;
  for (int launch = 0; launch < 5; ++launch) {
    std::vector<double> sums(1024);
    const unsigned threads = kTeam == 32 ? 128 : kTeam;
    simt::Run(1, threads, [&] { SumOfRanks<kTeam>(&sums); });
    for (unsigned t = 0; t < threads; ++t) {
      EXPECT_NEAR(sums[t], expected, (Tolerance{0, 1e-15}));
      EXPECT_TRUE(sums[t] == sums[0]);
    }
    // The order in which warps take turns differs, the bits do not.
    if (launch == 0) first = sums;
    EXPECT_TRUE(sums == first);
  }
}

CHORUS_TEST(Teams_SumTheSameForAllThreadsAndLaunches) {
  ExpectTeamSums<kWarpTeam>();
  ExpectTeamSums<kSmallTeam>();
  ExpectTeamSums<kLargeTeam>();
}

CHORUS_TEST(Rows_EveryElementIsVisitedOnce_AtEveryAlignment) {
  for (const int count : {0, 1, 3, 7, 8, 9, 31, 64, 257, 1024, 5000, 40000}) {
    for (int offset = 0; offset < 8; ++offset) {
      std::vector<Bf16> storage(static_cast<size_t>(count) + 16);
      const size_t aligned = (16 - reinterpret_cast<uintptr_t>(storage.data()) % 16) % 16 / sizeof(Bf16);
      const Bf16* row = storage.data() + aligned + static_cast<size_t>(offset);
      std::vector<int> visits(static_cast<size_t>(count));
      simt::Run(1, kSmallTeam, [&] {
        ForRow<kSmallTeam, Read::kAgain>(
            row, count,
            [&](int first, const Pack<Bf16>&) {
              for (int j = 0; j < Pack<Bf16>::kCount; ++j) ++visits[static_cast<size_t>(first + j)];
            },
            [&](int v) { ++visits[static_cast<size_t>(v)]; });
      });
      SetCase("count " + std::to_string(count) + ", offset " + std::to_string(offset));
      for (int v : visits) EXPECT_TRUE(v == 1);
    }
  }
  SetCase("");
}

/* ---- faults --------------------------------------------------------------------------------- */

CHORUS_TEST(Faults_TheFirstRowIsKept_WhateverTheOrder) {
  FaultWord word = kNoFault;
  const Faults faults = {&word, Op::kPreference};
  faults.Report(7, Reason::kPairValue);
  faults.Report(3, Reason::kPairFlip);
  faults.Report(5, Reason::kPairValue);
  EXPECT_STATUS(chorus_cuda_fault_of(word), CHORUS_INVALID_VALUE, "preference: pair 3: its flip");
  EXPECT_OK(chorus_cuda_fault_of(kNoFault));
  Faults({nullptr, Op::kPreference}).Report(1, Reason::kPairValue);  // not told
}

CHORUS_TEST(Faults_EveryReasonHasWordsOfItsOwn) {
  std::set<std::string> texts;
  for (int reason = 0; reason < static_cast<int>(Reason::kCount); ++reason) {
    const auto word = FaultWord{4} << 16 | static_cast<FaultWord>(Op::kLinearLogprob) << 8 | static_cast<FaultWord>(reason);
    EXPECT_TRUE(chorus_cuda_fault_of(word) == CHORUS_INVALID_VALUE);
    const std::string text = chorus_cuda_last_error();
    EXPECT_TRUE(text.find("linear_logprob: ") == 0 && text.find(" 4") != std::string::npos);
    EXPECT_TRUE(text.find("a bad value") == std::string::npos);
    EXPECT_TRUE(texts.insert(text).second);
  }
}

/* ---- the simulated device itself ------------------------------------------------------------ */

CHORUS_TEST(Simulation_AMissingBarrierShows) {
  // Each thread reads what its neighbour in another warp writes. Without a barrier some order of the warps reads too early.
  const auto reads_well = [](bool with_barrier) {
    for (int launch = 0; launch < 8; ++launch) {
      std::vector<int> seen(64, 0);
      simt::Run(1, 64, [&] {
        CHORUS_SHARED(int, cells, 64);
        cells[threadIdx.x] = static_cast<int>(threadIdx.x);
        if (with_barrier) __syncthreads();
        seen[threadIdx.x] = cells[(threadIdx.x + 32) % 64];
      });
      for (unsigned t = 0; t < 64; ++t) {
        if (seen[t] != static_cast<int>((t + 32) % 64)) return false;
      }
    }
    return true;
  };
  EXPECT_TRUE(reads_well(true));
  EXPECT_TRUE(!reads_well(false));
}

CHORUS_TEST(Simulation_SharedMemoryIsNotZero) {
  float value = 0;
  simt::Run(1, 32, [&] {
    CHORUS_SHARED(float, cells, 4);
    if (threadIdx.x == 0) value = cells[3];
  });
  EXPECT_TRUE(std::isnan(value));
}
