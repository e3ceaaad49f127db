#include <gtest/gtest.h>

#include "support/check_op.h"

namespace intact {
namespace {

Tensor floats(const std::vector<float>& values) {
  return Tensor::from<float>({static_cast<int64_t>(values.size())}, values);
}

TEST(FakeDequantize, MaxAbsScalesByTheRange) {
  check_op({.type = "fake_dequantize_max_abs",
            .inputs = {{"X", {floats({127, -64, 0})}}, {"Scale", {floats({254})}}},
            .attrs = {{"max_range", 127.0f}},
            .expected = {{"Out", {floats({254, -128, 0})}}}});
  check_op(
      {.type = "dequantize_abs_max",
       .inputs = {{"X", {Tensor::from<int8_t>({3}, {127, -64, 0})}}, {"Scale", {floats({254})}}},
       .attrs = {{"max_range", 127.0f}},
       .expected = {{"Out", {floats({254, -128, 0})}}}});
}

TEST(FakeDequantize, OneScaleListRunsAlongQuantAxis) {
  check_op({.type = "fake_channel_wise_dequantize_max_abs",
            .inputs = {{"X", {Tensor::from<float>({2, 2}, {127, 127, 1, 1})}},
                       {"Scales", {floats({127, 254})}}},
            .attrs = {{"quant_axis", 1}},
            .expected = {{"Out", {Tensor::from<float>({2, 2}, {127, 254, 1, 2})}}}});
}

TEST(FakeDequantize, TwoScaleListsRunAlongTheChannelsOfTheProduct) {
  // Axis 1 although quant_axis says 0: X is the output [batch, channels] of an integer product.
  check_op({.type = "fake_channel_wise_dequantize_max_abs",
            .inputs = {{"X", {Tensor::from<float>({1, 2}, {16129, 16129})}},
                       {"Scales", {floats({1, 2}), floats({3})}}},
            .attrs = {{"quant_bits", Ints{8, 8}}, {"quant_axis", 0}},
            .expected = {{"Out", {Tensor::from<float>({1, 2}, {3, 6})}}}});
  // x_num_col_dims 2 moves the channels to axis 2.
  check_op({.type = "fake_channel_wise_dequantize_max_abs",
            .inputs = {{"X", {Tensor::from<float>({1, 1, 2}, {16129, 16129})}},
                       {"Scales", {floats({1, 2}), floats({3})}}},
            .attrs = {{"quant_bits", Ints{8, 8}}, {"x_num_col_dims", 2}},
            .expected = {{"Out", {Tensor::from<float>({1, 1, 2}, {3, 6})}}}});
}

TEST(FakeDequantize, LogLooksUpTheDictionary) {
  std::vector<float> dictionary(128);
  for (size_t i = 0; i < dictionary.size(); ++i) {
    dictionary[i] = static_cast<float>(i) + 0.5f;
  }
  check_op({.type = "dequantize_log",
            .inputs = {{"X", {Tensor::from<int8_t>({4}, {0, 127, -128, -1})}},
                       {"Dict", {floats(dictionary)}}},
            .expected = {{"Out", {floats({0.5f, 127.5f, -0.5f, -127.5f})}}}});
}

TEST(FakeDequantize, BadInputs) {
  expect_op_error({.type = "fake_dequantize_max_abs",
                   .inputs = {{"X", {floats({1})}}, {"Scale", {floats({1, 2})}}},
                   .attrs = {{"max_range", 127.0f}}},
                  "Scale is float32 [2] but must be one float");
  expect_op_error({.type = "fake_dequantize_max_abs",
                   .inputs = {{"X", {floats({1})}}, {"Scale", {floats({1})}}}},
                  "attribute 'max_range' is missing");
  expect_op_error({.type = "fake_channel_wise_dequantize_max_abs",
                   .inputs = {{"X", {Tensor(DType::Float32, {2, 3})}}, {"Scales", {floats({1})}}}},
                  "Scales[0] has shape [1] but X [2,3] has 2 channels along axis 0");
  expect_op_error({.type = "fake_channel_wise_dequantize_max_abs",
                   .inputs = {{"X", {Tensor(DType::Float32, {2, 3})}},
                              {"Scales", {floats({1, 1, 1}), floats({1})}}}},
                  "has 2 Scales and 1 quant_bits");
}

}  // namespace
}  // namespace intact
