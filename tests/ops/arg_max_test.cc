#include <gtest/gtest.h>

#include "support/check_op.h"

namespace intact {
namespace {

TEST(ArgMax, TheFirstOfEqualsWins) {
  const Tensor x = Tensor::from<float>({2, 3}, {1, 3, 3, 9, 2, 3});
  check_op({.type = "arg_max",
            .inputs = {{"X", {x}}},
            .attrs = {{"axis", int64_t{1}}},
            .expected = {{"Out", {Tensor::from<int64_t>({2}, {1, 0})}}}});
  check_op({.type = "arg_max",
            .inputs = {{"X", {x}}},
            .attrs = {{"axis", int64_t{0}}, {"keepdims", true}, {"dtype", 2}},
            .expected = {{"Out", {Tensor::from<int32_t>({1, 3}, {1, 0, 0})}}},
            .has_batch = false});
  check_op({.type = "arg_max",
            .inputs = {{"X", {x}}},
            .attrs = {{"axis", int64_t{0}}, {"flatten", true}},
            .expected = {{"Out", {Tensor::scalar<int64_t>(3)}}}});
  expect_op_error({.type = "arg_max", .inputs = {{"X", {x}}}, .attrs = {{"axis", int64_t{2}}}},
                  "axis 2 is outside rank 2");
  expect_op_error(
      {.type = "arg_max", .inputs = {{"X", {x}}}, .attrs = {{"axis", int64_t{0}}, {"dtype", 5}}},
      "dtype is float32; use int64 or int32");
}

}  // namespace
}  // namespace intact
