#include <gtest/gtest.h>

#include "support/check_op.h"
#include "support/random_tensor.h"

namespace intact {
namespace {

TEST(Stack, AddsAnAxis) {
  const Tensor a = Tensor::from<float>({2}, {1, 2});
  const Tensor b = Tensor::from<float>({2}, {3, 4});
  check_op({.type = "stack",
            .inputs = {{"X", {a, b}}},
            .expected = {{"Y", {Tensor::from<float>({2, 2}, {1, 2, 3, 4})}}},
            .gradients = {"X"}});
  check_op({.type = "stack",
            .inputs = {{"X", {a, b}}},
            .attrs = {{"axis", -1}},
            .expected = {{"Y", {Tensor::from<float>({2, 2}, {1, 3, 2, 4})}}},
            .gradients = {"X"}});
  check_op({.type = "stack",
            .inputs = {{"X", {random_tensor({2, 3}, 1), random_tensor({2, 3}, 2)}}},
            .attrs = {{"axis", 1}},
            .gradients = {"X"}});
}

TEST(Stack, BadInputs) {
  expect_op_error(
      {.type = "stack", .inputs = {{"X", {random_tensor({2}, 1), random_tensor({3}, 1)}}}},
      "X[0] is float32 [2] but X[1] is float32 [3]");
  expect_op_error(
      {.type = "stack", .inputs = {{"X", {random_tensor({2}, 1)}}}, .attrs = {{"axis", 2}}},
      "axis 2 is outside rank 2 of Y");
}

}  // namespace
}  // namespace intact
