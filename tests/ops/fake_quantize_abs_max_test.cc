#include <gtest/gtest.h>

#include "intact/ir/interpret.h"
#include "support/check_op.h"
#include "support/expect_error.h"
#include "support/random_tensor.h"

namespace intact {
namespace {

Tensor floats(const std::vector<float>& values) {
  return Tensor::from<float>({static_cast<int64_t>(values.size())}, values);
}

TEST(FakeQuantizeAbsMax, TiesFollowTheRoundType) {
  // The largest is 127, so one step is 1 and ties are exact.
  const Tensor x = floats({0.5f, 1.5f, 2.5f, -0.5f, -1.5f, -2.5f, 127, -127});
  check_op({.type = "fake_quantize_abs_max",
            .inputs = {{"X", {x}}},
            .expected = {{"Out", {floats({1, 2, 3, -1, -2, -3, 127, -127})}},
                         {"OutScale", {floats({127})}}}});
  check_op({.type = "fake_quantize_abs_max",
            .inputs = {{"X", {x}}},
            .attrs = {{"round_type", 0}},
            .expected = {{"Out", {floats({0, 2, 2, 0, -2, -2, 127, -127})}},
                         {"OutScale", {floats({127})}}}});
}

TEST(FakeQuantizeAbsMax, ZeroInputGivesZero) {
  for (const int32_t round : {0, 1}) {
    for (const char* type : {"fake_quantize_abs_max", "fake_quantize_dequantize_abs_max"}) {
      check_op({.type = type,
                .inputs = {{"X", {floats({0, 0, 0})}}},
                .attrs = {{"round_type", round}},
                .expected = {{"Out", {floats({0, 0, 0})}}, {"OutScale", {floats({0})}}}});
    }
  }
}

TEST(FakeQuantizeAbsMax, OneBitHasTheCodeZeroOnly) {
  for (const char* type : {"fake_quantize_abs_max", "fake_quantize_dequantize_abs_max"}) {
    check_op({.type = type,
              .inputs = {{"X", {floats({1, -3, 0.5f})}}},
              .attrs = {{"bit_length", 1}},
              .expected = {{"Out", {floats({0, 0, 0})}}, {"OutScale", {floats({3})}}}});
  }
}

TEST(FakeQuantizeAbsMax, FourBitsHaveSevenSteps) {
  check_op({.type = "fake_quantize_dequantize_abs_max",
            .inputs = {{"X", {floats({7, 1.2f, -2.6f})}}},
            .attrs = {{"bit_length", 4}},
            .expected = {{"Out", {floats({7, 1, -3})}}, {"OutScale", {floats({7})}}}});
}

TEST(FakeChannelWiseQuantizeAbsMax, EachChannelHasItsScale) {
  const Tensor x = Tensor::from<float>({2, 3}, {127, 0.5f, 1, -254, 3, 508});
  check_op({.type = "fake_channel_wise_quantize_abs_max",
            .inputs = {{"X", {x}}},
            .attrs = {{"quant_axis", 0}},
            .expected = {{"Out", {Tensor::from<float>({2, 3}, {127, 1, 1, -64, 1, 127})}},
                         {"OutScale", {floats({127, 508})}}},
            .has_batch = false});
  check_op({.type = "fake_channel_wise_quantize_dequantize_abs_max",
            .inputs = {{"X", {x}}},
            .attrs = {{"quant_axis", 1}, {"round_type", 0}},
            .expected = {{"OutScale", {floats({254, 3, 508})}}},
            .has_batch = false});
}

// The factor of bits 8 and limit 128, as ops/detail/pair_limit.h states it.
constexpr float kPairFactor = 127.0f / 128.0f * (1 + 0x1p-14f);

TEST(FakeChannelWiseQuantizeAbsMax, PairLimitRaisesTheScale) {
  // Channel 0: neighbours (100,60) need more than abs max 100; channel 1: (3,100) and (0,64) do
  // not meet, 103 is enough.
  const Tensor x = Tensor::from<float>({2, 4}, {100, -60, 1, 2, 3, 100, 0, 64});
  check_op({.type = "fake_channel_wise_quantize_abs_max",
            .inputs = {{"X", {x}}},
            .attrs = {{"quant_axis", 0}, {"pair_limit", 128}, {"round_type", 0}},
            .expected = {{"Out", {Tensor::from<float>({2, 4}, {80, -48, 1, 2, 4, 124, 0, 80})}},
                         {"OutScale", {floats({160 * kPairFactor, 103 * kPairFactor})}}},
            .has_batch = false});
}

TEST(FakeChannelWiseQuantizeAbsMax, PairLimitFollowsTheInputsOfAMatrix) {
  // Channels are columns: 0 holds 127 alone in its pair, 1 the last of three inputs.
  const Tensor x = Tensor::from<float>({3, 2}, {127, 1, 0, -2, 1, 50});
  check_op({.type = "fake_channel_wise_quantize_abs_max",
            .inputs = {{"X", {x}}},
            .attrs = {{"quant_axis", 1}, {"pair_limit", 128}, {"round_type", 0}},
            .expected = {{"OutScale", {floats({127, 50})}}},
            .has_batch = false});
}

TEST(FakeChannelWiseQuantizeAbsMax, PairLimitBoundsAnyTwoWhenInputsAreOdd) {
  const Tensor x = Tensor::from<float>({1, 1, 2, 2}, {10, 1, -6, 2});
  check_op({.type = "fake_channel_wise_quantize_abs_max",
            .inputs = {{"X", {x}}},
            .attrs = {{"quant_axis", 0}, {"pair_limit", 128}, {"round_type", 0}},
            .expected = {{"OutScale", {floats({16 * kPairFactor})}}},
            .has_batch = false});
}

TEST(FakeChannelWiseQuantizeAbsMax, BadPairLimitIsRefused) {
  expect_error(ErrorCode::InvalidArgument, {"pair_limit is 1", "2..32767"}, [] {
    check_op({.type = "fake_channel_wise_quantize_abs_max",
              .inputs = {{"X", {Tensor::from<float>({1, 2}, {1, 2})}}},
              .attrs = {{"pair_limit", 1}}});
  });
}

TEST(FakeChannelWiseQuantizeAbsMax, TestReadsTheScaleItWroteLast) {
  Program program;
  Block& block = program.block();
  Var& x = block.add_var("x", DType::Float32, {2}, {.is_data = true});
  Var& out = block.add_var("out", DType::Float32, {});
  Var& scale = block.add_var("scale", DType::Float32, {}, {.is_persistable = true});
  block.append_op({.type = "fake_channel_wise_quantize_abs_max",
                   .inputs = {{"X", {&x}}},
                   .outputs = {{"Out", {&out}}, {"OutScale", {&scale}}},
                   .attrs = {{"is_test", true}}});
  Scope scope;
  scope.set("scale", floats({127, 254}));
  const auto result = interpret(program, {{"x", floats({3, 300})}}, {"out"}, scope);
  EXPECT_TRUE(result[0].identical(floats({3, 127})));
  EXPECT_TRUE(scope.get("scale").identical(floats({127, 254})));
}

TEST(FakeQuantizeDequantizeAbsMax, GradientPassesUnclipped) {
  for (const char* type :
       {"fake_quantize_dequantize_abs_max", "fake_channel_wise_quantize_dequantize_abs_max"}) {
    const Tensor dout = random_tensor({2, 3}, 2);
    const TensorSlots grads = run_reference_gradient(
        {.type = type, .inputs = {{"X", {random_tensor({2, 3}, 1)}}}, .gradients = {"X"}},
        {{"Out", {dout}}});
    EXPECT_TRUE(grads.at("X")[0].identical(dout)) << type;
  }
}

TEST(FakeQuantizeAbsMax, BadInputs) {
  expect_op_error({.type = "fake_quantize_abs_max", .inputs = {{"X", {Tensor(DType::Int64, {2})}}}},
                  "X is int64 but must be a float");
  expect_op_error({.type = "fake_quantize_abs_max",
                   .inputs = {{"X", {floats({1})}}},
                   .attrs = {{"bit_length", 0}}},
                  "bit_length is 0; use 1..16");
  expect_op_error({.type = "fake_channel_wise_quantize_abs_max",
                   .inputs = {{"X", {floats({1})}}},
                   .attrs = {{"quant_axis", 1}}},
                  "quant_axis is 1 for X [1]");
}

}  // namespace
}  // namespace intact
