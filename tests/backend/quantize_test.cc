#include "backend/cpu/quantize.h"

#include <tuple>

#include "backend/cpu/batch_norm.h"
#include "backend/cpu/batch_norm_quantize.h"
#include "backend/kernel_test.h"

namespace intact::cpu {
namespace {

constexpr RoundType kRounds[] = {RoundType::TiesToEven, RoundType::TiesAwayFromZero};

float code(float x, float scale, int bits, RoundType round) {
  return quantize_code(x, scale, inverse_scale(scale), static_cast<float>(max_code(bits)), round);
}

float real(float q, float scale, int bits) {
  return dequantize_code(q, scale, static_cast<float>(max_code(bits)));
}

// Random values beyond the scale, all ties of 8 bits at scale 127, and their neighbours.
Floats hard_values(int64_t n, float scale) {
  Floats x = random_floats(n, 9, -1.5f * scale, 1.5f * scale);
  const float step = scale / 127.0f;
  int64_t i = 0;
  for (int k = -130; k <= 130 && i + 3 <= n; ++k) {
    const float tie = (static_cast<float>(k) + 0.5f) * step;
    x[i++] = tie;
    x[i++] = std::nextafter(tie, 1e9f);
    x[i++] = std::nextafter(tie, -1e9f);
  }
  return x;
}

class QuantizeTest : public testing::TestWithParam<std::tuple<RoundType, int>> {};

TEST_P(QuantizeTest, equals_the_element_function) {
  const auto [round, bits] = GetParam();
  for (const float scale : {127.0f, 1.0f, 0.37f, 3e-5f, 0.0f}) {
    for (const int64_t n : {1, 7, 1000, 40007}) {
      const Floats x = hard_values(n, scale == 0 ? 1.0f : scale);
      Floats codes(n), reals(n);
      for (int64_t i = 0; i < n; ++i) {
        codes[i] = code(x[i], scale, bits, round);
        reals[i] = real(codes[i], scale, bits);
      }
      const auto run = [&, round = round, bits = bits](auto kernel) {
        return run_everywhere([&] {
          Floats y = x;
          kernel(n, y.data(), scale, bits, round, y.data());
          return y;
        });
      };
      ASSERT_EQ(run(quantize), codes) << "scale " << scale << " n " << n;
      ASSERT_EQ(run(quantize_dequantize), reals) << "scale " << scale << " n " << n;
      Floats back = garbage(n);
      dequantize(n, codes.data(), scale, static_cast<float>(max_code(bits)), back.data());
      ASSERT_EQ(back, reals);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Rules,
                         QuantizeTest,
                         testing::Combine(testing::ValuesIn(kRounds),
                                          testing::Values(2, 4, 8, 16)));

struct Channels {
  int64_t outer, channels, inner;
};

class ChannelQuantizeTest : public testing::TestWithParam<Channels> {};

TEST_P(ChannelQuantizeTest, equals_the_element_function) {
  const auto [outer, channels, inner] = GetParam();
  const int64_t n = outer * channels * inner;
  const auto channel_of = [&, channels = channels, inner = inner](int64_t i) {
    return i / inner % channels;
  };
  const Floats x = random_floats(n, 1, -2, 2);
  Floats scales(channels);
  for (int64_t i = 0; i < n; ++i) {
    scales[channel_of(i)] = std::max(scales[channel_of(i)], std::fabs(x[i]));
  }
  const Floats actual = run_everywhere([&, c = GetParam()] {
    Floats out = garbage(c.channels);
    abs_max_channels(c.outer, c.channels, c.inner, x.data(), out.data());
    return out;
  });
  ASSERT_EQ(actual, scales);
  for (float& scale : scales) {
    scale *= 0.75f;  // some values lie beyond their scale
  }
  for (const RoundType round : kRounds) {
    Floats codes(n), reals(n);
    for (int64_t i = 0; i < n; ++i) {
      codes[i] = code(x[i], scales[channel_of(i)], 8, round);
      reals[i] = real(codes[i], scales[channel_of(i)], 8);
    }
    const auto run = [&, c = GetParam()](auto kernel) {
      return run_everywhere([&] {
        Floats y = garbage(n);
        kernel(c.outer, c.channels, c.inner, x.data(), scales.data(), 8, round, y.data());
        return y;
      });
    };
    ASSERT_EQ(run(quantize_channels), codes);
    ASSERT_EQ(run(quantize_dequantize_channels), reals);
    Floats back = garbage(n);
    dequantize_channels(outer, channels, inner, codes.data(), scales.data(), 127.0f, back.data());
    ASSERT_EQ(back, reals);
  }
}

INSTANTIATE_TEST_SUITE_P(Shapes,
                         ChannelQuantizeTest,
                         testing::Values(Channels{1, 1, 1},
                                         Channels{1, 33, 9},
                                         Channels{1, 512, 512},
                                         Channels{1, 1024, 9},
                                         Channels{1024, 10, 1},
                                         Channels{100, 300, 1},
                                         Channels{3, 7, 5},
                                         Channels{4, 16, 4}));

TEST(Quantize, abs_max_is_exact) {
  for (const int64_t n : {0, 1, 7, 33, 4096, 100003}) {
    Floats x = random_floats(n, 1, -2, 2);
    float expected = 0;
    for (const float value : x) {
      expected = std::max(expected, std::fabs(value));
    }
    const Floats actual = run_everywhere([&] { return Floats{abs_max(n, x.data())}; });
    EXPECT_EQ(actual[0], expected);
  }
}

TEST(Quantize, fused_form_equals_its_three_steps) {
  for (const auto& [pixels, channels] : {std::pair<int64_t, int64_t>{49, 7}, {784, 32}, {5, 100}}) {
    const int64_t n = pixels * channels;
    const Floats x = random_floats(n, 1, -3, 3);
    const Floats a = random_floats(channels, 2, -3, 3);
    const Floats b = random_floats(channels, 3);
    for (const RoundType round : kRounds) {
      for (const Activation activation : {Activation::None, Activation::Relu, Activation::Relu6}) {
        Floats value = garbage(n);
        scale_shift_activation(
            pixels, channels, x.data(), a.data(), b.data(), nullptr, activation, value.data());
        Floats expected = garbage(n);
        quantize_dequantize(n, value.data(), 4.0f, 8, round, expected.data());
        Floats activation_out = garbage(n);
        Floats y = x;
        batch_norm_values({.pixels = pixels,
                           .channels = channels,
                           .x = y.data(),
                           .a = a.data(),
                           .b = b.data(),
                           .activation = activation,
                           .scale = 4.0f,
                           .round = round,
                           .activation_out = activation_out.data()},
                          y.data());
        ASSERT_EQ(y, expected);
        ASSERT_EQ(activation_out, value);
        Floats alone = garbage(n);
        batch_norm_values({.pixels = pixels,
                           .channels = channels,
                           .x = x.data(),
                           .a = a.data(),
                           .b = b.data(),
                           .activation = activation,
                           .scale = 4.0f,
                           .round = round},
                          alone.data());
        ASSERT_EQ(alone, expected);
      }
    }
  }
}

}  // namespace
}  // namespace intact::cpu
