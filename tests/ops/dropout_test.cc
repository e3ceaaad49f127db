#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "intact/ir/interpret.h"
#include "intact/ir/text.h"
#include "support/check_op.h"
#include "support/random_tensor.h"

namespace intact {
namespace {

TEST(Dropout, TestScalesOrPasses) {
  const Tensor x = Tensor::from<float>({2, 1}, {4, -8});
  check_op({.type = "dropout",
            .inputs = {{"X", {x}}},
            .attrs = {{"is_test", true}, {"dropout_prob", 0.25f}},
            .expected = {{"Out", {Tensor::from<float>({2, 1}, {3, -6})}}},
            .gradients = {"X"}});
  check_op(
      {.type = "dropout",
       .inputs = {{"X", {x}}},
       .attrs = {{"is_test", true}, {"dropout_implementation", std::string("upscale_in_train")}},
       .expected = {{"Out", {x}}},
       .gradients = {"X"}});
}

TEST(Dropout, TrainingGradientFollowsTheMask) {
  for (const char* implementation : {"downgrade_in_infer", "upscale_in_train"}) {
    check_op({.type = "dropout",
              .inputs = {{"X", {random_tensor({3, 4}, 1)}}},
              .attrs = {{"dropout_implementation", std::string(implementation)}},
              .gradients = {"X"}});
  }
}

/// Ones through a dropout of 0.25.
std::vector<Tensor> drop(const std::string& attrs, uint64_t run_index) {
  const Program program = parse_program(
      "var %x: float32[10000] data\n"
      "Out=%y, Mask=%mask = dropout(X=%x) {dropout_prob=0.25, " +
      attrs + "}");
  Tensor ones(DType::Float32, {10000});
  std::fill_n(ones.data<float>(), 10000, 1.0f);
  Scope scope;
  return interpret(program, {{"x", ones}}, {"y", "mask"}, scope, {.run_index = run_index});
}

TEST(Dropout, KeepsTheShareItShould) {
  const auto upscaled = drop("dropout_implementation=\"upscale_in_train\"", 0);
  const auto plain = drop("seed=0", 0);
  const auto mask = plain[1].values<uint8_t>();
  int kept = 0;
  for (size_t i = 0; i < mask.size(); ++i) {
    kept += mask[i];
    EXPECT_EQ(plain[0].data<float>()[i], mask[i] != 0 ? 1.0f : 0.0f);
    EXPECT_EQ(upscaled[0].data<float>()[i], mask[i] != 0 ? 1.0f / 0.75f : 0.0f);
  }
  EXPECT_NEAR(kept, 7500, 4 * std::sqrt(10000 * 0.25 * 0.75));  // four standard deviations
}

TEST(Dropout, TheMaskDependsOnSeedAndRun) {
  const auto mask = [](const std::string& attrs, uint64_t run) { return drop(attrs, run)[1]; };
  EXPECT_TRUE(mask("seed=1", 3).identical(mask("seed=1", 3)));
  EXPECT_FALSE(mask("seed=1", 3).identical(mask("seed=1", 4)));
  EXPECT_FALSE(mask("seed=1", 3).identical(mask("seed=2", 3)));
  EXPECT_TRUE(mask("seed=1, fix_seed=true", 3).identical(mask("seed=1, fix_seed=true", 4)));
}

TEST(Dropout, OfEverythingIsZero) {
  check_op({.type = "dropout",
            .inputs = {{"X", {Tensor::from<float>({2}, {1, 2})}}},
            .attrs = {{"dropout_prob", 1.0f},
                      {"dropout_implementation", std::string("upscale_in_train")}},
            .expected = {{"Out", {Tensor::from<float>({2}, {0, 0})}}},
            .gradients = {"X"}});
}

TEST(Dropout, BadInputs) {
  expect_op_error({.type = "dropout",
                   .inputs = {{"X", {random_tensor({2}, 1)}}},
                   .attrs = {{"dropout_prob", 1.5f}}},
                  "dropout_prob is 1.5; use 0..1");
  expect_op_error({.type = "dropout",
                   .inputs = {{"X", {random_tensor({2}, 1)}}},
                   .attrs = {{"dropout_implementation", std::string("upscale")}}},
                  "dropout_implementation is 'upscale'");
}

}  // namespace
}  // namespace intact
