#include <gtest/gtest.h>

#include <cmath>

#include "intact/ir/interpret.h"
#include "support/check_op.h"

namespace intact {
namespace {

/// What the op writes into a persistable Var of this name.
Tensor draw(const std::string& type, const std::string& name, Attributes attrs) {
  Program program;
  Block& block = program.block();
  Var& out = block.add_var(name, DType::Float32, {}, {.is_persistable = true});
  block.append_op({.type = type, .outputs = {{"Out", {&out}}}, .attrs = std::move(attrs)});
  Scope scope;
  interpret(program, {}, {}, scope);
  return scope.get(name);
}

TEST(UniformRandom, FillsTheRangeEvenly) {
  const Tensor x =
      draw("uniform_random", "w", {{"shape", Longs{100, 100}}, {"min", 2.0f}, {"max", 4.0f}});
  double sum = 0;
  for (const float value : x.values<float>()) {
    ASSERT_GE(value, 2);
    ASSERT_LT(value, 4);
    sum += value;
  }
  EXPECT_NEAR(sum / 1e4, 3, 4 * std::sqrt(4.0 / 12 / 1e4));  // four standard errors
}

TEST(GaussianRandom, HasTheMeanAndDeviation) {
  const Tensor x =
      draw("gaussian_random", "w", {{"shape", Longs{20000}}, {"mean", 1.0f}, {"std", 3.0f}});
  double sum = 0;
  double squares = 0;
  for (const float value : x.values<float>()) {
    sum += value;
    squares += (value - 1.0) * (value - 1.0);
  }
  EXPECT_NEAR(sum / 2e4, 1, 4 * 3 / std::sqrt(2e4));
  EXPECT_NEAR(std::sqrt(squares / 2e4), 3, 4 * 3 / std::sqrt(4e4));
}

TEST(TruncatedGaussianRandom, IsTheNormalOfWhatStaysWithinTwoDeviations) {
  const Attributes attrs = {{"shape", Longs{20000}}, {"mean", 1.0f}, {"std", 3.0f}};
  const Tensor x = draw("truncated_gaussian_random", "w", attrs);
  const Tensor normal = draw("gaussian_random", "w", attrs);
  double squares = 0;
  for (int64_t i = 0; i < x.numel(); ++i) {
    const double z = (x.data<float>()[i] - 1.0) / 3;
    ASSERT_LE(std::abs(z), 2 + 1e-6);
    squares += z * z;
    if (std::abs((normal.data<float>()[i] - 1.0) / 3) < 2) {
      ASSERT_EQ(x.data<float>()[i], normal.data<float>()[i]);
    }
  }
  EXPECT_NEAR(squares / 2e4, 0.7737, 0.02);  // variance of a normal cut at 2
}

TEST(Random, TheStreamDependsOnSeedAndNameOnly) {
  for (const char* type : {"uniform_random", "gaussian_random", "truncated_gaussian_random"}) {
    const auto with_seed = [&](const std::string& name, int32_t seed) {
      return draw(type, name, {{"shape", Longs{8}}, {"seed", seed}});
    };
    EXPECT_TRUE(with_seed("w", 0).identical(with_seed("w", 0))) << type;
    EXPECT_FALSE(with_seed("w", 0).identical(with_seed("w", 1))) << type;
    EXPECT_FALSE(with_seed("w", 0).identical(with_seed("v", 0))) << type;
  }
}

TEST(Random, ALargerTensorStartsWithTheSameNumbers) {
  const Tensor few = draw("uniform_random", "w", {{"shape", Longs{3}}});
  const Tensor many = draw("uniform_random", "w", {{"shape", Longs{7}}});
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(few.data<float>()[i], many.data<float>()[i]);
  }
}

TEST(Random, Executor) {
  check_op({.type = "uniform_random",
            .inputs = {},
            .attrs = {{"shape", Longs{3, 2}}, {"dtype", 6}},
            .has_batch = false});
  for (const char* type : {"gaussian_random", "truncated_gaussian_random"}) {
    check_op({.type = type, .inputs = {}, .attrs = {{"shape", Longs{3, 2}}}, .has_batch = false});
  }
}

TEST(Random, BadInputs) {
  expect_op_error({.type = "uniform_random",
                   .inputs = {},
                   .attrs = {{"shape", Longs{1}}, {"min", 2.0f}, {"max", 1.0f}}},
                  "min is 2 but max is 1");
  expect_op_error(
      {.type = "gaussian_random", .inputs = {}, .attrs = {{"shape", Longs{1}}, {"dtype", 3}}},
      "dtype is int64 but must be a float");
}

}  // namespace
}  // namespace intact
