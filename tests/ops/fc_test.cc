#include <gtest/gtest.h>

#include "support/check_op.h"
#include "support/random_tensor.h"

namespace intact {
namespace {

TEST(Fc, HandWrittenNumbers) {
  const TensorSlots inputs = {{"Input", {Tensor::from<float>({2, 1, 2}, {1, 2, 3, 4})}},
                              {"W", {Tensor::from<float>({2, 2}, {1, -1, 1, -2})}},
                              {"Bias", {Tensor::from<float>({2}, {10, 8})}}};
  check_op({.type = "fc",
            .inputs = {{"Input", inputs.at("Input")}, {"W", inputs.at("W")}},
            .expected = {{"Out", {Tensor::from<float>({2, 2}, {3, -5, 7, -11})}}}});
  check_op({.type = "fc",
            .inputs = inputs,
            .attrs = {{"in_num_col_dims", int32_t{2}}, {"activation_type", std::string("relu")}},
            .expected = {{"Out", {Tensor::from<float>({2, 1, 2}, {13, 3, 17, 0})}}}});
}

TEST(Fc, BadInputsAreNamed) {
  const Tensor input = random_tensor({2, 3}, 1);
  const Tensor w = random_tensor({3, 4}, 2);
  expect_op_error({.type = "fc", .inputs = {{"Input", {input}}, {"W", {input}}}},
                  "Input [2,3] has 3 columns with in_num_col_dims=1 but W [2,3] has 2 rows");
  expect_op_error({.type = "fc", .inputs = {{"Input", {input}}, {"W", {w}}, {"Bias", {input}}}},
                  "Bias is [2,3] but W [3,4] has 4 columns");
  expect_op_error({.type = "fc",
                   .inputs = {{"Input", {input}}, {"W", {w}}},
                   .attrs = {{"activation_type", std::string("gelu")}}},
                  "activation_type is 'gelu'; only '' and 'relu' are supported");
  expect_op_error({.type = "fc", .inputs = {{"Input", {input}}, {"W", {random_tensor({3}, 1)}}}},
                  "W is [3]; give a matrix");
}

}  // namespace
}  // namespace intact
