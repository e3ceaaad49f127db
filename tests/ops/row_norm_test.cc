// layer_norm, group_norm and instance_norm.
#include <gtest/gtest.h>

#include "support/check_op.h"
#include "support/random_tensor.h"

namespace intact {
namespace {

// Rows -1, 1 (mean 0, variance 1) and 2, 6 (mean 4, variance 4), without epsilon.
const Tensor kRows = Tensor::from<float>({1, 2, 2}, {-1, 1, 2, 6});
const Tensor kScale = Tensor::from<float>({2}, {1, 10});
const Tensor kBias = Tensor::from<float>({2}, {0, 5});

TEST(RowNorm, HandWrittenNumbers) {
  const TensorSlots inputs = {{"X", {kRows}}, {"Scale", {kScale}}, {"Bias", {kBias}}};
  check_op({.type = "layer_norm",
            .inputs = inputs,
            .attrs = {{"epsilon", 0.0f}, {"begin_norm_axis", int32_t{2}}},
            .expected = {{"Y", {Tensor::from<float>({1, 2, 2}, {-1, 15, -1, 15})}},
                         {"Mean", {Tensor::from<float>({1, 2}, {0, 4})}},
                         {"Variance", {Tensor::from<float>({1, 2}, {1, 4})}}}});
  check_op({.type = "instance_norm",
            .inputs = inputs,
            .attrs = {{"epsilon", 0.0f}},
            .expected = {{"Y", {Tensor::from<float>({1, 2, 2}, {-1, 1, -5, 15})}},
                         {"SavedMean", {Tensor::from<float>({2}, {0, 4})}},
                         {"SavedVariance", {Tensor::from<float>({2}, {1, 0.5})}}}});
  check_op({.type = "group_norm",
            .inputs = inputs,
            .attrs = {{"epsilon", 0.0f}, {"groups", int32_t{2}}},
            .expected = {{"Y", {Tensor::from<float>({1, 2, 2}, {-1, 1, -5, 15})}},
                         {"Mean", {Tensor::from<float>({1, 2}, {0, 4})}},
                         {"Variance", {Tensor::from<float>({1, 2}, {1, 4})}}}});
  // One group: mean 2, variance (9 + 1 + 0 + 16) / 4.
  check_op({.type = "group_norm",
            .inputs = {{"X", {kRows}}},
            .attrs = {{"epsilon", 0.0f}, {"groups", int32_t{1}}},
            .expected = {{"Mean", {Tensor::from<float>({1, 1}, {2})}},
                         {"Variance", {Tensor::from<float>({1, 1}, {6.5})}}}});
}

TEST(RowNorm, GradientsAreCentralDifferences) {
  const Tensor x = random_tensor({2, 4, 3, 2}, 1, -2, 2);
  struct Case {
    std::string type;
    Attributes attrs;
    int64_t parameters;
  };
  const Case cases[] = {{"layer_norm", {{"begin_norm_axis", int32_t{1}}}, 24},
                        {"layer_norm", {{"begin_norm_axis", int32_t{3}}}, 2},
                        {"group_norm", {{"groups", int32_t{2}}}, 4},
                        {"group_norm", {{"groups", int32_t{4}}}, 4},
                        {"instance_norm", {}, 4}};
  for (const Case& c : cases) {
    check_op({.type = c.type,
              .inputs = {{"X", {x}},
                         {"Scale", {random_tensor({c.parameters}, 2)}},
                         {"Bias", {random_tensor({c.parameters}, 3)}}},
              .attrs = c.attrs,
              .gradients = {"X", "Scale", "Bias"}});
    check_op({.type = c.type, .inputs = {{"X", {x}}}, .attrs = c.attrs, .gradients = {"X"}});
  }
}

TEST(RowNorm, BadInputsAreNamed) {
  expect_op_error({.type = "layer_norm",
                   .inputs = {{"X", {kRows}}},
                   .attrs = {{"begin_norm_axis", int32_t{3}}}},
                  "begin_norm_axis=3 does not split X [1,2,2]; use 1..2");
  expect_op_error({.type = "layer_norm", .inputs = {{"X", {kRows}}, {"Scale", {kScale}}}},
                  "Scale is [2] but X [1,2,2] needs 4 values");
  expect_op_error({.type = "group_norm", .inputs = {{"X", {kRows}}}},
                  "groups is -1 but X [1,2,2] has 2 channels");
  expect_op_error({.type = "instance_norm", .inputs = {{"X", {kScale}}}},
                  "X is [2]; give 3 to 5 dimensions");
}

}  // namespace
}  // namespace intact
