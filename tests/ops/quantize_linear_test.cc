#include <gtest/gtest.h>

#include "support/check_op.h"
#include "support/random_tensor.h"

namespace intact {
namespace {

Tensor floats(const std::vector<float>& values) {
  return Tensor::from<float>({static_cast<int64_t>(values.size())}, values);
}

Tensor zero_point(int64_t count = 1) {
  return Tensor(DType::Int32, {count});
}

TEST(QuantizeLinear, PerTensorTestUsesTheGivenScale) {
  // Scale 127: one step is 1, so ties are exact. The codes reach -128, beyond the scale.
  const Tensor x = floats({0.5f, 1.5f, 2.5f, -0.5f, -1.5f, 127, 300, -127, -300, 0});
  check_op({.type = "quantize_linear",
            .inputs = {{"X", {x}}, {"Scale", {floats({127})}}, {"ZeroPoint", {zero_point()}}},
            .attrs = {{"quant_axis", -1}},
            .expected = {{"Y", {floats({0, 2, 2, 0, -2, 127, 127, -127, -128, 0})}}}});
  check_op({.type = "quantize_linear",
            .inputs = {{"X", {x}}, {"Scale", {floats({127})}}, {"ZeroPoint", {zero_point()}}},
            .attrs = {{"quant_axis", -1}, {"round_type", 1}},
            .expected = {{"Y", {floats({1, 2, 3, -1, -2, 127, 127, -127, -127, 0})}}}});
}

TEST(QuantizeLinear, ZeroPointIsIgnored) {
  check_op({.type = "quantize_linear",
            .inputs = {{"X", {floats({1, 2})}},
                       {"Scale", {floats({127})}},
                       {"ZeroPoint", {Tensor::from<int32_t>({1}, {5})}}},
            .attrs = {{"quant_axis", -1}},
            .expected = {{"Y", {floats({1, 2})}}}});
}

TEST(QuantizeLinear, PerTensorTrainingMovesTheScaleFirst) {
  // state 0.5*1+1 = 1.5, accum 0.5*1+7 = 7.5, scale 5: 7 is beyond it already.
  check_op({.type = "quantize_linear",
            .inputs = {{"X", {floats({7, 2.5f, -5})}},
                       {"Scale", {floats({0.001f})}},
                       {"ZeroPoint", {zero_point()}},
                       {"InState", {floats({1})}},
                       {"InAccum", {floats({1})}}},
            .attrs = {{"quant_axis", -1}, {"is_test", false}, {"moving_rate", 0.5f}},
            .expected = {{"Y", {floats({127, 64, -127})}},
                         {"OutScale", {floats({5})}},
                         {"OutState", {floats({1.5f})}},
                         {"OutAccum", {floats({7.5f})}}},
            .has_batch = false});
}

TEST(QuantizeLinear, PerChannelTrainingTakesTheMaximumAndLeavesTheAverageAlone) {
  check_op({.type = "quantize_linear",
            .inputs = {{"X", {Tensor::from<float>({2, 2}, {127, -1, 2, 254})}},
                       {"Scale", {floats({9, 9})}},
                       {"ZeroPoint", {zero_point(2)}},
                       {"InState", {floats({1})}},
                       {"InAccum", {floats({1})}}},
            .attrs = {{"quant_axis", 1}, {"is_test", false}},
            .expected = {{"Y", {Tensor::from<float>({2, 2}, {127, 0, 2, 127})}},
                         {"OutScale", {floats({127, 254})}},
                         {"OutState", {floats({1})}},
                         {"OutAccum", {floats({1})}}},
            .has_batch = false});
}

TEST(QuantizeLinear, AnObserverPassesTheValueAndMovesTheScale) {
  check_op({.type = "quantize_linear",
            .inputs = {{"X", {floats({7, 0.3f})}},
                       {"Scale", {floats({0.001f})}},
                       {"ZeroPoint", {zero_point()}},
                       {"InState", {floats({1})}},
                       {"InAccum", {floats({1})}}},
            .attrs = {{"quant_axis", -1},
                      {"is_test", false},
                      {"moving_rate", 0.5f},
                      {"only_observer", true}},
            .expected = {{"Y", {floats({7, 0.3f})}}, {"OutScale", {floats({5})}}},
            .has_batch = false});
}

TEST(QuantizeLinear, BadInputs) {
  const OpCase valid = {
      .type = "quantize_linear",
      .inputs = {{"X", {random_tensor({2, 3}, 1)}},
                 {"Scale", {floats({1, 1, 1})}},
                 {"ZeroPoint", {zero_point(3)}}},
      .attrs = {{"quant_axis", 1}},
  };
  OpCase wrong_scale = valid;
  wrong_scale.inputs["Scale"] = {floats({1, 1})};
  expect_op_error(wrong_scale, "Scale is float32 [2] but X [2,3] with quant_axis 1 needs 3");
  OpCase wrong_axis = valid;
  wrong_axis.attrs["quant_axis"] = 2;
  expect_op_error(wrong_axis, "quant_axis is 2");
  OpCase wrong_bits = valid;
  wrong_bits.attrs["bit_length"] = 17;
  expect_op_error(wrong_bits, "bit_length is 17; use 1..16");
  OpCase wrong_round = valid;
  wrong_round.attrs["round_type"] = 2;
  expect_op_error(wrong_round, "round_type is 2");
  OpCase no_state = valid;
  no_state.attrs = {{"quant_axis", -1}, {"is_test", false}};
  no_state.inputs["Scale"] = {floats({1})};
  expect_op_error(no_state, "is_test is false but input InState is missing");
  OpCase integer = valid;
  integer.inputs["X"] = {Tensor(DType::Int8, {2, 3})};
  expect_op_error(integer, "X is int8 but must be a float");
}

TEST(DequantizeLinear, TakesInt8AndFloatCodes) {
  const Tensor codes = Tensor::from<int8_t>({2, 2}, {127, -128, 1, 0});
  for (const Tensor& x : {codes, codes.cast(DType::Float32)}) {
    check_op(
        {.type = "dequantize_linear",
         .inputs = {{"X", {x}}, {"Scale", {floats({127, 254})}}, {"ZeroPoint", {zero_point(2)}}},
         .attrs = {{"quant_axis", 0}},
         .expected = {{"Y", {Tensor::from<float>({2, 2}, {127, -128, 2, 0})}}},
         .has_batch = false});
  }
  check_op({.type = "dequantize_linear",
            .inputs = {{"X", {codes}}, {"Scale", {floats({127})}}, {"ZeroPoint", {zero_point()}}},
            .attrs = {{"quant_axis", -1}, {"only_observer", true}},
            .expected = {{"Y", {Tensor::from<float>({2, 2}, {127, -128, 1, 0})}}}});
}

}  // namespace
}  // namespace intact
