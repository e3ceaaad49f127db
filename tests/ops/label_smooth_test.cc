#include <gtest/gtest.h>

#include "support/check_op.h"
#include "support/random_tensor.h"

namespace intact {
namespace {

TEST(LabelSmooth, MovesShareToOtherClasses) {
  check_op({.type = "label_smooth",
            .inputs = {{"X", {Tensor::from<float>({1, 4}, {0, 1, 0, 0})}}},
            .attrs = {{"epsilon", 0.5f}},
            .expected = {{"Out", {Tensor::from<float>({1, 4}, {0.125f, 0.625f, 0.125f, 0.125f})}}},
            .gradients = {"X"}});
  check_op({.type = "label_smooth",
            .inputs = {{"X", {Tensor::from<float>({2, 2}, {0, 1, 1, 0})}},
                       {"PriorDist", {Tensor::from<float>({1, 2}, {0.25f, 0.75f})}}},
            .attrs = {{"epsilon", 0.5f}},
            .expected = {{"Out", {Tensor::from<float>({2, 2}, {0.125f, 0.875f, 0.625f, 0.375f})}}},
            .gradients = {"X"}});
}

TEST(LabelSmooth, BadInputs) {
  expect_op_error({.type = "label_smooth",
                   .inputs = {{"X", {random_tensor({2, 3}, 1)}}},
                   .attrs = {{"epsilon", 1.5f}}},
                  "epsilon is 1.5");
  expect_op_error(
      {.type = "label_smooth",
       .inputs = {{"X", {random_tensor({2, 3}, 1)}}, {"PriorDist", {random_tensor({1, 2}, 1)}}}},
      "PriorDist is float32 [1,2] but X float32 [2,3]");
}

}  // namespace
}  // namespace intact
