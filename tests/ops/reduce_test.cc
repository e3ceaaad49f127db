#include <gtest/gtest.h>

#include "support/check_op.h"
#include "support/random_tensor.h"

namespace intact {
namespace {

Tensor numbers() {
  return Tensor::from<float>({2, 3}, {1, 2, 3, 4, 5, 9});
}

TEST(Mean, OfAllElementsIsAScalar) {
  check_op({.type = "mean",
            .inputs = {{"X", {numbers()}}},
            .expected = {{"Out", {Tensor::scalar<float>(4)}}},
            .gradients = {"X"}});
}

TEST(ReduceMean, OverSomeAxes) {
  check_op({.type = "reduce_mean",
            .inputs = {{"X", {numbers()}}},
            .attrs = {{"dim", Ints{1}}},
            .expected = {{"Out", {Tensor::from<float>({2}, {2, 6})}}},
            .gradients = {"X"}});
  check_op({.type = "reduce_mean",
            .inputs = {{"X", {numbers()}}},
            .attrs = {{"dim", Ints{-2}}, {"keep_dim", true}},
            .expected = {{"Out", {Tensor::from<float>({1, 3}, {2.5f, 3.5f, 6})}}},
            .gradients = {"X"}});
  check_op({.type = "reduce_mean",
            .inputs = {{"X", {random_tensor({2, 3, 4, 2}, 1)}}},
            .attrs = {{"dim", Ints{2, 1}}},
            .gradients = {"X"}});
}

TEST(ReduceMean, OverAllAxes) {
  for (const Attributes& attrs : {Attributes{{"reduce_all", true}},
                                  Attributes{{"dim", Ints{}}},
                                  Attributes{{"dim", Ints{0, 1}}}}) {
    check_op({.type = "reduce_mean",
              .inputs = {{"X", {numbers()}}},
              .attrs = attrs,
              .expected = {{"Out", {Tensor::scalar<float>(4)}}},
              .gradients = {"X"}});
  }
  check_op({.type = "reduce_mean",
            .inputs = {{"X", {Tensor::scalar<float>(5)}}},
            .expected = {{"Out", {Tensor::scalar<float>(5)}}},
            .gradients = {"X"}});
}

TEST(ReduceSum, FloatsAndIntegers) {
  check_op({.type = "reduce_sum",
            .inputs = {{"X", {numbers()}}},
            .attrs = {{"dim", Ints{1}}},
            .expected = {{"Out", {Tensor::from<float>({2}, {6, 18})}}},
            .gradients = {"X"}});
  check_op({.type = "reduce_sum",
            .inputs = {{"X", {Tensor::from<int64_t>({2, 1}, {9007199254740993, 2})}}},
            .attrs = {{"dim", Ints{0}}},
            .expected = {{"Out", {Tensor::from<int64_t>({1}, {9007199254740995})}}}});
}

TEST(ReduceMax, TheGradientGoesToTheLargest) {
  check_op({.type = "reduce_max",
            .inputs = {{"X", {Tensor::from<float>({2, 3}, {-1, -2, -3, 4, 5, 9})}}},
            .attrs = {{"dim", Ints{1}}},
            .expected = {{"Out", {Tensor::from<float>({2}, {-1, 9})}}},
            .gradients = {"X"}});
}

TEST(Reduce, BadInputs) {
  expect_op_error(
      {.type = "reduce_mean", .inputs = {{"X", {numbers()}}}, .attrs = {{"dim", Ints{2}}}},
      "dim 2 is outside rank 2");
  expect_op_error(
      {.type = "reduce_sum", .inputs = {{"X", {numbers()}}}, .attrs = {{"out_dtype", 6}}},
      "out_dtype is 6 but X is float32");
}

}  // namespace
}  // namespace intact
