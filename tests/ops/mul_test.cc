#include <gtest/gtest.h>

#include "support/check_op.h"
#include "support/random_tensor.h"

namespace intact {
namespace {

TEST(Mul, HandWrittenNumbers) {
  check_op({.type = "mul",
            .inputs = {{"X", {Tensor::from<float>({2, 3}, {1, 2, 3, 4, 5, 6})}},
                       {"Y", {Tensor::from<float>({3, 2}, {1, 0, 0, 1, 1, 1})}}},
            .expected = {{"Out", {Tensor::from<float>({2, 2}, {4, 5, 10, 11})}}},
            .gradients = {"X", "Y"}});
}

TEST(Mul, FlattensBothOperands) {
  check_op(
      {.type = "mul",
       .inputs = {{"X", {random_tensor({2, 3, 2, 2}, 1)}}, {"Y", {random_tensor({2, 2, 3, 2}, 2)}}},
       .attrs = {{"x_num_col_dims", int32_t{2}}, {"y_num_col_dims", int32_t{2}}},
       .gradients = {"X", "Y"}});
  check_op({.type = "mul",
            .inputs = {{"X", {random_tensor({3, 4, 1, 1}, 1)}}, {"Y", {random_tensor({4, 5}, 2)}}},
            .gradients = {"X", "Y"}});
}

TEST(Mul, BadInputsAreNamed) {
  const TensorSlots inputs = {{"X", {random_tensor({2, 3}, 1)}}, {"Y", {random_tensor({4, 5}, 2)}}};
  expect_op_error({.type = "mul", .inputs = inputs},
                  "X [2,3] has 3 columns with x_num_col_dims=1 but Y [4,5] has 4 rows with "
                  "y_num_col_dims=1; make them equal");
  expect_op_error({.type = "mul", .inputs = inputs, .attrs = {{"x_num_col_dims", int32_t{2}}}},
                  "x_num_col_dims=2 does not split X [2,3]; use 1..1");
}

}  // namespace
}  // namespace intact
