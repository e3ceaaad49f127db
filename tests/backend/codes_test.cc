#include "backend/cpu/codes.h"

#include <tuple>

#include "backend/conv_reference.h"
#include "backend/cpu/batch_norm_quantize.h"
#include "backend/cpu/code_conv.h"
#include "backend/cpu/integer_gemm.h"
#include "backend/cpu/quantize.h"
#include "backend/cpu/winograd_codes.h"
#include "backend/kernel_test.h"

namespace intact::cpu {
namespace {

using Codes = std::vector<int8_t>;

constexpr RoundType kRounds[] = {RoundType::TiesToEven, RoundType::TiesAwayFromZero};

Codes zeros(int64_t n) {
  return Codes(static_cast<size_t>(n));
}

Floats as_floats(const Codes& codes) {
  return Floats(codes.begin(), codes.end());
}

Codes random_codes(int64_t n, uint32_t seed, int low, int high) {
  std::mt19937 engine(seed);
  std::uniform_int_distribution<int> uniform(low, high);
  Codes codes = zeros(n);
  std::generate(codes.begin(), codes.end(), [&] { return static_cast<int8_t>(uniform(engine)); });
  return codes;
}

TEST(Codes, AreThoseThatTheFloatKernelsGive) {
  for (const int64_t n : {1, 7, 1000, 40007}) {
    const Floats x = random_floats(n, 1, -2, 2);
    for (const RoundType round : kRounds) {
      for (const auto& [scale, bits] : {std::pair(1.5f, 8), {2.0f, 4}, {0.0f, 8}}) {
        Floats expected = garbage(n);
        Floats reals = garbage(n);
        quantize(n, x.data(), scale, bits, round, expected.data());
        quantize_dequantize(n, x.data(), scale, bits, round, reals.data());
        const Floats codes = run_everywhere([&, scale = scale, bits = bits] {
          Codes out = zeros(n);
          quantize_codes(n, x.data(), scale, bits, round, out.data());
          return as_floats(out);
        });
        ASSERT_EQ(codes, expected);
        const Floats back = run_everywhere([&, scale = scale, bits = bits] {
          const Codes in(expected.begin(), expected.end());
          Floats y = garbage(n);
          dequantize_codes(n, in.data(), scale, bits, y.data());
          return y;
        });
        ASSERT_EQ(back, reals);
      }
    }
  }
}

struct Channels {
  int64_t outer, channels, inner;
};

class ChannelCodes : public testing::TestWithParam<Channels> {};

TEST_P(ChannelCodes, AreThoseThatTheFloatKernelsGive) {
  const auto [outer, channels, inner] = GetParam();
  const int64_t n = outer * channels * inner;
  const Floats x = random_floats(n, 1, -2, 2);
  Floats scales = garbage(channels);
  abs_max_channels(outer, channels, inner, x.data(), scales.data());
  for (const RoundType round : kRounds) {
    Floats expected = garbage(n);
    Floats reals = garbage(n);
    quantize_channels(outer, channels, inner, x.data(), scales.data(), 8, round, expected.data());
    quantize_dequantize_channels(
        outer, channels, inner, x.data(), scales.data(), 8, round, reals.data());
    const Floats codes = run_everywhere([&, s = GetParam()] {
      Codes out = zeros(n);
      quantize_codes_channels(
          s.outer, s.channels, s.inner, x.data(), scales.data(), 8, round, out.data());
      return as_floats(out);
    });
    ASSERT_EQ(codes, expected);
    const Floats back = run_everywhere([&, s = GetParam()] {
      const Codes in(expected.begin(), expected.end());
      Floats y = garbage(n);
      dequantize_codes_channels(
          s.outer, s.channels, s.inner, in.data(), scales.data(), 8, y.data());
      return y;
    });
    ASSERT_EQ(back, reals);
    if (outer == 1) {
      const Floats rows = run_everywhere([&, s = GetParam()] {
        Floats own_scales = garbage(s.channels);
        Codes out = zeros(n);
        abs_max_codes_rows(s.channels, s.inner, x.data(), 8, round, own_scales.data(), out.data());
        EXPECT_EQ(own_scales, scales);
        return as_floats(out);
      });
      ASSERT_EQ(rows, expected);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Shapes,
                         ChannelCodes,
                         testing::Values(Channels{1, 1, 1},
                                         Channels{1, 33, 9},
                                         Channels{1, 512, 512},
                                         Channels{1024, 10, 1},
                                         Channels{100, 300, 1},
                                         Channels{3, 7, 5}));

TEST(Codes, OfABatchNormAreThoseOfItsFloatForm) {
  for (const auto& [pixels, channels] : {std::pair<int64_t, int64_t>{49, 7}, {784, 32}, {5, 100}}) {
    const int64_t n = pixels * channels;
    const Floats x = random_floats(n, 1, -2, 2);
    const Floats a = random_floats(channels, 2, -2, 2);
    const Floats b = random_floats(channels, 3, -1, 1);
    for (const Activation activation : {Activation::None, Activation::Relu, Activation::Relu6}) {
      Floats reals = garbage(n);
      batch_norm_values({.pixels = pixels,
                         .channels = channels,
                         .x = x.data(),
                         .a = a.data(),
                         .b = b.data(),
                         .activation = activation,
                         .scale = 2.5f,
                         .round = RoundType::TiesToEven},
                        reals.data());
      const Floats got = run_everywhere([&, pixels = pixels, channels = channels] {
        Codes codes = zeros(n);
        batch_norm_codes({.pixels = pixels,
                          .channels = channels,
                          .x = x.data(),
                          .a = a.data(),
                          .b = b.data(),
                          .activation = activation,
                          .scale = 2.5f,
                          .round = RoundType::TiesToEven},
                         codes.data());
        Floats y = garbage(n);
        dequantize_codes(n, codes.data(), 2.5f, 8, y.data());
        return y;
      });
      ASSERT_EQ(got, reals);
    }
  }
}

class CodeConv : public testing::TestWithParam<std::tuple<CodeRange, ConvShape>> {};

// y of `x` and `w` on every instruction set equals plain sums.
void expect_integer_loops(CodeRange range, const ConvShape& s, const Codes& x, const Codes& w) {
  const Floats multiplier = random_floats(s.co, 3, 1e-4f, 1e-3f);
  std::vector<int32_t> sums(static_cast<size_t>(y_size(s)));
  for_products(s, [&](int64_t i, int64_t k, int64_t o) {
    sums[o] += static_cast<int32_t>(x[i]) * static_cast<int32_t>(w[k]);
  });
  Floats expected(sums.size());
  for (size_t i = 0; i < sums.size(); ++i) {
    expected[i] = static_cast<float>(sums[i]) * multiplier[i % static_cast<size_t>(s.co)];
  }
  const Floats got = run_everywhere([&] {
    Floats y = garbage(y_size(s));
    if (s.groups == 1) {
      Floats workspace = garbage(conv_codes_workspace_bytes(s) / 4 + 16);
      conv_codes_forward(
          range, s, x.data(), w.data(), multiplier.data(), y.data(), workspace.data());
    } else {
      Floats workspace = garbage(depthwise_codes_workspace_bytes(s) / 4 + 16);
      depthwise_codes_forward(s, x.data(), w.data(), multiplier.data(), y.data(), workspace.data());
    }
    return y;
  });
  EXPECT_EQ(got, expected);
}

TEST_P(CodeConv, EqualsIntegerLoops) {
  const auto [range, partial] = GetParam();
  const ConvShape s = with_output_size(partial);
  const Codes x = random_codes(x_size(s), 1, range == CodeRange::Unsigned7 ? 0 : -128, 127);
  const Codes w = random_codes(w_size(s), 2, -127, 127);
  expect_integer_loops(range, s, x, w);
}

ConvShape square(int64_t n, int64_t size, int64_t ci, int64_t co, int64_t k, int64_t stride) {
  return {.n = n,
          .h = size,
          .w = size,
          .ci = ci,
          .co = co,
          .kh = k,
          .kw = k,
          .stride_h = stride,
          .stride_w = stride,
          .pad_top = k / 2,
          .pad_bottom = k / 2,
          .pad_left = k / 2,
          .pad_right = k / 2};
}

ConvShape unpadded(ConvShape shape) {
  shape.pad_top = 0;
  shape.pad_bottom = 2;
  shape.pad_left = 0;
  shape.pad_right = 1;
  return shape;
}

ConvShape depthwise(ConvShape shape) {
  shape.groups = shape.ci;
  return shape;
}

ConvShape lopsided() {
  return {.n = 2,
          .h = 9,
          .w = 7,
          .ci = 5,
          .co = 19,
          .kh = 3,
          .kw = 2,
          .stride_h = 2,
          .stride_w = 1,
          .pad_top = 2,
          .pad_left = 1,
          .dilation_h = 1,
          .dilation_w = 2};
}

INSTANTIATE_TEST_SUITE_P(Shapes,
                         CodeConv,
                         testing::Combine(testing::Values(CodeRange::Unsigned7, CodeRange::Signed8),
                                          testing::Values(square(3, 7, 64, 32, 1, 1),
                                                          square(2, 7, 6, 10, 1, 1),
                                                          square(4, 8, 32, 48, 1, 2),
                                                          square(4, 14, 1, 32, 3, 2),
                                                          square(3, 9, 3, 44, 3, 2),
                                                          square(2, 16, 3, 24, 7, 2),
                                                          square(5, 8, 64, 64, 3, 1),
                                                          square(3, 15, 48, 80, 3, 1),
                                                          square(17, 4, 128, 144, 3, 1),
                                                          square(50, 2, 32, 128, 3, 1),
                                                          unpadded(square(4, 9, 32, 32, 3, 1)),
                                                          square(5, 2, 128, 40, 3, 1),
                                                          lopsided(),
                                                          depthwise(square(3, 14, 32, 32, 3, 1)),
                                                          depthwise(square(3, 9, 40, 40, 3, 2)),
                                                          depthwise(square(2, 5, 7, 7, 5, 1)))));

TEST(CodeConv, HoldsTheLargestSums) {
  const ConvShape s = with_output_size(square(12, 4, 512, 32, 3, 1));
  for (const auto& [code, weight] : {std::pair<int, int>{127, 127}, {-128, 127}, {-128, -127}}) {
    const Codes x(static_cast<size_t>(x_size(s)), static_cast<int8_t>(code));
    const Codes w(static_cast<size_t>(w_size(s)), static_cast<int8_t>(weight));
    expect_integer_loops(code < 0 ? CodeRange::Signed8 : CodeRange::Unsigned7, s, x, w);
  }
}

TEST(CodeConv, IsMultipliedByWinogradWhereEightBitsTakeTwoInstructions) {
  const ConvShape s = with_output_size(square(5, 8, 64, 64, 3, 1));
  const std::string best = integer_gemm_target();
  EXPECT_EQ(is_winograd_codes_conv(s), best == "avx2" || best == "avx512") << best;
  EXPECT_FALSE(is_winograd_codes_conv(with_output_size(square(5, 8, 64, 64, 3, 2))));
}

}  // namespace
}  // namespace intact::cpu
