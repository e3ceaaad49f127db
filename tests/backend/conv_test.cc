#include "backend/cpu/conv.h"

#include "backend/conv_reference.h"

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

}  // namespace
}  // namespace intact::cpu
