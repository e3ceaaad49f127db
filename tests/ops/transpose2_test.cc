#include <gtest/gtest.h>

#include "support/check_op.h"
#include "support/random_tensor.h"

namespace intact {
namespace {

TEST(Transpose2, PermutesTheAxes) {
  check_op({.type = "transpose2",
            .inputs = {{"X", {Tensor::from<float>({2, 3}, {1, 2, 3, 4, 5, 6})}}},
            .attrs = {{"axis", Ints{1, 0}}},
            .expected = {{"Out", {Tensor::from<float>({3, 2}, {1, 4, 2, 5, 3, 6})}},
                         {"XShape", {Tensor(DType::Float32, {0, 2, 3})}}},
            .gradients = {"X"}});
  check_op({.type = "transpose2",
            .inputs = {{"X", {random_tensor({2, 3, 4, 5}, 1)}}},
            .attrs = {{"axis", Ints{0, -1, 1, 2}}},
            .gradients = {"X"}});
}

TEST(Transpose2, BadInputs) {
  for (const Ints& axis : {Ints{0, 0}, Ints{0}, Ints{0, 2}, Ints{0, 1, 2}}) {
    expect_op_error({.type = "transpose2",
                     .inputs = {{"X", {random_tensor({2, 3}, 1)}}},
                     .attrs = {{"axis", axis}}},
                    "is not an order of the 2 axes of X");
  }
  expect_op_error({.type = "transpose2", .inputs = {{"X", {random_tensor({2, 3}, 1)}}}},
                  "attribute 'axis' is missing");
}

}  // namespace
}  // namespace intact
