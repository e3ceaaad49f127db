#include <gtest/gtest.h>

#include "intact/ir/interpret.h"
#include "support/check_op.h"
#include "support/random_tensor.h"

namespace intact {
namespace {

Tensor floats(const std::vector<float>& values) {
  return Tensor::from<float>({static_cast<int64_t>(values.size())}, values);
}

TEST(FakeQuantizeMovingAverageAbsMax, TrainingQuantizesWithTheNewScale) {
  const TensorSlots inputs = {{"X", {floats({7, 2.5f, -5, 0})}},
                              {"InScale", {floats({0.001f})}},
                              {"InState", {floats({1})}},
                              {"InAccum", {floats({1})}}};
  const TensorSlots state = {
      {"OutScale", {floats({5})}}, {"OutState", {floats({1.5f})}}, {"OutAccum", {floats({7.5f})}}};
  TensorSlots codes = state;
  codes["Out"] = {floats({127, 64, -127, 0})};
  check_op({.type = "fake_quantize_moving_average_abs_max",
            .inputs = inputs,
            .attrs = {{"moving_rate", 0.5f}},
            .expected = codes,
            .has_batch = false});
  TensorSlots values = state;
  values["Out"] = {floats({5, 64.0f * 5 / 127, -5, 0})};
  check_op({.type = "fake_quantize_dequantize_moving_average_abs_max",
            .inputs = inputs,
            .attrs = {{"moving_rate", 0.5f}},
            .expected = values,
            .has_batch = false});
}

TEST(FakeQuantizeMovingAverageAbsMax, TestLeavesTheScaleAlone) {
  check_op({.type = "fake_quantize_moving_average_abs_max",
            .inputs = {{"X", {floats({0.5f, 1.5f, 300})}}, {"InScale", {floats({127})}}},
            .attrs = {{"is_test", true}},
            .expected = {{"Out", {floats({1, 2, 127})}}, {"OutScale", {floats({127})}}}});
}

/// Abs-max values seen in turn; each run must end with scale = accum / state of spec 3.2.
TEST(FakeQuantizeMovingAverageAbsMax, TheScaleStartsBiasedTowardsOne) {
  Program program;
  Block& block = program.block();
  Var& x = block.add_var("x", DType::Float32, {1}, {.is_data = true});
  const auto state = [&](const std::string& name) {
    return &block.add_var(name, DType::Float32, {1}, {.is_persistable = true});
  };
  Var* scale = state("scale");
  Var* accum = state("accum");
  Var* count = state("state");
  block.append_op(
      {.type = "moving_average_abs_max_scale",
       .inputs = {{"X", {&x}}, {"InAccum", {accum}}, {"InState", {count}}},
       .outputs = {{"OutScale", {scale}}, {"OutAccum", {accum}}, {"OutState", {count}}}});
  Scope scope;
  scope.set("accum", floats({1}));
  scope.set("state", floats({1}));
  float want_state = 1;
  float want_accum = 1;
  for (const float abs_max : {0.25f, 8.0f, 3.0f, 0.0f, 2.0f}) {
    interpret(program, {{"x", floats({-abs_max})}}, {}, scope);
    want_state = 0.9f * want_state + 1;
    want_accum = 0.9f * want_accum + abs_max;
    EXPECT_EQ(scope.get("state").data<float>()[0], want_state);
    EXPECT_EQ(scope.get("accum").data<float>()[0], want_accum);
    EXPECT_EQ(scope.get("scale").data<float>()[0], want_accum / want_state);
  }
}

TEST(MovingAverageAbsMaxScale, PassesItsInputAndItsGradient) {
  const OpCase op_case = {
      .type = "moving_average_abs_max_scale",
      .inputs = {{"X", {floats({1, -2})}}, {"InState", {floats({1})}}, {"InAccum", {floats({1})}}},
      .attrs = {{"moving_rate", 0.5f}},
      .expected = {{"Out", {floats({1, -2})}}, {"OutScale", {floats({2.5f / 1.5f})}}},
      .has_batch = false};
  check_op(op_case);
  OpCase with_gradient = op_case;
  with_gradient.gradients = {"X"};
  const Tensor dout = random_tensor({2}, 3);
  EXPECT_TRUE(run_reference_gradient(with_gradient, {{"Out", {dout}}}).at("X")[0].identical(dout));
}

TEST(FakeQuantizeDequantizeMovingAverageAbsMax, GradientPassesUnclipped) {
  // 300 lies beyond the scale; its gradient is not clipped (spec 3.3).
  const Tensor dout = floats({0.25f, -3});
  const TensorSlots grads =
      run_reference_gradient({.type = "fake_quantize_dequantize_moving_average_abs_max",
                              .inputs = {{"X", {floats({1, 300})}}, {"InScale", {floats({2})}}},
                              .attrs = {{"is_test", true}},
                              .gradients = {"X"}},
                             {{"Out", {dout}}});
  EXPECT_TRUE(grads.at("X")[0].identical(dout));
}

TEST(FakeQuantizeMovingAverageAbsMax, BadInputs) {
  expect_op_error({.type = "fake_quantize_moving_average_abs_max",
                   .inputs = {{"X", {floats({1})}}, {"InScale", {floats({1})}}}},
                  "is_test is false but input InState is missing");
  expect_op_error({.type = "fake_quantize_moving_average_abs_max",
                   .inputs = {{"X", {floats({1})}}, {"InScale", {floats({1, 2})}}},
                   .attrs = {{"is_test", true}}},
                  "InScale is float32 [2] but must be one float32");
}

}  // namespace
}  // namespace intact
