#include <gtest/gtest.h>

#include <cmath>

#include "support/check_op.h"
#include "support/random_tensor.h"

namespace intact {
namespace {

Tensor doubles(const std::vector<double>& values) {
  return Tensor::from<double>({static_cast<int64_t>(values.size())}, values);
}

Tensor floats(const std::vector<float>& values) {
  return Tensor::from<float>({static_cast<int64_t>(values.size())}, values);
}

TEST(Sgd, StepsAgainstTheGradient) {
  for (const Tensor& rate : {floats({0.5f}), Tensor::scalar<float>(0.5f)}) {
    check_op({.type = "sgd",
              .inputs = {{"Param", {floats({1, 2})}},
                         {"Grad", {floats({4, -2})}},
                         {"LearningRate", {rate}}},
              .expected = {{"ParamOut", {floats({-1, 3})}}},
              .has_batch = false});
  }
}

TensorSlots momentum_inputs() {
  return {{"Param", {floats({1, 2})}},
          {"Grad", {floats({4, -2})}},
          {"Velocity", {floats({2, 0})}},
          {"LearningRate", {floats({0.5f})}}};
}

TEST(Momentum, KeepsPartOfTheVelocity) {
  check_op({.type = "momentum",
            .inputs = momentum_inputs(),
            .attrs = {{"mu", 0.5f}},
            .expected = {{"VelocityOut", {floats({5, -2})}}, {"ParamOut", {floats({-1.5f, 3})}}},
            .has_batch = false});
}

TEST(Momentum, NesterovLooksAhead) {
  // p - lr * (g + mu * v_new)
  check_op(
      {.type = "momentum",
       .inputs = momentum_inputs(),
       .attrs = {{"mu", 0.5f}, {"use_nesterov", true}},
       .expected = {{"VelocityOut", {floats({5, -2})}}, {"ParamOut", {floats({-2.25f, 3.5f})}}},
       .has_batch = false});
}

TEST(Momentum, DecayAndRescaleChangeTheGradient) {
  // g = 4 * 0.25 + 0.5 * 1 = 1.5 and -2 * 0.25 + 0.5 * 2 = 0.5
  check_op({.type = "momentum",
            .inputs = momentum_inputs(),
            .attrs = {{"mu", 0.5f},
                      {"rescale_grad", 0.25f},
                      {"regularization_method", std::string("l2_decay")},
                      {"regularization_coeff", 0.5f}},
            .expected = {{"VelocityOut", {floats({2.5f, 0.5f})}},
                         {"ParamOut", {floats({-0.25f, 1.75f})}}},
            .has_batch = false});
}

TEST(Adam, FirstStepMovesByTheLearningRate) {
  // With zero moments and t = 1, m/(1-b1) = g and v/(1-b2) = g*g: the step is lr * sign(g), up to
  // epsilon. Attributes are floats, hence the tolerance of one float ulp on beta.
  check_op({.type = "adam",
            .inputs = {{"Param", {doubles({1, 2})}},
                       {"Grad", {doubles({4, -0.5})}},
                       {"LearningRate", {doubles({0.1})}},
                       {"Moment1", {doubles({0, 0})}},
                       {"Moment2", {doubles({0, 0})}},
                       {"Beta1Pow", {doubles({0.9})}},
                       {"Beta2Pow", {doubles({0.999})}}},
            .expected = {{"ParamOut", {doubles({0.9, 2.1})}},
                         {"Moment1Out", {doubles({0.4, -0.05})}},
                         {"Moment2Out", {doubles({0.016, 0.00025})}},
                         {"Beta1PowOut", {doubles({0.81})}},
                         {"Beta2PowOut", {doubles({0.998001})}}},
            .tolerance = 2e-6,
            .has_batch = false});
}

TEST(Optimizers, BadInputs) {
  OpCase wrong = {.type = "momentum", .inputs = momentum_inputs(), .attrs = {{"mu", 0.5f}}};
  wrong.inputs["Grad"] = {floats({1})};
  expect_op_error(wrong, "Param is float32 [2] but Grad is float32 [1]");
  wrong.inputs = momentum_inputs();
  wrong.inputs["LearningRate"] = {floats({1, 2})};
  expect_op_error(wrong, "LearningRate is float32 [2] but must be one float32");
  wrong.inputs = momentum_inputs();
  wrong.attrs["regularization_method"] = std::string("l1_decay");
  expect_op_error(wrong, "regularization_method is 'l1_decay'");
  wrong.attrs = {};
  expect_op_error(wrong, "attribute 'mu' is missing");
  wrong.attrs = {{"mu", 0.5f}, {"multi_precision", true}};
  expect_op_error(wrong, "multi_precision is set");
}

}  // namespace
}  // namespace intact
