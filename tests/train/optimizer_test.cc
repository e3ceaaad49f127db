#include "intact/train/optimizer.h"

#include <gtest/gtest.h>

#include <cmath>

#include "intact/base/error.h"
#include "intact/ir/interpret.h"
#include "intact/nn/data.h"
#include "intact/nn/fc.h"
#include "intact/nn/program_guard.h"
#include "intact/nn/reduce.h"

namespace intact {
namespace {

constexpr float kRate = 0.5f;
constexpr float kStart = 2.0f;
constexpr float kGradient = 3.0f;

/// loss = w * x with one weight, starting at kStart; x = kGradient is then its gradient.
class Optimizers : public ::testing::Test {
 protected:
  void build(Optimizer& optimizer, const nn::ParamAttr& attr = {}) {
    ProgramGuard guard(main, startup);
    nn::ParamAttr weight = attr;
    weight.name = std::string("w");
    weight.initializer = nn::Constant{kStart};
    Var& loss = nn::mean(nn::fc(nn::data("x", {-1, 1}), {.size = 1, .weight = weight, .bias = {}}));
    trained = optimizer.minimize(loss);
    interpret(startup, {}, {}, scope);
  }

  float step() {
    interpret(main, {{"x", Tensor::from<float>({1, 1}, {kGradient})}}, {}, scope);
    return value("w");
  }
  float value(const std::string& name) const { return scope.get(name).values<float>()[0]; }

  Program main;
  Program startup;
  Scope scope;
  std::vector<ParameterGradient> trained;
};

TEST_F(Optimizers, SgdStepsAgainstTheGradient) {
  Sgd sgd({.learning_rate = kRate});
  build(sgd);
  ASSERT_EQ(trained.size(), 1u);
  EXPECT_EQ(trained[0].parameter->name(), "w");
  EXPECT_EQ(sgd.learning_rate_name(), "learning_rate_0");
  EXPECT_EQ(value("learning_rate_0"), kRate);
  EXPECT_EQ(step(), 2.0f - 0.5f * 3.0f);
}

TEST_F(Optimizers, SgdAddsTheDecay) {
  Sgd sgd({.learning_rate = kRate, .l2_decay = 0.25f});
  build(sgd);
  EXPECT_EQ(step(), 2.0f - 0.5f * (3.0f + 0.25f * 2.0f));
}

TEST_F(Optimizers, MomentumKeepsAVelocity) {
  Momentum momentum({.learning_rate = kRate, .momentum = 0.5f});
  build(momentum);
  EXPECT_EQ(value("w_velocity_0"), 0.0f);
  EXPECT_EQ(step(), 2.0f - 0.5f * 3.0f);
  EXPECT_EQ(value("w_velocity_0"), 3.0f);
  EXPECT_EQ(step(), 0.5f - 0.5f * (0.5f * 3.0f + 3.0f));
}

TEST_F(Optimizers, NesterovLooksAhead) {
  Momentum momentum({.learning_rate = kRate, .momentum = 0.5f, .use_nesterov = true});
  build(momentum);
  EXPECT_EQ(step(), 2.0f - 0.5f * (3.0f + 0.5f * 3.0f));
}

TEST_F(Optimizers, MomentumAddsTheDecay) {
  Momentum momentum({.learning_rate = kRate, .momentum = 0.5f, .l2_decay = 0.25f});
  build(momentum);
  EXPECT_EQ(step(), 2.0f - 0.5f * (3.0f + 0.25f * 2.0f));
}

TEST_F(Optimizers, AParametersOwnRateAndDecayWin) {
  Momentum momentum({.learning_rate = kRate, .momentum = 0.5f, .l2_decay = 0.25f});
  build(momentum, {.learning_rate = 0.5f, .l2_decay = 0.0f});
  EXPECT_EQ(step(), 2.0f - 0.25f * 3.0f);
}

TEST_F(Optimizers, AdamFollowsItsFormula) {
  Adam adam({.learning_rate = kRate});
  build(adam);
  double m = 0;
  double v = 0;
  double p = kStart;
  for (int t = 1; t <= 3; ++t) {
    m = 0.9 * m + 0.1 * kGradient;
    v = 0.999 * v + 0.001 * kGradient * kGradient;
    const double correction = std::sqrt(1 - std::pow(0.999, t));
    p -= kRate * correction / (1 - std::pow(0.9, t)) * m / (std::sqrt(v) + 1e-8 * correction);
    EXPECT_NEAR(step(), p, 2e-4);  // 1 - 0.999f in fp32 has 4 good digits
  }
  EXPECT_NE(scope.find("w_moment1_0"), nullptr);
  EXPECT_NE(scope.find("w_beta2_pow_acc_0"), nullptr);
}

TEST_F(Optimizers, UpdatesVanishInTheTestProgram) {
  Momentum momentum({.learning_rate = kRate, .l2_decay = 0.5f});
  build(momentum, {.learning_rate = 0.5f});
  const Program test = main.clone_for_test();
  for (const Op* op : test.ops()) {
    EXPECT_TRUE(op->is_forward()) << op->label();
  }
  EXPECT_EQ(test.block().find_var("w_velocity_0"), nullptr);
  EXPECT_EQ(test.block().find_var("learning_rate_0"), nullptr);
}

TEST_F(Optimizers, ALossOfAnotherProgramIsRefused) {
  Program other;
  Var& loss = other.block().add_var("loss", DType::Float32, {});
  ProgramGuard guard(main, startup);
  EXPECT_THROW(Sgd().minimize(loss), Error);
}

TEST_F(Optimizers, WithoutTrainableParametersItSaysSo) {
  ProgramGuard guard(main, startup);
  Var& loss = nn::mean(
      nn::fc(nn::data("x", {-1, 1}), {.size = 1, .weight = {.trainable = false}, .bias = {}}));
  EXPECT_THROW(Sgd().minimize(loss), Error);
}

}  // namespace
}  // namespace intact
