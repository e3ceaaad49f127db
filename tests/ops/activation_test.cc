#include <gtest/gtest.h>

#include "support/check_op.h"
#include "support/random_tensor.h"

namespace intact {
namespace {

TEST(Activation, Relu) {
  check_op({.type = "relu",
            .inputs = {{"X", {Tensor::from<float>({2, 2}, {-1, 0, 0.5, 2})}}},
            .expected = {{"Out", {Tensor::from<float>({2, 2}, {0, 0, 0.5, 2})}}}});
  check_op({.type = "relu",
            .inputs = {{"X", {kink_free_tensor({3, 4}, 1, -2, 2, 4)}}},
            .gradients = {"X"}});
}

}  // namespace
}  // namespace intact
