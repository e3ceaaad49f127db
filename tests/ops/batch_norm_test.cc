#include <gtest/gtest.h>

#include <cmath>

#include "support/check_op.h"
#include "support/random_tensor.h"

namespace intact {
namespace {

TensorSlots with_statistics(Tensor x) {
  const int64_t channels = x.shape()[1];
  return {{"X", {x}},
          {"Scale", {random_tensor({channels}, 2, 0.5f, 1.5f)}},
          {"Bias", {random_tensor({channels}, 3)}},
          {"Mean", {random_tensor({channels}, 4)}},
          {"Variance", {random_tensor({channels}, 5, 0.5f, 1.5f)}}};
}

TEST(BatchNorm, TrainingUsesTheBatchAndMovesTheStatistics) {
  // Channel 0 holds -1, 1 (mean 0, variance 1), channel 1 holds 2, 6 (mean 4, variance 4).
  check_op({.type = "batch_norm",
            .inputs = {{"X", {Tensor::from<float>({2, 2}, {-1, 2, 1, 6})}},
                       {"Scale", {Tensor::from<float>({2}, {1, 10})}},
                       {"Bias", {Tensor::from<float>({2}, {0, 5})}},
                       {"Mean", {Tensor::from<float>({2}, {10, 0})}},
                       {"Variance", {Tensor::from<float>({2}, {1, 0})}}},
            .attrs = {{"epsilon", 0.0f}, {"momentum", 0.5f}},
            .expected = {{"Y", {Tensor::from<float>({2, 2}, {-1, -5, 1, 15})}},
                         {"MeanOut", {Tensor::from<float>({2}, {5, 2})}},
                         {"VarianceOut", {Tensor::from<float>({2}, {1, 2})}},
                         {"SavedMean", {Tensor::from<float>({2}, {0, 4})}},
                         {"SavedVariance", {Tensor::from<float>({2}, {1, 0.5})}}}});
}

TEST(BatchNorm, TestUsesAndKeepsTheRunningStatistics) {
  for (const char* attr : {"is_test", "use_global_stats"}) {
    check_op({.type = "batch_norm",
              .inputs = {{"X", {Tensor::from<float>({1, 2, 1, 2}, {1, 3, 8, 12})}},
                         {"Scale", {Tensor::from<float>({2}, {1, 10})}},
                         {"Bias", {Tensor::from<float>({2}, {0, 5})}},
                         {"Mean", {Tensor::from<float>({2}, {1, 10})}},
                         {"Variance", {Tensor::from<float>({2}, {4, 1})}}},
              .attrs = {{"epsilon", 0.0f}, {attr, true}},
              .expected = {{"Y", {Tensor::from<float>({1, 2, 1, 2}, {0, 1, -15, 25})}},
                           {"MeanOut", {Tensor::from<float>({2}, {1, 10})}},
                           {"VarianceOut", {Tensor::from<float>({2}, {4, 1})}}}});
  }
}

TEST(BatchNorm, ScaleBiasAndReserveSpaceAreOptional) {
  check_op({.type = "batch_norm",
            .inputs = {{"X", {Tensor::from<float>({2, 1}, {3, 5})}},
                       {"Mean", {Tensor::from<float>({1}, {0})}},
                       {"Variance", {Tensor::from<float>({1}, {1})}}},
            .attrs = {{"epsilon", 0.0f}},
            .expected = {{"Y", {Tensor::from<float>({2, 1}, {-1, 1})}}},
            .output_counts = {{"ReserveSpace", 1}}});
}

TEST(BatchNorm, MomentumTensorOverridesTheAttribute) {
  check_op({.type = "batch_norm",
            .inputs = {{"X", {Tensor::from<float>({2, 1}, {3, 5})}},
                       {"Mean", {Tensor::from<float>({1}, {0})}},
                       {"Variance", {Tensor::from<float>({1}, {1})}},
                       {"MomentumTensor", {Tensor::from<float>({1}, {0.25})}}},
            .expected = {{"MeanOut", {Tensor::from<float>({1}, {3})}},
                         {"VarianceOut", {Tensor::from<float>({1}, {1})}}}});
}

TEST(BatchNorm, GradientsAreCentralDifferences) {
  for (const Shape& shape : {Shape{4, 3, 3, 2}, Shape{5, 2}, Shape{2, 2, 3}}) {
    for (const Attributes& attrs :
         {Attributes{},
          Attributes{{"use_global_stats", true}},
          Attributes{{"is_test", true}},
          Attributes{{"is_test", true}, {"trainable_statistics", true}}}) {
      check_op({.type = "batch_norm",
                .inputs = with_statistics(random_tensor(shape, 1)),
                .attrs = attrs,
                .gradients = {"X", "Scale", "Bias"}});
    }
  }
}

TEST(BatchNorm, BadInputsAreNamed) {
  TensorSlots inputs = with_statistics(random_tensor({2, 3, 4, 4}, 1));
  expect_op_error(
      {.type = "batch_norm", .inputs = inputs, .attrs = {{"data_layout", std::string("NHWC")}}},
      "data_layout is 'NHWC'; only NCHW is supported");
  inputs["Scale"] = {random_tensor({4}, 1)};
  expect_op_error({.type = "batch_norm", .inputs = inputs},
                  "Scale is [4] but X [2,3,4,4] has 3 channels; give one value a channel");
  inputs["Scale"] = {Tensor(DType::Float64, {3})};
  expect_op_error({.type = "batch_norm", .inputs = inputs},
                  "Scale is float64 but X is float32; cast one of them");
  expect_op_error(
      {.type = "batch_norm", .inputs = with_statistics(random_tensor({1, 1, 1, 1, 1, 1}, 1))},
      "X is [1,1,1,1,1,1]; give 2 to 5 dimensions");
}

}  // namespace
}  // namespace intact
