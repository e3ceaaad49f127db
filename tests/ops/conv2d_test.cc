#include <gtest/gtest.h>

#include "support/check_op.h"
#include "support/random_tensor.h"

namespace intact {
namespace {

const Tensor kOneToNine = Tensor::from<float>({1, 1, 3, 3}, {1, 2, 3, 4, 5, 6, 7, 8, 9});
const Tensor kTwoByTwo = Tensor::from<float>({1, 1, 2, 2}, {1, 2, 3, 4});

TEST(Conv2d, HandWrittenNumbers) {
  check_op({.type = "conv2d",
            .inputs = {{"Input", {kOneToNine}}, {"Filter", {kTwoByTwo}}},
            .expected = {{"Output", {Tensor::from<float>({1, 1, 2, 2}, {37, 47, 67, 77})}}}});
  // Paddings [top,bottom,left,right] put the 2x2 Filter over row -1 and the last column only.
  check_op({.type = "conv2d",
            .inputs = {{"Input", {kOneToNine}}, {"Filter", {kTwoByTwo}}},
            .attrs = {{"paddings", Ints{1, 0, 0, 1}}, {"strides", Ints{3, 2}}},
            .expected = {{"Output", {Tensor::from<float>({1, 1, 1, 2}, {11, 9})}}}});
}

TEST(Conv2d, DepthwiseKeepsChannelsApart) {
  check_op({.type = "depthwise_conv2d",
            .inputs = {{"Input", {Tensor::from<float>({1, 2, 1, 2}, {1, 2, 3, 4})}},
                       {"Filter", {Tensor::from<float>({2, 1, 1, 1}, {10, 100})}}},
            .attrs = {{"groups", int32_t{2}}},
            .expected = {{"Output", {Tensor::from<float>({1, 2, 1, 2}, {10, 20, 300, 400})}}}});
}

TEST(Conv2d, SamePaddingPutsTheOddRowBelow) {
  // 4 inputs, kernel 3, stride 2: one row of padding, after the input.
  check_op({.type = "conv2d",
            .inputs = {{"Input", {Tensor::from<float>({1, 1, 4, 1}, {1, 2, 3, 4})}},
                       {"Filter", {Tensor::from<float>({1, 1, 3, 1}, {1, 10, 100})}}},
            .attrs = {{"strides", Ints{2, 1}}, {"padding_algorithm", std::string("SAME")}},
            .expected = {{"Output", {Tensor::from<float>({1, 1, 2, 1}, {321, 43})}}}});
}

struct Case {
  Shape input;
  Shape filter;
  Attributes attrs = {};
};

TEST(Conv2d, GradientsAreCentralDifferences) {
  const Case cases[] = {
      {{2, 3, 5, 4}, {4, 3, 3, 3}, {{"paddings", Ints{1, 1}}}},
      {{2, 2, 5, 6}, {3, 2, 3, 2}, {{"strides", Ints{2, 3}}, {"paddings", Ints{1, 0, 2, 1}}}},
      {{1, 2, 7, 7}, {2, 2, 3, 3}, {{"dilations", Ints{2, 3}}, {"paddings", Ints{2, 1}}}},
      {{2, 4, 4, 4}, {6, 2, 3, 3}, {{"groups", int32_t{2}}, {"strides", Ints{2, 2}}}},
      {{1, 2, 6, 5},
       {2, 2, 3, 3},
       {{"padding_algorithm", std::string("SAME")}, {"strides", Ints{2, 2}}}},
      {{1, 2, 4, 4},
       {2, 2, 3, 3},
       {{"padding_algorithm", std::string("VALID")}, {"paddings", Ints{5, 5}}}},
      {{3, 5, 2, 2}, {4, 5, 1, 1}},
  };
  for (const Case& c : cases) {
    check_op({.type = "conv2d",
              .inputs = {{"Input", {random_tensor(c.input, 1)}},
                         {"Filter", {random_tensor(c.filter, 2)}}},
              .attrs = c.attrs,
              .gradients = {"Input", "Filter"}});
  }
  check_op({.type = "depthwise_conv2d",
            .inputs = {{"Input", {random_tensor({2, 3, 5, 5}, 1)}},
                       {"Filter", {random_tensor({6, 1, 3, 3}, 2)}}},
            .attrs = {{"groups", int32_t{3}}, {"strides", Ints{2, 2}}, {"paddings", Ints{1, 1}}},
            .gradients = {"Input", "Filter"}});
}

TEST(Conv2d, BadInputsAreNamed) {
  const TensorSlots inputs = {{"Input", {random_tensor({1, 3, 4, 4}, 1)}},
                              {"Filter", {random_tensor({4, 2, 3, 3}, 2)}}};
  expect_op_error({.type = "conv2d", .inputs = inputs},
                  "Input [1,3,4,4] has 3 channels but Filter [4,2,3,3] needs 2 with groups=1; set "
                  "groups or fix the Filter shape");
  expect_op_error({.type = "conv2d", .inputs = inputs, .attrs = {{"groups", int32_t{3}}}},
                  "groups is 3 but Filter [4,2,3,3] has 4 output channels");
  expect_op_error(
      {.type = "conv2d", .inputs = inputs, .attrs = {{"data_format", std::string("NHWC")}}},
      "data_format is 'NHWC'; only NCHW is supported");
  const TensorSlots small = {{"Input", {random_tensor({1, 2, 2, 4}, 1)}},
                             {"Filter", {random_tensor({4, 2, 3, 3}, 2)}}};
  expect_op_error({.type = "conv2d", .inputs = small},
                  "Filter [4,2,3,3] does not fit into Input [1,2,2,4]");
  expect_op_error({.type = "conv2d", .inputs = small, .attrs = {{"strides", Ints{1}}}},
                  "strides is [1]; give two values >= 1");
  expect_op_error({.type = "conv2d", .inputs = small, .attrs = {{"paddings", Ints{1, 1, -1, 0}}}},
                  "paddings is [1,1,-1,0]");
  expect_op_error(
      {.type = "conv2d", .inputs = small, .attrs = {{"padding_algorithm", std::string("FULL")}}},
      "padding_algorithm is 'FULL'; use EXPLICIT, SAME or VALID");
}

}  // namespace
}  // namespace intact
