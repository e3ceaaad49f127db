#include <gtest/gtest.h>

#include <cmath>

#include "support/check_op.h"
#include "support/random_tensor.h"

namespace intact {
namespace {

TEST(Softmax, HandWrittenNumbers) {
  const auto ln = [](float x) { return std::log(x); };
  // 1e-7: one rounding of exp and of the logarithms given as input.
  check_op({.type = "softmax",
            .inputs = {{"X", {Tensor::from<float>({2, 2}, {ln(1), ln(3), 1000, 1000})}}},
            .expected = {{"Out", {Tensor::from<float>({2, 2}, {0.25, 0.75, 0.5, 0.5})}}},
            .tolerance = 1e-7});
  check_op({.type = "softmax",
            .inputs = {{"X", {Tensor::from<float>({2, 2}, {ln(1), ln(2), ln(4), ln(3)})}}},
            .attrs = {{"axis", int32_t{0}}},
            .expected = {{"Out", {Tensor::from<float>({2, 2}, {0.2, 0.4, 0.8, 0.6})}}},
            .tolerance = 1e-7});
}

TEST(Softmax, GradientsAreCentralDifferencesOnEveryAxis) {
  for (int32_t axis : {-1, 0, 1, 2}) {
    check_op({.type = "softmax",
              .inputs = {{"X", {random_tensor({2, 3, 4}, 1, -2, 2)}}},
              .attrs = {{"axis", axis}},
              .gradients = {"X"}});
  }
}

TEST(LogSoftmax, IsTheLogarithmOfSoftmax) {
  const float ln4 = std::log(4.0f);
  // 1e-7: one rounding of the logarithms.
  check_op({.type = "log_softmax",
            .inputs = {{"X", {Tensor::from<float>({2, 2}, {0, std::log(3.0f), 1000, 1000})}}},
            .expected = {{"Out",
                          {Tensor::from<float>(
                              {2, 2}, {-ln4, std::log(0.75f), std::log(0.5f), std::log(0.5f)})}}},
            .tolerance = 1e-7});
  for (int32_t axis : {-1, 0, 1}) {
    check_op({.type = "log_softmax",
              .inputs = {{"X", {random_tensor({2, 3, 4}, 1, -2, 2)}}},
              .attrs = {{"axis", axis}},
              .gradients = {"X"}});
  }
}

TEST(Softmax, BadAxisIsNamed) {
  expect_op_error({.type = "softmax",
                   .inputs = {{"X", {random_tensor({2, 3}, 1)}}},
                   .attrs = {{"axis", int32_t{2}}}},
                  "axis is 2 but the tensor [2,3] has 2 dimensions; use -2..1");
}

}  // namespace
}  // namespace intact
