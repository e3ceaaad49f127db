#define HWY_WANT_AVX3_DL 1

#include <cmath>
#include <limits>

#include "backend/cpu/integer_conv.h"
#include "backend/cpu/integer_depthwise.h"
#include "backend/kernel_test.h"
#include "runtime/integer/reference.h"
#include "runtime/integer/weight_bound.h"
#include "tensor/affine_quantize.h"

namespace intact::integer {
namespace {

using cpu::CodeScale;
using cpu::CodeType;
using cpu::Floats;
using Codes = std::vector<uint8_t>;

constexpr float kInfinity = std::numeric_limits<float>::infinity();

/// Codes lo..hi with the ends in every other place: what would saturate.
Codes random_codes(int64_t n, uint32_t seed, int lo, int hi) {
  std::mt19937 engine(seed);
  std::uniform_int_distribution<int> uniform(lo, hi);
  Codes codes(static_cast<size_t>(n));
  std::generate(codes.begin(), codes.end(), [&] {
    const int kind = uniform(engine) & 3;
    return static_cast<uint8_t>(kind == 0 ? hi : kind == 1 ? lo : uniform(engine));
  });
  return codes;
}

std::vector<int8_t> random_weights(int64_t n, uint32_t seed, int lo = -127) {
  const Codes codes = random_codes(n, seed, lo, 127);
  return {codes.begin(), codes.end()};
}

Floats as_floats(const Codes& codes) {
  return {codes.begin(), codes.end()};
}

struct RangeCase {
  const char* name;
  CodeScale scale;
};

const RangeCase kRanges[] = {
    {"half", {.type = CodeType::Unsigned8, .lo = 0, .hi = 127}},
    {"portable", {.type = CodeType::Unsigned8, .zero_point = 128, .lo = 0, .hi = 255}},
    {"positive", {.type = CodeType::Unsigned8, .zero_point = 0, .lo = 0, .hi = 255}},
    {"signed", {.type = CodeType::Signed8, .zero_point = 0, .lo = -128, .hi = 127}},
    {"shifted", {.type = CodeType::Signed8, .zero_point = -7, .lo = -128, .hi = 127}},
};

struct ConvCase {
  const char* name;
  cpu::ConvShape shape;
  int least_weight = -127;
};

const ConvCase kConvs[] = {
    {"pointwise", {.n = 2, .h = 7, .w = 5, .ci = 24, .co = 70}},
    {"odd_channels", {.n = 3, .h = 5, .w = 5, .ci = 13, .co = 17}},
    {"one_pixel", {.n = 1, .h = 1, .w = 1, .ci = 130, .co = 200}},
    {"first",
     {.n = 4,
      .h = 14,
      .w = 14,
      .ci = 1,
      .co = 32,
      .kh = 3,
      .kw = 3,
      .stride_h = 2,
      .stride_w = 2,
      .pad_top = 1,
      .pad_bottom = 1,
      .pad_left = 1,
      .pad_right = 1}},
    {"many_pixels",
     {.n = 3,
      .h = 12,
      .w = 11,
      .ci = 16,
      .co = 24,
      .kh = 3,
      .kw = 3,
      .pad_top = 1,
      .pad_bottom = 1,
      .pad_left = 1,
      .pad_right = 1}},
    {"dilated",
     {.n = 1,
      .h = 9,
      .w = 9,
      .ci = 6,
      .co = 8,
      .kh = 3,
      .kw = 2,
      .pad_top = 2,
      .pad_bottom = 1,
      .pad_left = 0,
      .pad_right = 3,
      .dilation_h = 2,
      .dilation_w = 2}},
    {"lowest_weight", {.n = 2, .h = 3, .w = 3, .ci = 20, .co = 9}, -128},
    {"depthwise",
     {.n = 2,
      .h = 9,
      .w = 8,
      .ci = 37,
      .co = 37,
      .kh = 3,
      .kw = 3,
      .stride_h = 2,
      .stride_w = 2,
      .pad_top = 1,
      .pad_bottom = 1,
      .pad_left = 1,
      .pad_right = 1,
      .groups = 37},
     -128},
    {"depthwise_5x5",
     {.n = 1,
      .h = 6,
      .w = 6,
      .ci = 64,
      .co = 64,
      .kh = 5,
      .kw = 5,
      .pad_top = 2,
      .pad_bottom = 2,
      .pad_left = 2,
      .pad_right = 2,
      .groups = 64}},
};

class IntegerConvTest : public testing::TestWithParam<std::tuple<ConvCase, RangeCase, bool>> {
 protected:
  void SetUp() override {
    const auto& [conv, range, to_codes] = GetParam();
    s = with_output_size(conv.shape);
    scale = range.scale;
    x = random_codes(s.n * s.h * s.w * s.ci + 3, 1, scale.lo, scale.hi);
    const int64_t channels = s.ci / s.groups;
    w = random_weights(s.co * channels * s.kh * s.kw, 2, conv.least_weight);
    for (int64_t o = 0; o < s.co; ++o) {
      bias.push_back(static_cast<int32_t>(o * 977 - 4000));
    }
    multiplier = cpu::random_floats(s.co, 3, 1e-4f, 2e-3f);
    requantize = {.multiplier = multiplier.data(),
                  .zero_point = 3,
                  .lo = 3,
                  .hi = 250,
                  .low = 0.0f,
                  .high = kInfinity};
    results = s.n * s.oh * s.ow * s.co;
  }

  Floats reference() {
    Codes codes(static_cast<size_t>(results));
    Floats reals(static_cast<size_t>(results));
    const bool to_codes = std::get<2>(GetParam());
    reference_conv({.shape = s,
                    .type = scale.type,
                    .x_zero_point = scale.zero_point,
                    .x = x.data(),
                    .w = w.data(),
                    .bias = bias.data(),
                    .requantize = requantize,
                    .codes = to_codes ? codes.data() : nullptr,
                    .reals = to_codes ? nullptr : reals.data()});
    return to_codes ? as_floats(codes) : reals;
  }

  void run_dense(uint8_t* codes, float* reals) {
    const int64_t k = s.ci * s.kh * s.kw;
    std::vector<int8_t> rows(static_cast<size_t>(s.co * k));
    std::vector<int32_t> starts = bias;
    for (int64_t o = 0; o < s.co; ++o) {
      for (int64_t i = 0; i < s.ci; ++i) {
        for (int64_t tap = 0; tap < s.kh * s.kw; ++tap) {
          const int8_t code = w[(o * s.ci + i) * s.kh * s.kw + tap];
          rows[o * k + tap * s.ci + i] = code;
          starts[o] -= scale.zero_point * code;
        }
      }
    }
    Codes packed(static_cast<size_t>(cpu::packed_weights_bytes(s.co, k)));
    auto* weights = reinterpret_cast<int8_t*>(packed.data());
    cpu::pack_weights(s.co, k, rows.data(), starts.data(), weights);
    const cpu::IntegerConv conv{.shape = s,
                                .type = scale.type,
                                .method = bound_pairs(s.co, k, rows.data(), scale).method,
                                .x_zero_point = scale.zero_point,
                                .x = x.data(),
                                .weights = weights,
                                .requantize = requantize,
                                .codes = codes,
                                .reals = reals};
    Codes workspace(static_cast<size_t>(cpu::integer_conv_workspace_bytes(conv)));
    cpu::integer_conv(conv, workspace.data());
  }

  void run_depthwise(uint8_t* codes, float* reals) {
    Floats taps(w.size());
    for (int64_t c = 0; c < s.co; ++c) {
      for (int64_t tap = 0; tap < s.kh * s.kw; ++tap) {
        taps[tap * s.co + c] = w[c * s.kh * s.kw + tap];
      }
    }
    const cpu::Gather gather = cpu::forward_gather(s);
    cpu::integer_depthwise({.shape = s,
                            .gather = &gather,
                            .type = scale.type,
                            .x_zero_point = scale.zero_point,
                            .x = x.data(),
                            .w = taps.data(),
                            .bias = bias.data(),
                            .requantize = requantize,
                            .codes = codes,
                            .reals = reals});
  }

  cpu::ConvShape s;
  CodeScale scale;
  Codes x;
  std::vector<int8_t> w;
  std::vector<int32_t> bias;
  Floats multiplier;
  cpu::Requantize requantize;
  int64_t results = 0;
};

TEST_P(IntegerConvTest, EqualsTheReferenceOnEveryInstructionSet) {
  const bool to_codes = std::get<2>(GetParam());
  const Floats got = cpu::run_everywhere([&] {
    Codes codes(static_cast<size_t>(results), 77);
    Floats reals = cpu::garbage(results);
    uint8_t* code_output = to_codes ? codes.data() : nullptr;
    float* real_output = to_codes ? nullptr : reals.data();
    if (s.groups > 1) {
      run_depthwise(code_output, real_output);
    } else {
      run_dense(code_output, real_output);
    }
    return to_codes ? as_floats(codes) : reals;
  });
  EXPECT_EQ(got, reference());
}

INSTANTIATE_TEST_SUITE_P(
    Cases,
    IntegerConvTest,
    testing::Combine(testing::ValuesIn(kConvs), testing::ValuesIn(kRanges), testing::Bool()),
    [](const auto& info) {
      return std::string(std::get<0>(info.param).name) + "_" + std::get<1>(info.param).name +
             (std::get<2>(info.param) ? "_codes" : "_reals");
    });

/// All pairs of stored codes: a[256 * i + j] = i, b[256 * i + j] = j.
struct AllPairs {
  Codes a, b;
  AllPairs() : a(65536), b(65536) {
    for (size_t i = 0; i < 65536; ++i) {
      a[i] = static_cast<uint8_t>(i >> 8);
      b[i] = static_cast<uint8_t>(i);
    }
  }
};

struct AddCase {
  float step_a, step_b, step_y;
  int32_t zero_a, zero_b, zero_y;
  CodeType a_type, b_type;
};

TEST(IntegerKernelsTest, AddIsExactForAllPairsOfCodes) {
  const AllPairs pairs;
  const AddCase cases[] = {
      {0.02f, 0.03f, 0.04f, 0, 0, 0, CodeType::Unsigned8, CodeType::Unsigned8},
      {0.0173f, 0.0921f, 0.0512f, 128, 0, 128, CodeType::Unsigned8, CodeType::Unsigned8},
      {0.5f, 0.25f, 1.0f, 0, 0, 0, CodeType::Signed8, CodeType::Signed8},  // many ties
      {0.011f, 0.37f, 0.2f, -3, 9, 1, CodeType::Signed8, CodeType::Unsigned8},
      {1e-6f, 3.0f, 0.02f, 0, 0, 0, CodeType::Unsigned8, CodeType::Signed8},
  };
  for (const AddCase& c : cases) {
    const float ratio_a = c.step_a / c.step_y;
    const float ratio_b = c.step_b / c.step_y;
    const float zero_a = ratio_a * static_cast<float>(c.zero_a);
    const float zero_b = ratio_b * static_cast<float>(c.zero_b);
    const cpu::CodeAdd add{.a_type = c.a_type,
                           .b_type = c.b_type,
                           .ratio_a = ratio_a,
                           .ratio_b = ratio_b,
                           .offset = static_cast<float>(c.zero_y) - (zero_a + zero_b),
                           .lo = c.zero_y,
                           .hi = 255};
    Codes expected(65536);
    reference_add(65536, pairs.a.data(), pairs.b.data(), add, expected.data());
    const Floats got = cpu::run_everywhere([&] {
      Codes y(65536);
      cpu::add_codes(65536, pairs.a.data(), pairs.b.data(), add, y.data());
      return as_floats(y);
    });
    EXPECT_EQ(got, as_floats(expected)) << c.step_a;
    // In double: off by at most one code, at near-ties only.
    for (size_t i = 0; i < 65536; ++i) {
      const double real =
          (code_value(c.a_type, pairs.a[i]) - c.zero_a) * static_cast<double>(c.step_a) +
          (code_value(c.b_type, pairs.b[i]) - c.zero_b) * static_cast<double>(c.step_b);
      const double code = real / static_cast<double>(c.step_y) + c.zero_y;
      ASSERT_NEAR(expected[i],
                  std::clamp(code, static_cast<double>(add.lo), 255.0),
                  0.5 + 1e-4 * (1.0 + std::fabs(code)))
          << i;
    }
  }
}

TEST(IntegerKernelsTest, PoolsAreExactForAllPairsOfCodes) {
  // 65,536 channels of a 1x2 image.
  const AllPairs pairs;
  Codes x = pairs.a;
  x.insert(x.end(), pairs.b.begin(), pairs.b.end());
  const cpu::PoolShape s{.n = 1, .h = 1, .w = 2, .c = 65536, .oh = 1, .ow = 1, .adaptive = true};
  for (const RangeCase& range : kRanges) {
    SCOPED_TRACE(range.name);
    const cpu::AverageCodes average{.type = range.scale.type,
                                    .x_zero_point = range.scale.zero_point,
                                    .x_step = 0.013f,
                                    .y_step = 0.011f,
                                    .zero_point = 5,
                                    .lo = 1,
                                    .hi = 254};
    Codes mean(65536);
    Codes max(65536);
    reference_average_pool(s, average, x.data(), mean.data());
    reference_max_pool(s, range.scale.type, x.data(), max.data());
    EXPECT_EQ(cpu::run_everywhere([&] {
                Codes y(65536);
                cpu::average_pool_codes(s, average, x.data(), y.data());
                return as_floats(y);
              }),
              as_floats(mean));
    EXPECT_EQ(cpu::run_everywhere([&] {
                Codes y(65536);
                cpu::max_pool_codes(s, range.scale.type, x.data(), y.data());
                return as_floats(y);
              }),
              as_floats(max));
  }
}

TEST(IntegerKernelsTest, WindowedPoolsEqualTheReference) {
  const cpu::PoolShape s{.n = 2,
                         .h = 9,
                         .w = 7,
                         .c = 21,
                         .kh = 3,
                         .kw = 2,
                         .stride_h = 2,
                         .stride_w = 2,
                         .pad_top = 1,
                         .pad_left = 1,
                         .oh = 5,
                         .ow = 4};
  for (const bool exclusive : {true, false}) {
    cpu::PoolShape shape = s;
    shape.exclusive = exclusive;
    const Codes x = random_codes(s.n * s.h * s.w * s.c, 5, 0, 255);
    const cpu::AverageCodes average{
        .x_zero_point = 128, .x_step = 0.3f, .y_step = 0.2f, .zero_point = 128};
    Codes expected(static_cast<size_t>(s.n * s.oh * s.ow * s.c));
    Codes got(expected.size());
    reference_average_pool(shape, average, x.data(), expected.data());
    cpu::average_pool_codes(shape, average, x.data(), got.data());
    EXPECT_EQ(got, expected);
    reference_max_pool(shape, CodeType::Unsigned8, x.data(), expected.data());
    cpu::max_pool_codes(shape, CodeType::Unsigned8, x.data(), got.data());
    EXPECT_EQ(got, expected);
  }
}

TEST(IntegerKernelsTest, RequantizesEdgeMultipliersExactly) {
  // Accumulators around every tie of multipliers that are powers of two, smallest, largest, and
  // those a float holds least well; through the GEMM, whose bias is the accumulator.
  const Floats multipliers = {0x1p-1f,
                              0x1p-2f,
                              0x1p-7f,
                              0x1p-20f,
                              0x1.fffffep-9f,
                              0x1.000002p-9f,
                              0x1p-126f,
                              1e-38f,
                              1.0f,
                              3.0f,
                              0x1p20f,
                              0.1f,
                              0x1.555556p-6f,
                              0.0f};
  std::vector<int32_t> sums = {0,
                               1,
                               -1,
                               std::numeric_limits<int32_t>::max(),
                               std::numeric_limits<int32_t>::min(),
                               (1 << 24) + 1,
                               -(1 << 24) - 1};
  for (int32_t power = 1; power < 31; ++power) {
    for (int32_t delta = -2; delta <= 2; ++delta) {
      sums.push_back((1 << power) + delta);
      sums.push_back(-(1 << power) + delta);
    }
  }
  for (int32_t code = -300; code < 300; ++code) {
    sums.push_back(code * 64 + 32);
  }
  const auto n = static_cast<int64_t>(sums.size());
  const std::vector<int8_t> zeros(static_cast<size_t>(n * 4), int8_t{0});
  Codes packed(static_cast<size_t>(cpu::packed_weights_bytes(n, 4)));
  auto* weights = reinterpret_cast<int8_t*>(packed.data());
  cpu::pack_weights(n, 4, zeros.data(), sums.data(), weights);
  const Codes x(4, 0);
  for (const float multiplier : multipliers) {
    for (const int32_t zero_point : {0, 128, 255}) {
      const Floats factors(static_cast<size_t>(n), multiplier);
      Codes expected;
      for (const int32_t sum : sums) {
        expected.push_back(static_cast<uint8_t>(requantize(sum, multiplier, zero_point, {0, 255})));
      }
      const Floats got = cpu::run_everywhere([&] {
        Codes y(static_cast<size_t>(n));
        cpu::integer_gemm({.m = 1,
                           .a = x.data(),
                           .lda = 4,
                           .weights = {n, 4, weights},
                           .requantize = {.multiplier = factors.data(), .zero_point = zero_point},
                           .codes = y.data()});
        return as_floats(y);
      });
      EXPECT_EQ(got, as_floats(expected)) << multiplier << " " << zero_point;
    }
  }
}

TEST(IntegerKernelsTest, QuantizeAndDequantizeEqualTheFormula) {
  Floats x = cpu::random_floats(1000, 9, -3.0f, 3.0f);
  x.insert(x.end(),
           {0.0f, -0.0f, kInfinity, -kInfinity, std::nanf(""), 1e30f, -1e30f, 0.05f, 0.15f});
  const auto n = static_cast<int64_t>(x.size());
  for (const RangeCase& range : kRanges) {
    SCOPED_TRACE(range.name);
    CodeScale scale = range.scale;
    scale.step = 0.02f;
    Codes expected(x.size());
    Floats reals(x.size());
    reference_quantize(n, x.data(), scale, expected.data());
    reference_dequantize(n, expected.data(), scale, reals.data());
    EXPECT_EQ(cpu::run_everywhere([&] {
                Codes y(x.size());
                cpu::quantize_codes(n, x.data(), scale, y.data());
                return as_floats(y);
              }),
              as_floats(expected));
    EXPECT_EQ(cpu::run_everywhere([&] {
                Floats y(x.size());
                cpu::dequantize_codes(n, expected.data(), scale, y.data());
                return y;
              }),
              reals);
  }
}

TEST(IntegerKernelsTest, ChoosesAMethodByTheBoundOfTheWeights) {
  const CodeScale half = {.lo = 0, .hi = 127};
  const CodeScale full = {.lo = 0, .hi = 255};
  const CodeScale with_sign = {.type = CodeType::Signed8, .lo = -127, .hi = 127};
  const std::vector<int8_t> largest = {127, 127, -127, -127};
  const std::vector<int8_t> limited = {100, 28, -28, -100};
  const std::vector<int8_t> mixed = {127, -127, 1, 127};
  const std::vector<int8_t> lowest = {-128, -128, 0, 0};
  using cpu::DotMethod;
  EXPECT_EQ(bound_pairs(1, 4, largest.data(), half).method, DotMethod::Pairs);
  EXPECT_EQ(bound_pairs(1, 4, largest.data(), full).method, DotMethod::Magnitudes);
  EXPECT_EQ(bound_pairs(1, 4, limited.data(), full).method, DotMethod::Pairs);
  EXPECT_EQ(bound_pairs(1, 4, mixed.data(), full).method, DotMethod::Pairs);
  EXPECT_EQ(bound_pairs(1, 4, limited.data(), with_sign).method, DotMethod::Magnitudes);
  EXPECT_EQ(bound_pairs(1, 4, lowest.data(), half).method, DotMethod::Pairs);
  EXPECT_EQ(bound_pairs(1, 4, lowest.data(), full).method, DotMethod::Plain);
}

}  // namespace
}  // namespace intact::integer
