#include "ops/paged_attention/paged_attention.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "common/bf16.h"
#include "testing/test.h"

using namespace chorus_testing;

namespace {

constexpr int64_t kPage = CHORUS_PAGE_TOKENS;

/** Scores are sums of up to 512 products in f32 and a few units in size; e^s takes on their error, and values are below 1. The
 * rounding errors of a sum mostly cancel: 2e-7 is the largest that these cases show. */
constexpr double kF32Error = 1e-6;
/** The result's rounding to eight bits. */
constexpr double kBf16Rounding = 0.00391;

struct Shape {
  int64_t H, G, d;
  double scale;
  double soft_cap;
  int64_t window;
  bool alibi;
};

std::string Name(const Shape& s) {
  return "H " + std::to_string(s.H) + ", G " + std::to_string(s.G) + ", d " + std::to_string(s.d) + ", cap " +
         std::to_string(s.soft_cap) + ", window " + std::to_string(s.window) + (s.alibi ? ", alibi" : "");
}

float Rounded(float x) { return chorus::Widen(chorus::Narrow<uint16_t>(x)); }

std::vector<uint16_t> Half(const std::vector<float>& values) {
  std::vector<uint16_t> half;
  for (float x : values) half.push_back(chorus::Narrow<uint16_t>(x));
  return half;
}

/** Rows of a table whose pages lie in no order; every place that holds no token is NaN. */
struct Cache {
  int64_t pages, max_pages;
  std::vector<int32_t> table;
  std::vector<float> keys, values;
};

/** keys and values of rows of the given lengths, through chorus_paged_append. */
Cache MakeCache(Random& random, const Shape& s, const std::vector<int64_t>& lengths, bool half) {
  Cache c;
  c.max_pages = 0;
  int64_t used = 0;
  for (int64_t length : lengths) {
    c.max_pages = std::max(c.max_pages, (length + kPage - 1) / kPage);
    used += (length + kPage - 1) / kPage;
  }
  c.pages = used + 2;
  std::vector<int32_t> order;
  for (int32_t p = 0; p < c.pages; ++p) order.push_back(p);
  for (size_t i = order.size() - 1; i > 0; --i) std::swap(order[i], order[static_cast<size_t>(random.Below(static_cast<int64_t>(i) + 1))]);
  // What no query needs may be no page at all.
  c.table.assign(lengths.size() * static_cast<size_t>(c.max_pages), -7);
  std::vector<int64_t> slots;
  size_t next = 0;
  for (size_t r = 0; r < lengths.size(); ++r) {
    for (int64_t j = 0; j < lengths[r]; ++j) {
      if (j % kPage == 0) c.table[r * static_cast<size_t>(c.max_pages) + static_cast<size_t>(j / kPage)] = order[next++];
      slots.push_back(c.table[r * static_cast<size_t>(c.max_pages) + static_cast<size_t>(j / kPage)] * kPage + j % kPage);
    }
  }
  const int64_t N = static_cast<int64_t>(slots.size()), width = s.G * s.d;
  const size_t size = static_cast<size_t>(c.pages * kPage * width);
  // k and v are neighbours in one product's rows.
  std::vector<float> product = random.Floats(N * (2 * width + 3), -1, 1);
  c.keys.assign(size, NAN);
  c.values.assign(size, NAN);
  const int64_t stride = 2 * width + 3;
  if (half) {
    std::vector<uint16_t> k = Half(c.keys), v = Half(c.values), in = Half(product);
    EXPECT_OK(chorus_paged_append(k.data(), v.data(), in.data(), in.data() + width, slots.data(), N, s.G, s.d, c.pages,
                                  stride, stride, CHORUS_TYPE_BF16));
    for (size_t i = 0; i < size; ++i) {
      c.keys[i] = chorus::Widen(k[i]);
      c.values[i] = chorus::Widen(v[i]);
    }
    for (float& x : product) x = Rounded(x);
  } else {
    EXPECT_OK(chorus_paged_append(c.keys.data(), c.values.data(), product.data(), product.data() + width, slots.data(),
                                  N, s.G, s.d, c.pages, stride, stride, CHORUS_TYPE_F32));
  }
  // Every number in its place, and nothing else written.
  std::vector<float> keys(size, NAN), values(size, NAN);
  for (int64_t n = 0; n < N; ++n) {
    const int64_t page = slots[static_cast<size_t>(n)] / kPage, place = slots[static_cast<size_t>(n)] % kPage;
    for (int64_t g = 0; g < s.G; ++g) {
      for (int64_t i = 0; i < s.d; ++i) {
        const size_t in = static_cast<size_t>(n * stride + g * s.d + i);
        keys[static_cast<size_t>(((page * s.G + g) * s.d + i) * kPage + place)] = product[in];
        values[static_cast<size_t>(((page * s.G + g) * kPage + place) * s.d + i)] = product[in + static_cast<size_t>(width)];
      }
    }
  }
  bool same = true;
  for (size_t i = 0; i < size; ++i) {
    same = same && (keys[i] == c.keys[i] || (std::isnan(keys[i]) && std::isnan(c.keys[i])));
    same = same && (values[i] == c.values[i] || (std::isnan(values[i]) && std::isnan(c.values[i])));
  }
  EXPECT_TRUE(same);
  return c;
}

struct Queries {
  std::vector<int32_t> row, length;
};

std::vector<double> Reference(const Shape& s, const Cache& c, const Queries& queries, const std::vector<float>& q,
                              const float* slopes) {
  std::vector<double> out(q.size());
  const std::vector<double> qs = ToDouble(q), keys = ToDouble(c.keys), values = ToDouble(c.values);
  chorus::PagedAttentionRef({out.data(), qs.data(), keys.data(), values.data(), c.table.data(), queries.row.data(),
                             queries.length.data(), slopes, static_cast<int64_t>(queries.row.size()), s.H, s.G, s.d, c.pages,
                             static_cast<int64_t>(c.table.size()) / c.max_pages, c.max_pages, s.H * s.d, s.H * s.d, s.scale,
                             s.soft_cap, s.window});
  return out;
}

std::vector<float> RunF32(const Shape& s, const Cache& c, const Queries& queries, const std::vector<float>& q,
                          const float* slopes, int64_t gap) {
  const int64_t N = static_cast<int64_t>(queries.row.size());
  StridedMatrix in(q, N, s.H * s.d, gap, gap > 0 ? 1 : 0);
  StridedMatrix out(std::vector<float>(q.size(), 9), N, s.H * s.d, 2 * gap, gap > 0 ? 3 : 0);
  EXPECT_OK(Call(chorus_paged_attention,
                 {out.data(), in.data(), c.keys.data(), c.values.data(), c.table.data(), queries.row.data(),
                  queries.length.data(), slopes, N, s.H, s.G, s.d, c.pages,
                  static_cast<int64_t>(c.table.size()) / c.max_pages, c.max_pages, in.stride(), out.stride(), s.scale,
                  s.soft_cap, s.window, CHORUS_TYPE_F32}));
  EXPECT_TRUE(out.IntactGaps() && in.IntactGaps());
  return out.Dense();
}

std::vector<float> RunBf16(const Shape& s, const Cache& c, const Queries& queries, const std::vector<float>& q,
                           const float* slopes) {
  const int64_t N = static_cast<int64_t>(queries.row.size()), width = s.H * s.d, stride = width + 1;
  const std::vector<uint16_t> keys = Half(c.keys), values = Half(c.values);
  std::vector<uint16_t> in(static_cast<size_t>(N * stride), 0x7fc0), out(in.size(), 0x1234);
  for (int64_t n = 0; n < N; ++n) {
    for (int64_t i = 0; i < width; ++i) {
      in[static_cast<size_t>(n * stride + i)] = chorus::Narrow<uint16_t>(q[static_cast<size_t>(n * width + i)]);
    }
  }
  EXPECT_OK(Call(chorus_paged_attention,
                 {out.data(), in.data(), keys.data(), values.data(), c.table.data(), queries.row.data(),
                  queries.length.data(), slopes, N, s.H, s.G, s.d, c.pages,
                  static_cast<int64_t>(c.table.size()) / c.max_pages, c.max_pages, stride, stride, s.scale, s.soft_cap,
                  s.window, CHORUS_TYPE_BF16}));
  std::vector<float> dense;
  for (int64_t n = 0; n < N; ++n) {
    for (int64_t i = 0; i < width; ++i) dense.push_back(chorus::Widen(out[static_cast<size_t>(n * stride + i)]));
    EXPECT_TRUE(out[static_cast<size_t>(n * stride + width)] == 0x1234);
  }
  return dense;
}

std::vector<float> Slopes(int64_t H) {
  std::vector<float> slopes;
  for (int64_t h = 0; h < H; ++h) slopes.push_back(std::exp2(-8.0f * static_cast<float>(h + 1) / static_cast<float>(H)));
  return slopes;
}

/** The same queries in one call, and each in a call of its own, against the reference. */
void CheckCase(Random& random, const Shape& s, const std::vector<int64_t>& lengths, const Queries& queries) {
  SetCase(Name(s));
  const std::vector<float> slopes = Slopes(s.H);
  const float* alibi = s.alibi ? slopes.data() : nullptr;
  const int64_t N = static_cast<int64_t>(queries.row.size()), width = s.H * s.d;
  std::vector<float> q = random.Floats(N * width, -2, 2);
  for (bool half : {false, true}) {
    const Cache c = MakeCache(random, s, lengths, half);
    if (half) {
      for (float& x : q) x = Rounded(x);
    }
    const std::vector<double> expected = Reference(s, c, queries, q, alibi);
    const std::vector<float> out = half ? RunBf16(s, c, queries, q, alibi) : RunF32(s, c, queries, q, alibi, 0);
    EXPECT_ALL_NEAR(ToDouble(out), expected, (Tolerance{kF32Error, half ? kBf16Rounding : 1e-7}));
    if (!half) EXPECT_TRUE(RunF32(s, c, queries, q, alibi, 5) == out);
    std::vector<float> alone;
    for (size_t n = 0; n < queries.row.size(); ++n) {
      const auto begin = q.begin() + static_cast<std::ptrdiff_t>(n) * width;
      const Queries one = {{queries.row[n]}, {queries.length[n]}};
      const std::vector<float> of_one = half ? RunBf16(s, c, one, {begin, begin + width}, alibi)
                                             : RunF32(s, c, one, {begin, begin + width}, alibi, 0);
      alone.insert(alone.end(), of_one.begin(), of_one.end());
    }
    EXPECT_TRUE(alone == out);
  }
}

/** The last token of every row. */
Queries Decode(const std::vector<int64_t>& lengths) {
  Queries queries;
  for (size_t r = 0; r < lengths.size(); ++r) {
    queries.row.push_back(static_cast<int32_t>(r));
    queries.length.push_back(static_cast<int32_t>(lengths[r]));
  }
  return queries;
}

/** Every token of every row. */
Queries Prefill(const std::vector<int64_t>& lengths) {
  Queries queries;
  for (size_t r = 0; r < lengths.size(); ++r) {
    for (int64_t j = 1; j <= lengths[r]; ++j) {
      queries.row.push_back(static_cast<int32_t>(r));
      queries.length.push_back(static_cast<int32_t>(j));
    }
  }
  return queries;
}

}  // namespace

CHORUS_TEST(DecodeMatchesReference_OverWidthsAndPageBoundaries) {
  Random random(71);
  const std::vector<int64_t> lengths = {1, 2, 15, 16, 17, 32, 33, 100, 127, 128, 129, 143, 300};
  for (int64_t d : {1, 2, 3, 4, 5, 7, 8, 12, 15, 16, 17, 24, 31, 32, 48, 63, 64, 80, 100, 128}) {
    CheckCase(random, {2, 2, d, 1 / std::sqrt(static_cast<double>(d)), 0, 0, false}, lengths, Decode(lengths));
  }
  CheckCase(random, {1, 1, 511, 0.05, 0, 0, false}, {20, 200}, Decode({20, 200}));
  CheckCase(random, {1, 1, 512, 0.05, 0, 0, false}, {20, 200}, Decode({20, 200}));
}

CHORUS_TEST(HeadsThatShareKeys) {
  Random random(72);
  const std::vector<int64_t> lengths = {5, 16, 150};
  for (int64_t sharing : {1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 16, 19}) {
    for (int64_t G : {1, 3}) CheckCase(random, {sharing * G, G, 20, 0.2, 0, 0, sharing % 2 == 0}, lengths, Decode(lengths));
  }
}

CHORUS_TEST(PrefillEqualsDecode_WithWindowsCapsAndSlopes) {
  Random random(73);
  const std::vector<int64_t> lengths = {1, 37, 16, 150};
  for (int64_t window : {0, 1, 5, 16, 100, 128, 1000}) {
    for (double soft_cap : {0.0, 2.0}) {
      for (bool alibi : {false, true}) {
        CheckCase(random, {2, 2, 32, 0.3, soft_cap, window, alibi}, lengths, Prefill(lengths));
        CheckCase(random, {6, 2, 18, 0.3, soft_cap, window, alibi}, {40}, Prefill({40}));
      }
    }
  }
}

CHORUS_TEST(QueriesInAnyOrder) {
  Random random(74);
  Queries queries;
  const std::vector<int64_t> lengths = {50, 300, 129};
  for (int i = 0; i < 70; ++i) {
    const int64_t r = random.Below(5) > 0 && i > 0 ? queries.row.back() : random.Below(3);
    queries.row.push_back(static_cast<int32_t>(r));
    queries.length.push_back(static_cast<int32_t>(1 + random.Below(lengths[static_cast<size_t>(r)])));
  }
  CheckCase(random, {4, 2, 32, 0.2, 0, 0, false}, lengths, queries);
  CheckCase(random, {4, 2, 32, 0.2, 0, 60, true}, lengths, queries);
}

CHORUS_TEST(ManyQueriesOnSeveralThreads) {
  Random random(75);
  const std::vector<int64_t> lengths(9, 70);
  CheckCase(random, {4, 4, 32, 0.2, 0, 0, false}, lengths, Prefill(lengths));
}

CHORUS_TEST(RowsThatShareAPage_AreAsIfEachHadIt) {
  Random random(76);
  const Shape s = {2, 1, 16, 0.25, 0, 0, false};
  Cache c = MakeCache(random, s, {40, 48}, false);
  // The second row continues the first one's two full pages.
  c.table[3] = c.table[0];
  c.table[4] = c.table[1];
  const Queries queries = {{0, 1}, {32, 32}};
  std::vector<float> q = random.Floats(32, -2, 2);
  q.insert(q.end(), q.begin(), q.end());
  const std::vector<float> out = RunF32(s, c, queries, q, nullptr, 0);
  EXPECT_TRUE(std::vector<float>(out.begin(), out.begin() + 32) == std::vector<float>(out.begin() + 32, out.end()));
  const Queries longer = {{0, 1}, {40, 48}};
  EXPECT_ALL_NEAR(ToDouble(RunF32(s, c, longer, q, nullptr, 0)), Reference(s, c, longer, q, nullptr),
                  (Tolerance{kF32Error, 1e-7}));
}

CHORUS_TEST(OneKey_GivesItsValue_AndLargeScoresDoNotOverflow) {
  Random random(77);
  const Shape s = {1, 1, 16, 1, 0, 0, false};
  const Cache c = MakeCache(random, s, {200}, false);
  const std::vector<float> q = random.Floats(16, -2, 2);
  const std::vector<float> out = RunF32(s, c, {{0}, {1}}, q, nullptr, 0);
  for (size_t i = 0; i < 16; ++i) EXPECT_TRUE(out[i] == c.values[static_cast<size_t>(c.table[0]) * 256 + i]);
  Shape steep = s;
  steep.scale = 1e5;
  // Softmax of such scores is the largest one's value.
  EXPECT_ALL_NEAR(ToDouble(RunF32(steep, c, {{0}, {200}}, q, nullptr, 0)), Reference(steep, c, {{0}, {200}}, q, nullptr),
                  (Tolerance{kF32Error, 1e-7}));
}

CHORUS_TEST(RefusesBadValues_AndNamesTheQuery) {
  std::vector<float> cache(3 * 16 * 4, 0.5f), q(8, 1), out(8);
  const auto attend = [&](std::vector<int32_t> table, std::vector<int32_t> row, std::vector<int32_t> length, int64_t window) {
    return Call(chorus_paged_attention,
                {out.data(), q.data(), cache.data(), cache.data(), table.data(), row.data(), length.data(), nullptr, 2,
                 1, 1, 4, 3, 2, 2, 4, 4, 1, 0, window, CHORUS_TYPE_F32});
  };
  EXPECT_OK(attend({0, 1, 2, -1}, {0, 1}, {32, 16}, 0));
  EXPECT_STATUS(attend({0, 1, 2, -1}, {0, 2}, {32, 16}, 0), CHORUS_INVALID_VALUE,
                "query 1: row 2 is outside the table's [0, 2)");
  EXPECT_STATUS(attend({0, 1, 2, -1}, {-1, 1}, {32, 16}, 0), CHORUS_INVALID_VALUE, "query 0: row -1 is outside");
  EXPECT_STATUS(attend({0, 1, 2, -1}, {0, 1}, {0, 16}, 0), CHORUS_INVALID_VALUE, "query 0: length is 0, expected 1 to 32");
  EXPECT_STATUS(attend({0, 1, 2, -1}, {0, 1}, {33, 16}, 0), CHORUS_INVALID_VALUE, "query 0: length is 33");
  EXPECT_STATUS(attend({0, 1, 2, -1}, {0, 1}, {32, 17}, 0), CHORUS_INVALID_VALUE,
                "query 1: entry 1 of row 1 of the table is page -1, outside [0, 3)");
  EXPECT_STATUS(attend({0, 3, 2, 1}, {0, 0}, {16, 17}, 0), CHORUS_INVALID_VALUE, "query 1: entry 1 of row 0");
  // A longer query first, then one that looks further back.
  EXPECT_STATUS(attend({3, 1, 2, 1}, {0, 0}, {32, 18}, 4), CHORUS_INVALID_VALUE, "query 1: entry 0 of row 0");
  EXPECT_OK(attend({3, 1, 2, 1}, {0, 0}, {32, 20}, 4));

  const auto append = [&](std::vector<int64_t> slots) {
    return chorus_paged_append(cache.data(), cache.data(), q.data(), q.data(), slots.data(), 2, 1, 4, 3, 4, 4,
                               CHORUS_TYPE_F32);
  };
  EXPECT_STATUS(append({0, 48}), CHORUS_INVALID_VALUE, "token 1: slot 48 is outside the 3 pages' [0, 48)");
  EXPECT_STATUS(append({-1, 0}), CHORUS_INVALID_VALUE, "token 0: slot -1");
}

CHORUS_TEST(RefusesBadArguments) {
  float x[64] = {};
  const int32_t i[2] = {0, 1};
  const int64_t slot = 0;
  const auto attend = [&](const float* q, int64_t H, int64_t G, int64_t d, int64_t stride, double scale, double cap,
                          int64_t window) {
    return Call(chorus_paged_attention,
                {x, q, x, x, i, i, i + 1, nullptr, 1, H, G, d, 1, 1, 1, stride, stride, scale, cap, window,
                 CHORUS_TYPE_F32});
  };
  EXPECT_STATUS(attend(nullptr, 2, 1, 2, 4, 1, 0, 0), CHORUS_INVALID_ARGUMENT, "q is null");
  EXPECT_STATUS(attend(x, 3, 2, 2, 6, 1, 0, 0), CHORUS_INVALID_ARGUMENT, "H = 3, expected a multiple of G = 2");
  EXPECT_STATUS(attend(x, 0, 1, 2, 4, 1, 0, 0), CHORUS_INVALID_ARGUMENT, "H = 0");
  EXPECT_STATUS(attend(x, 1, 1, 513, 513, 1, 0, 0), CHORUS_INVALID_ARGUMENT, "d = 513");
  EXPECT_STATUS(attend(x, 2, 1, 2, 3, 1, 0, 0), CHORUS_INVALID_ARGUMENT, "stride = 3");
  EXPECT_STATUS(attend(x, 2, 1, 2, 4, NAN, 0, 0), CHORUS_INVALID_ARGUMENT, "scale = nan");
  EXPECT_STATUS(attend(x, 2, 1, 2, 4, 1, -1, 0), CHORUS_INVALID_ARGUMENT, "soft_cap = -1");
  EXPECT_STATUS(attend(x, 2, 1, 2, 4, 1, 0, -1), CHORUS_INVALID_ARGUMENT, "window = -1");
  EXPECT_STATUS(chorus_paged_append(x, x, x, nullptr, &slot, 1, 1, 4, 1, 4, 4,
                                    CHORUS_TYPE_F32), CHORUS_INVALID_ARGUMENT, "v is null");
  EXPECT_STATUS(chorus_paged_append(x, x, x, x, &slot, 1, 1, 4, 1, 4, 3,
                                    CHORUS_TYPE_F32), CHORUS_INVALID_ARGUMENT, "stride = 3");
  EXPECT_STATUS(chorus_paged_append(x, x, x, x, &slot, 1, 0, 4, 1, 4, 4,
                                    CHORUS_TYPE_F32), CHORUS_INVALID_ARGUMENT, "G = 0");
  EXPECT_OK(chorus_paged_append(nullptr, nullptr, nullptr, nullptr, nullptr, 0, 1, 4, 0, 4, 4, CHORUS_TYPE_F32));
  EXPECT_OK(Call(chorus_paged_attention,
                 {nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr, 0, 2, 1, 4, 0, 0, 0, 8, 8, 1,
                  0, 0, CHORUS_TYPE_F32}));
}
