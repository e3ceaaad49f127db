#include <gtest/gtest.h>

#include "support/check_op.h"
#include "support/random_tensor.h"

namespace intact {
namespace {

TEST(Tile, RepeatsWholeAxes) {
  const Tensor x = Tensor::from<float>({2, 2}, {1, 2, 3, 4});
  check_op({.type = "tile",
            .inputs = {{"X", {x}}},
            .attrs = {{"repeat_times", Ints{1, 2}}},
            .expected = {{"Out", {Tensor::from<float>({2, 4}, {1, 2, 1, 2, 3, 4, 3, 4})}}},
            .gradients = {"X"}});
  check_op({.type = "tile",
            .inputs = {{"X", {x}}},
            .attrs = {{"repeat_times", Ints{2}}},
            .expected = {{"Out", {Tensor::from<float>({2, 4}, {1, 2, 1, 2, 3, 4, 3, 4})}}},
            .gradients = {"X"}});
  check_op({.type = "tile",
            .inputs = {{"X", {random_tensor({2, 3}, 1)}}},
            .attrs = {{"repeat_times", Ints{2, 3, 2}}},
            .gradients = {"X"},
            .has_batch = false});
}

TEST(Tile, BadInputs) {
  expect_op_error({.type = "tile",
                   .inputs = {{"X", {random_tensor({2, 3}, 1)}}},
                   .attrs = {{"repeat_times", Ints{0, 2}}}},
                  "repeat_times [0,2] holds 0");
}

}  // namespace
}  // namespace intact
