#include <gtest/gtest.h>

#include "intact/ir/interpret.h"
#include "intact/ir/text.h"
#include "intact/runtime/executor.h"
#include "ops/detail/constant_value.h"
#include "support/check_op.h"
#include "support/expect_error.h"
#include "support/random_tensor.h"

namespace intact {
namespace {

/// start, end, step as fill_constant ops of Paddle's dtype code.
std::string range_text(int dtype, float start, float end, float step) {
  std::string text;
  for (const auto& [name, value] :
       {std::pair{"a", start}, std::pair{"b", end}, std::pair{"c", step}}) {
    text += "Out=%" + std::string(name) +
            " = fill_constant() {shape=[1], dtype=" + std::to_string(dtype) +
            ", value=" + std::to_string(value) + "}\n";
  }
  return text + "Out=%y = range(Start=%a, End=%b, Step=%c)\n";
}

Tensor run(const std::string& text) {
  const Program program = parse_program(text);
  Scope scope;
  const Tensor reference = interpret(program, {}, {"y"}, scope)[0];
  Executor executor;
  EXPECT_TRUE(executor.run(program, {}, {"y"}, scope)[0].identical(reference));
  return reference;
}

TEST(Range, CountsUpAndDown) {
  const int int64 = paddle_code(DType::Int64);
  EXPECT_TRUE(run(range_text(int64, 1, 8, 3)).identical(Tensor::from<int64_t>({3}, {1, 4, 7})));
  EXPECT_TRUE(run(range_text(int64, 2, 0, -1)).identical(Tensor::from<int64_t>({2}, {2, 1})));
  const int float32 = paddle_code(DType::Float32);
  EXPECT_TRUE(run(range_text(float32, 0, 1, 0.25f))
                  .identical(Tensor::from<float>({4}, {0, 0.25f, 0.5f, 0.75f})));
}

// positions 0..sequence length, as transformers build them.
TEST(Range, ItsBoundsMayFollowFromAShape) {
  const Program program = parse_program(R"(
    var %x: float32[-1,-1] data
    Out=%s = shape(Input=%x)
    Out=%n = slice(Input=%s) {axes=[0], starts=[1], ends=[2]}
    Out=%zero = fill_constant() {shape=[1], dtype=2, value=0}
    Out=%one = fill_constant() {shape=[1], dtype=2, value=1}
    Out=%y = range(Start=%zero, End=%n, Step=%one)
  )");
  EXPECT_EQ(program.var("y").shape(), (Shape{-1}));
  Scope scope;
  EXPECT_TRUE(interpret(program, {{"x", random_tensor({2, 3}, 1)}}, {"y"}, scope)[0].identical(
      Tensor::from<int32_t>({3}, {0, 1, 2})));
}

TEST(Range, BadInputs) {
  expect_error(ErrorCode::InvalidArgument, {"Step -1", "must lead from Start to End"}, [] {
    parse_program(range_text(paddle_code(DType::Int64), 0, 3, -1));
  });
  expect_error(ErrorCode::InvalidArgument, {"Step 0", "make no range"}, [] {
    parse_program(range_text(paddle_code(DType::Float32), 0, 3, 0));
  });
  expect_op_error({.type = "range",
                   .inputs = {{"Start", {random_tensor({2}, 1)}},
                              {"End", {random_tensor({1}, 1)}},
                              {"Step", {random_tensor({1}, 1)}}}},
                  "Start is float32 [2] but must be one float32");
}

TEST(ConstantValue, ParametersAndFeedsHaveNone) {
  const Program program = parse_program(R"(
    var %x: float32[1] data
    var %w: float32[1] persistable
    Out=%a = scale(X=%x)
    Out=%b = scale(X=%w)
    Out=%c = fill_constant() {shape=[2], value=3}
    Out=%d = scale(X=%c) {scale=2}
  )");
  EXPECT_FALSE(constant_value(program.var("a")).has_value());
  EXPECT_FALSE(constant_value(program.var("b")).has_value());
  EXPECT_TRUE(constant_value(program.var("d"))->identical(Tensor::from<float>({2}, {6, 6})));
}

// What a file may hold: values whose kernels would overflow, and chains that would take for ever.
TEST(ConstantValue, LargeNumbersAndLongChainsHaveNone) {
  std::string text = R"(
    Out=%big = fill_constant() {shape=[1], dtype=2, value=1e9}
    Out=%bigger = fill_constant() {shape=[1], dtype=2, value=1e12}
    Out=%product = elementwise_mul(X=%big, Y=%big)
    Out=%quotient = elementwise_div(X=%big, Y=%big)
    Out=%c0 = fill_constant() {shape=[1], dtype=2, value=0}
  )";
  for (int i = 0; i < 7; ++i) {
    text += fmt::format(
        "Out=%c{} = slice(Input=%c{}, StartsTensor=%c{}) {{axes=[0], ends=[1]}}\n", i + 1, i, i);
  }
  const Program program = parse_program(text);
  EXPECT_TRUE(constant_value(program.var("big")).has_value());
  EXPECT_TRUE(constant_value(program.var("c3")).has_value());
  for (const char* name : {"bigger", "product", "quotient", "c7"}) {
    EXPECT_FALSE(constant_value(program.var(name)).has_value()) << name;
  }
}

}  // namespace
}  // namespace intact
