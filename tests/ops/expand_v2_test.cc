#include <gtest/gtest.h>

#include "support/check_op.h"
#include "support/random_tensor.h"

namespace intact {
namespace {

TEST(ExpandV2, RepeatsDimensionsOfOne) {
  check_op({.type = "expand_v2",
            .inputs = {{"X", {Tensor::from<float>({2, 1}, {1, 2})}}},
            .attrs = {{"shape", Ints{-1, 3}}},
            .expected = {{"Out", {Tensor::from<float>({2, 3}, {1, 1, 1, 2, 2, 2})}}},
            .gradients = {"X"}});
  check_op({.type = "expand_v2",
            .inputs = {{"X", {random_tensor({1, 3}, 1)}}},
            .attrs = {{"shape", Ints{2, 2, 3}}},
            .gradients = {"X"},
            .has_batch = false});
  expect_op_error({.type = "expand_v2",
                   .inputs = {{"X", {random_tensor({2, 3}, 1)}}},
                   .attrs = {{"shape", Ints{2, 6}}}},
                  "X [2,3] does not repeat to shape [2,6]");
  expect_op_error({.type = "expand_v2",
                   .inputs = {{"X", {random_tensor({2, 3}, 1)}}},
                   .attrs = {{"shape", Ints{3}}}},
                  "has fewer axes than X [2,3]");
}

}  // namespace
}  // namespace intact
