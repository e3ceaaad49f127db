#include "backend/cpu/depthwise.h"

#include <utility>

#include "backend/conv_reference.h"

namespace intact::cpu {
namespace {

struct Case {
  int64_t n, size, channels, kernel, stride, dilation;
};

void PrintTo(const Case& c, std::ostream* out) {
  *out << "n" << c.n << " " << c.size << "x" << c.size << "x" << c.channels << " k" << c.kernel
       << " s" << c.stride << " d" << c.dilation;
}

void check_depthwise(const ConvShape& shape) {
  check_conv(shape,
             depthwise_forward,
             depthwise_backward_data,
             depthwise_backward_weight,
             depthwise_workspace_floats);
}

class DepthwiseTest : public testing::TestWithParam<Case> {};

TEST_P(DepthwiseTest, agrees_with_naive_loops) {
  const auto [n, size, channels, kernel, stride, dilation] = GetParam();
  const int64_t pad = dilation * (kernel / 2);
  check_depthwise(with_output_size({.n = n,
                                    .h = size,
                                    .w = size,
                                    .ci = channels,
                                    .co = channels,
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
                                    .groups = channels}));
}

// Kernels as wide as the map or wider, at every edge.
TEST(Depthwise, agrees_on_narrow_maps) {
  for (const int64_t stride : {1, 2}) {
    for (const int64_t w : {1, 2, 3, 4, 5}) {
      for (const auto& [left, right] : {std::pair{0, 2}, {1, 1}, {2, 0}, {2, 2}}) {
        check_depthwise(with_output_size({.n = 2,
                                          .h = 3,
                                          .w = w,
                                          .ci = 20,
                                          .co = 20,
                                          .kh = 3,
                                          .kw = 3,
                                          .stride_h = stride,
                                          .stride_w = stride,
                                          .pad_top = 1,
                                          .pad_bottom = 1,
                                          .pad_left = left,
                                          .pad_right = right,
                                          .groups = 20}));
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Small,
                         DepthwiseTest,
                         testing::Values(Case{1, 1, 1, 3, 1, 1},
                                         Case{3, 1, 33, 3, 2, 1},
                                         Case{3, 2, 100, 3, 1, 1},
                                         Case{1, 5, 7, 3, 2, 1},
                                         Case{2, 5, 4, 3, 1, 2},
                                         Case{1, 9, 3, 5, 2, 1},
                                         Case{1, 12, 16, 11, 1, 1},
                                         Case{2, 3, 20, 3, 2, 1},
                                         Case{2, 3, 20, 1, 1, 1}));

INSTANTIATE_TEST_SUITE_P(MobileNet,
                         DepthwiseTest,
                         testing::Values(Case{64, 14, 32, 3, 1, 1},
                                         Case{64, 14, 64, 3, 2, 1},
                                         Case{64, 7, 128, 3, 1, 1},
                                         Case{64, 7, 128, 3, 2, 1},
                                         Case{64, 4, 256, 3, 2, 1},
                                         Case{64, 2, 512, 3, 1, 1},
                                         Case{64, 2, 512, 3, 2, 1},
                                         Case{64, 1, 1024, 3, 1, 1},
                                         Case{3, 28, 16, 3, 2, 1}));

TEST(Depthwise, takes_unequal_sides) {
  check_depthwise(with_output_size({.n = 2,
                                    .h = 6,
                                    .w = 9,
                                    .ci = 18,
                                    .co = 18,
                                    .kh = 2,
                                    .kw = 3,
                                    .stride_h = 2,
                                    .stride_w = 1,
                                    .pad_top = 0,
                                    .pad_bottom = 1,
                                    .pad_left = 2,
                                    .pad_right = 0,
                                    .dilation_h = 2,
                                    .groups = 18}));
}

}  // namespace
}  // namespace intact::cpu
