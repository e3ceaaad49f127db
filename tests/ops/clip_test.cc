#include <gtest/gtest.h>

#include "support/check_op.h"
#include "support/random_tensor.h"

namespace intact {
namespace {

TEST(Clip, PassesTheGradientInsideTheRange) {
  check_op({.type = "clip",
            .inputs = {{"X", {Tensor::from<float>({5}, {-2, -0.5f, 0.25f, 0.5f, 7})}}},
            .attrs = {{"min", -1.0f}, {"max", 0.375f}},
            .expected = {{"Out", {Tensor::from<float>({5}, {-1, -0.5f, 0.25f, 0.375f, 0.375f})}}},
            .gradients = {"X"}});
  expect_op_error({.type = "clip",
                   .inputs = {{"X", {random_tensor({2}, 1)}}},
                   .attrs = {{"min", 2.0f}, {"max", 1.0f}}},
                  "min is 2 but max is 1");
}

}  // namespace
}  // namespace intact
