#include <gtest/gtest.h>

#include "support/check_op.h"
#include "support/random_tensor.h"

namespace intact {
namespace {

TEST(Cast, TruncatesTowardZero) {
  check_op({.type = "cast",
            .inputs = {{"X", {Tensor::from<float>({4}, {1.9f, -1.9f, 0.5f, 100})}}},
            .attrs = {{"in_dtype", 5}, {"out_dtype", 3}},
            .expected = {{"Out", {Tensor::from<int64_t>({4}, {1, -1, 0, 100})}}}});
  check_op({.type = "cast",
            .inputs = {{"X", {Tensor::from<int64_t>({2}, {0, 7})}}},
            .attrs = {{"in_dtype", 3}, {"out_dtype", 0}},
            .expected = {{"Out", {Tensor::from<bool>({2}, {false, true})}}}});
}

TEST(Cast, GradientCastsBack) {
  const TensorSlots grads =
      run_reference_gradient({.type = "cast",
                              .inputs = {{"X", {random_tensor({2}, 1)}}},
                              .attrs = {{"in_dtype", 5}, {"out_dtype", 6}},
                              .gradients = {"X"}},
                             {{"Out", {Tensor::from<double>({2}, {0.25, -3})}}});
  EXPECT_TRUE(grads.at("X")[0].identical(Tensor::from<float>({2}, {0.25f, -3})));
}

TEST(Cast, BadInputs) {
  expect_op_error({.type = "cast",
                   .inputs = {{"X", {Tensor(DType::Float32, {2})}}},
                   .attrs = {{"in_dtype", 6}, {"out_dtype", 3}}},
                  "in_dtype is float64 but X is float32");
}

}  // namespace
}  // namespace intact
