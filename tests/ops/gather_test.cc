#include <gtest/gtest.h>

#include "support/check_op.h"
#include "support/random_tensor.h"

namespace intact {
namespace {

TEST(Gather, TakesSlicesAndAddsUpRepeatedOnes) {
  const Tensor x = Tensor::from<float>({3, 2}, {1, 2, 3, 4, 5, 6});
  check_op({.type = "gather",
            .inputs = {{"X", {x}}, {"Index", {Tensor::from<int64_t>({4}, {2, 0, 2, 2})}}},
            .expected = {{"Out", {Tensor::from<float>({4, 2}, {5, 6, 1, 2, 5, 6, 5, 6})}}},
            .gradients = {"X"},
            .batch_inputs = {"Index"}});
  check_op({.type = "gather",
            .inputs = {{"X", {x}}, {"Index", {Tensor::from<int32_t>({2, 1}, {1, 0})}}},
            .attrs = {{"axis", -1}},
            .expected = {{"Out", {Tensor::from<float>({3, 2}, {2, 1, 4, 3, 6, 5})}}},
            .gradients = {"X"},
            .batch_inputs = {"X"}});
}

TEST(Gather, AScalarIndexDropsTheAxis) {
  check_op(
      {.type = "gather",
       .inputs = {{"X", {random_tensor({2, 3, 2}, 1)}}, {"Index", {Tensor::scalar<int32_t>(2)}}},
       .attrs = {{"axis", 1}},
       .gradients = {"X"},
       .batch_inputs = {"X"}});
}

TEST(Gather, BadInputs) {
  EXPECT_ANY_THROW(run_reference(
      {.type = "gather",
       .inputs = {{"X", {random_tensor({3}, 1)}}, {"Index", {Tensor::from<int64_t>({1}, {3})}}}}));
  expect_op_error({.type = "gather",
                   .inputs = {{"X", {random_tensor({3}, 1)}}, {"Index", {random_tensor({1}, 1)}}}},
                  "Index is float32 [1] but must be int32 or int64");
  expect_op_error({.type = "gather",
                   .inputs = {{"X", {random_tensor({3}, 1)}},
                              {"Index", {Tensor::from<int64_t>({1, 2}, {0, 1})}}}},
                  "Index is int64 [1,2]");
}

}  // namespace
}  // namespace intact
