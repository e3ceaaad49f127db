#include <gtest/gtest.h>

#include "support/check_op.h"
#include "support/random_tensor.h"

namespace intact {
namespace {

TEST(Assign, CopiesAnyDtype) {
  check_op({.type = "assign",
            .inputs = {{"X", {Tensor::from<int32_t>({2}, {3, -3})}}},
            .expected = {{"Out", {Tensor::from<int32_t>({2}, {3, -3})}}}});
  check_op({.type = "assign", .inputs = {{"X", {random_tensor({2, 2}, 1)}}}, .gradients = {"X"}});
}

TEST(Increment, AddsTheStepToOneElement) {
  check_op({.type = "increment",
            .inputs = {{"X", {Tensor::from<int64_t>({1}, {41})}}},
            .expected = {{"Out", {Tensor::from<int64_t>({1}, {42})}}}});
  check_op({.type = "increment",
            .inputs = {{"X", {Tensor::from<float>({1}, {1})}}},
            .attrs = {{"step", 0.5f}},
            .expected = {{"Out", {Tensor::from<float>({1}, {1.5f})}}}});
  expect_op_error({.type = "increment", .inputs = {{"X", {Tensor(DType::Int64, {2})}}}},
                  "X has shape [2] but must be a single element");
}

}  // namespace
}  // namespace intact
