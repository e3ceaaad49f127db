#include <gtest/gtest.h>

#include "support/check_op.h"
#include "support/random_tensor.h"

namespace intact {
namespace {

TEST(Sum, AddsLeftToRight) {
  const Tensor a = Tensor::from<float>({2, 1}, {1e8f, 1});
  const Tensor b = Tensor::from<float>({2, 1}, {-1e8f, 2});
  const Tensor c = Tensor::from<float>({2, 1}, {1, 3});
  check_op({.type = "sum",
            .inputs = {{"X", {a, b, c}}},
            .expected = {{"Out", {Tensor::from<float>({2, 1}, {1, 6})}}}});
  check_op({.type = "sum",
            .inputs = {{"X", {random_tensor({2, 2}, 1), random_tensor({2, 2}, 2)}}},
            .gradients = {"X"}});
  expect_op_error({.type = "sum",
                   .inputs = {{"X", {Tensor(DType::Float32, {2}), Tensor(DType::Float32, {3})}}}},
                  "X[0] is float32 [2] but X[1] is float32 [3]");
}

}  // namespace
}  // namespace intact
