#include <gtest/gtest.h>

#include "support/check_op.h"
#include "support/random_tensor.h"

namespace intact {
namespace {

TEST(Conv2dTranspose, HandWrittenNumbers) {
  const Tensor input = Tensor::from<float>({1, 1, 1, 2}, {1, 10});
  const Tensor filter = Tensor::from<float>({1, 1, 1, 3}, {1, 2, 3});
  check_op({.type = "conv2d_transpose",
            .inputs = {{"Input", {input}}, {"Filter", {filter}}},
            .expected = {{"Output", {Tensor::from<float>({1, 1, 1, 4}, {1, 12, 23, 30})}}}});
  check_op({.type = "conv2d_transpose",
            .inputs = {{"Input", {input}}, {"Filter", {filter}}},
            .attrs = {{"strides", Ints{1, 2}}, {"paddings", Ints{0, 1}}},
            .expected = {{"Output", {Tensor::from<float>({1, 1, 1, 3}, {2, 13, 20})}}}});
  for (const Attributes& larger :
       {Attributes{{"output_size", Ints{1, 4}}}, Attributes{{"output_padding", Ints{0, 1}}}}) {
    Attributes attrs = larger;
    attrs["strides"] = Ints{1, 2};
    attrs["paddings"] = Ints{0, 1};
    check_op({.type = "conv2d_transpose",
              .inputs = {{"Input", {input}}, {"Filter", {filter}}},
              .attrs = attrs,
              .expected = {{"Output", {Tensor::from<float>({1, 1, 1, 4}, {2, 13, 20, 30})}}}});
  }
}

TEST(Conv2dTranspose, GradientsAreCentralDifferences) {
  const Attributes cases[] = {
      {},
      {{"strides", Ints{2, 3}}, {"paddings", Ints{1, 0, 2, 1}}},
      {{"dilations", Ints{2, 1}}, {"groups", int32_t{2}}},
      {{"strides", Ints{2, 2}}, {"output_padding", Ints{1, 0}}},
  };
  for (const Attributes& attrs : cases) {
    check_op({.type = "conv2d_transpose",
              .inputs = {{"Input", {random_tensor({2, 4, 3, 4}, 1)}},
                         {"Filter", {random_tensor({4, 3, 3, 2}, 2)}}},
              .attrs = attrs,
              .gradients = {"Input", "Filter"}});
  }
  check_op({.type = "depthwise_conv2d_transpose",
            .inputs = {{"Input", {random_tensor({1, 3, 3, 3}, 1)}},
                       {"Filter", {random_tensor({3, 1, 3, 3}, 2)}}},
            .attrs = {{"groups", int32_t{3}}, {"strides", Ints{2, 2}}},
            .gradients = {"Input", "Filter"}});
}

TEST(Conv2dTranspose, BadInputsAreNamed) {
  const TensorSlots inputs = {{"Input", {random_tensor({1, 4, 3, 3}, 1)}},
                              {"Filter", {random_tensor({4, 2, 3, 3}, 2)}}};
  expect_op_error({.type = "conv2d_transpose",
                   .inputs = inputs,
                   .attrs = {{"output_size", Ints{9, 8}}, {"strides", Ints{2, 2}}}},
                  "an output size of 9 does not fit the input size 3; use 7..8");
  expect_op_error({.type = "conv2d_transpose",
                   .inputs = {{"Input", {random_tensor({1, 3, 3, 3}, 1)}},
                              {"Filter", {random_tensor({4, 2, 3, 3}, 2)}}}},
                  "Input [1,3,3,3] has 3 channels but Filter [4,2,3,3] has 4 rows");
  expect_op_error({.type = "conv2d_transpose", .inputs = inputs, .attrs = {{"groups", int32_t{3}}}},
                  "groups is 3 but Filter [4,2,3,3] has 4 input channels");
}

}  // namespace
}  // namespace intact
