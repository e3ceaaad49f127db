#include <gtest/gtest.h>

#include <cmath>

#include "intact/base/error.h"
#include "support/check_op.h"
#include "support/random_tensor.h"

namespace intact {
namespace {

const std::string kType = "softmax_with_cross_entropy";

/// Rows of positive numbers that sum to 1.
Tensor probabilities(const Shape& shape, uint64_t seed) {
  return run_reference({.type = "softmax", .inputs = {{"X", {random_tensor(shape, seed)}}}})
      .at("Out")[0];
}

TEST(CrossEntropy, HandWrittenNumbers) {
  const float ln3 = std::log(3.0f);
  const Tensor logits = Tensor::from<float>({3, 2}, {0, ln3, 0, ln3, 5, 5});
  const float quarter = std::log(4.0f);
  // 1e-7: one rounding of exp, log and of ln3 itself.
  check_op(
      {.type = kType,
       .inputs = {{"Logits", {logits}}, {"Label", {Tensor::from<int64_t>({3, 1}, {0, 1, 0})}}},
       .expected = {{"Softmax", {Tensor::from<float>({3, 2}, {0.25, 0.75, 0.25, 0.75, 0.5, 0.5})}},
                    {"Loss",
                     {Tensor::from<float>({3, 1}, {quarter, quarter - ln3, std::log(2.0f)})}}},
       .tolerance = 1e-7,
       .batch_inputs = {"Logits", "Label"}});
  check_op({.type = kType,
            .inputs = {{"Logits", {logits}}, {"Label", {Tensor::from<int64_t>({3, 1}, {0, 1, 0})}}},
            .attrs = {{"ignore_index", int32_t{0}}},
            .expected = {{"Loss", {Tensor::from<float>({3, 1}, {0, quarter - ln3, 0})}}},
            .tolerance = 1e-7});
}

TEST(CrossEntropy, ProbabilitiesInsteadOfLogits) {
  const Tensor input = Tensor::from<float>({1, 2}, {0.25, 0.75});
  check_op({.type = kType,
            .inputs = {{"Logits", {input}}, {"Label", {Tensor::from<int64_t>({1, 1}, {0})}}},
            .attrs = {{"use_softmax", false}},
            .expected = {{"Softmax", {input}},
                         {"Loss", {Tensor::from<float>({1, 1}, {std::log(4.0f)})}}},
            .tolerance = 1e-7,
            .gradients = {"Logits"},
            .output_grads = {"Loss"}});
}

TEST(CrossEntropy, GradientsAreCentralDifferences) {
  const Tensor logits = random_tensor({4, 3}, 1, -2, 2);
  const Tensor label = Tensor::from<int64_t>({4, 1}, {0, 2, 1, 2});
  for (const Attributes& attrs : {Attributes{}, Attributes{{"ignore_index", int32_t{2}}}}) {
    check_op({.type = kType,
              .inputs = {{"Logits", {logits}}, {"Label", {label}}},
              .attrs = attrs,
              .gradients = {"Logits"},
              .output_grads = {"Loss"}});
  }
  check_op({.type = kType,
            .inputs = {{"Logits", {logits}}, {"Label", {probabilities({4, 3}, 2)}}},
            .attrs = {{"soft_label", true}},
            .gradients = {"Logits"},
            .output_grads = {"Loss"}});
  check_op({.type = kType,
            .inputs = {{"Logits", {random_tensor({2, 3, 2}, 1)}},
                       {"Label", {Tensor::from<int32_t>({2, 1, 2}, {0, 2, 1, 2})}}},
            .attrs = {{"axis", int32_t{1}}},
            .gradients = {"Logits"},
            .output_grads = {"Loss"}});
}

TEST(CrossEntropy, BadInputsAreNamed) {
  const Tensor logits = random_tensor({2, 3}, 1);
  expect_op_error(
      {.type = kType, .inputs = {{"Logits", {logits}}, {"Label", {Tensor(DType::Int64, {2, 3})}}}},
      "Label is [2,3] but Logits [2,3] need [2,1] with soft_label=false");
  expect_op_error({.type = kType,
                   .inputs = {{"Logits", {logits}}, {"Label", {Tensor(DType::Float32, {2, 1})}}}},
                  "Label is float32 but soft_label is false; give integer class numbers");
  const OpCase outside = {
      .type = kType,
      .inputs = {{"Logits", {logits}}, {"Label", {Tensor::from<int64_t>({2, 1}, {0, 3})}}}};
  try {
    run_reference(outside);
    FAIL() << "class 3 of 3 was accepted";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(),
                testing::HasSubstr("Label holds class 3 but there are 3 classes; use 0..2"));
  }
}

}  // namespace
}  // namespace intact
