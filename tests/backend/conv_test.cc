#include "backend/cpu/conv.h"

#include "backend/conv_reference.h"
#include "backend/cpu/codes.h"
#include "backend/cpu/conv_small_map.h"
#include "backend/cpu/winograd.h"

namespace intact::cpu {
namespace {

class ConvTest : public testing::TestWithParam<ConvShape> {};

TEST_P(ConvTest, agrees_with_naive_loops) {
  check_conv(
      GetParam(), conv_forward, conv_backward_data, conv_backward_weight, conv_workspace_floats);
}

ConvShape square(int64_t n,
                 int64_t size,
                 int64_t ci,
                 int64_t co,
                 int64_t kernel,
                 int64_t stride,
                 int64_t pad,
                 int64_t groups = 1,
                 int64_t dilation = 1) {
  return with_output_size({.n = n,
                           .h = size,
                           .w = size,
                           .ci = ci,
                           .co = co,
                           .kh = kernel,
                           .kw = kernel,
                           .stride_h = stride,
                           .stride_w = stride,
                           .pad_top = pad,
                           .pad_bottom = pad,
                           .pad_left = pad,
                           .pad_right = pad,
                           .dilation_h = dilation,
                           .dilation_w = dilation,
                           .groups = groups});
}

INSTANTIATE_TEST_SUITE_P(Shapes,
                         ConvTest,
                         testing::Values(square(1, 1, 1, 1, 1, 1, 0),
                                         square(64, 28, 1, 32, 3, 2, 1),
                                         square(3, 28, 3, 16, 3, 1, 1),
                                         square(2, 28, 1, 7, 5, 1, 0),
                                         square(3, 12, 4, 8, 5, 1, 0),
                                         square(2, 14, 3, 33, 7, 2, 3),
                                         square(3, 5, 16, 33, 3, 1, 1),
                                         square(1, 5, 33, 4, 3, 2, 1),
                                         square(3, 7, 16, 24, 1, 2, 0),
                                         square(2, 6, 12, 8, 3, 1, 1, 4),
                                         square(1, 8, 6, 6, 3, 1, 2, 2, 2),
                                         square(64, 2, 100, 64, 3, 1, 1)));

INSTANTIATE_TEST_SUITE_P(UnequalSides,
                         ConvTest,
                         testing::Values(with_output_size({.n = 2,
                                                           .h = 9,
                                                           .w = 5,
                                                           .ci = 7,
                                                           .co = 10,
                                                           .kh = 2,
                                                           .kw = 3,
                                                           .stride_h = 1,
                                                           .stride_w = 2,
                                                           .pad_top = 0,
                                                           .pad_bottom = 1,
                                                           .pad_left = 2,
                                                           .pad_right = 1,
                                                           .dilation_h = 3,
                                                           .dilation_w = 1})));

// More columns than one block holds: several images a block, and a block inside an image.
INSTANTIATE_TEST_SUITE_P(ManyBlocks,
                         ConvTest,
                         testing::Values(square(7, 28, 64, 4, 3, 1, 1),
                                         square(1, 120, 20, 3, 3, 1, 1),
                                         square(2, 64, 80, 2, 3, 1, 1)));

class WinogradTest : public testing::TestWithParam<ConvShape> {};

// Values are added up in fours before and after the products, which costs about two bits.
constexpr float kWinogradTolerance = 1e-5f;

TEST_P(WinogradTest, agrees_with_naive_loops) {
  ASSERT_TRUE(is_winograd_conv(GetParam()));
  check_conv(GetParam(),
             conv_forward,
             conv_backward_data,
             conv_backward_weight,
             conv_workspace_floats,
             kWinogradTolerance);
}

std::vector<int8_t> codes_of(const Floats& values) {
  std::vector<int8_t> codes;
  for (const float value : values) {
    codes.push_back(static_cast<int8_t>(std::lround(value)));
  }
  return codes;
}

void check_gradients_from_codes(const ConvShape& s, float tolerance) {
  const std::vector<int8_t> x_codes = codes_of(random_floats(x_size(s), 1, -127.0f, 127.0f));
  const std::vector<int8_t> w_codes = codes_of(random_floats(w_size(s), 2, -127.0f, 127.0f));
  const Floats dy = random_floats(y_size(s), 3);
  const float x_scale = 0.7f;
  const Floats w_scale = random_floats(s.co, 4, 0.5f, 1.0f);
  Floats x(x_codes.size());
  Floats w(w_codes.size());
  dequantize_codes(x_size(s), x_codes.data(), x_scale, 8, x.data());
  dequantize_codes_channels(1, s.co, w_size(s) / s.co, w_codes.data(), w_scale.data(), 8, w.data());
  const ConvResults expected = naive_conv(s, x, w, dy);
  const auto run = [&](auto kernel, ConvPass pass, int64_t size) {
    return run_everywhere(
        [&] {
          Floats out = garbage(size);
          Floats scratch = garbage(conv_codes_workspace_floats(s, pass));
          kernel(out.data(), scratch.data());
          return out;
        },
        tolerance);
  };
  const Floats dx = run(
      [&](float* out, float* scratch) {
        const CodedOperand weights{
            .codes = w_codes.data(), .scale = w_scale.data(), .scale_step = 1};
        conv_backward_data_codes(s, dy.data(), weights, out, scratch);
      },
      ConvPass::BackwardData,
      x_size(s));
  expect_near(dx, expected.dx, tolerance);
  const Floats dw = run(
      [&](float* out, float* scratch) {
        const CodedOperand inputs{.codes = x_codes.data(), .scale = &x_scale};
        conv_backward_weight_codes(s, inputs, dy.data(), out, scratch);
      },
      ConvPass::BackwardWeight,
      w_size(s));
  expect_near(dw, expected.dw, tolerance);
}

TEST_P(WinogradTest, gradients_from_codes_agree_with_naive_loops) {
  check_gradients_from_codes(GetParam(), kWinogradTolerance);
}

class SmallMapTest : public testing::TestWithParam<ConvShape> {};

TEST_P(SmallMapTest, agrees_with_naive_loops) {
  ASSERT_TRUE(is_small_map_conv(GetParam()));
  check_conv(
      GetParam(), conv_forward, conv_backward_data, conv_backward_weight, conv_workspace_floats);
  check_gradients_from_codes(GetParam(), 3e-6f);
}

// Pixels that no tap reads or that no weight meets, channels beside whole blocks.
INSTANTIATE_TEST_SUITE_P(Shapes,
                         SmallMapTest,
                         testing::Values(square(17, 2, 70, 200, 3, 1, 1),
                                         square(16, 1, 260, 33, 3, 1, 1),
                                         square(16, 3, 33, 65, 3, 1, 1),
                                         square(18, 4, 64, 96, 3, 2, 1),
                                         square(16, 8, 40, 37, 3, 2, 1),
                                         square(16, 5, 32, 32, 2, 4, 0)));

// Even and odd maps, unequal paddings, channels beside whole vectors, several blocks of tiles and
// of channels.
INSTANTIATE_TEST_SUITE_P(Shapes,
                         WinogradTest,
                         testing::Values(square(12, 4, 32, 48, 3, 1, 1),
                                         square(6, 7, 37, 41, 3, 1, 1),
                                         square(3, 9, 35, 64, 3, 1, 0),
                                         square(2, 11, 64, 33, 3, 1, 2),
                                         square(48, 2, 160, 480, 3, 1, 1),
                                         square(1, 92, 32, 32, 3, 1, 1),
                                         with_output_size({.n = 5,
                                                           .h = 6,
                                                           .w = 9,
                                                           .ci = 32,
                                                           .co = 40,
                                                           .kh = 3,
                                                           .kw = 3,
                                                           .pad_top = 1,
                                                           .pad_bottom = 2,
                                                           .pad_left = 0,
                                                           .pad_right = 1})));

TEST(Conv, adds_whole_numbers_exactly_where_floats_hold_codes) {
  ConvShape s = square(4, 8, 40, 48, 3, 1, 1);
  ASSERT_TRUE(is_winograd_conv(s));
  s.holds_codes = true;
  ASSERT_FALSE(is_winograd_conv(s));
  Floats x = random_floats(x_size(s), 1, -127.0f, 127.0f);
  Floats w = random_floats(w_size(s), 2, -127.0f, 127.0f);
  for (Floats* values : {&x, &w}) {
    std::transform(values->begin(), values->end(), values->begin(), [](float value) {
      return std::round(value);
    });
  }
  const Floats expected = naive_conv(s, x, w, Floats(y_size(s))).y;
  const Floats y = run_everywhere([&] {
    Floats out = garbage(y_size(s));
    Floats scratch = garbage(conv_workspace_floats(s, ConvPass::Forward));
    conv_forward(s, x.data(), w.data(), out.data(), scratch.data());
    return out;
  });
  EXPECT_TRUE(y == expected);
}

}  // namespace
}  // namespace intact::cpu
