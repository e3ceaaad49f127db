// Sizes and bounds that ops take as tensors: known once the fed shapes are.
#include "ops/detail/int_inputs.h"

#include <gtest/gtest.h>

#include "intact/autodiff/append_backward.h"
#include "intact/ir/interpret.h"
#include "intact/ir/text.h"
#include "intact/runtime/executor.h"
#include "support/expect_error.h"
#include "support/random_tensor.h"

namespace intact {
namespace {

/// n: the batch of x, [1]. one, two: [1] int32.
const std::string kSizes = R"(
  var %x: float32[-1,6] data
  Out=%s = shape(Input=%x)
  Out=%n = slice(Input=%s) {axes=[0], starts=[0], ends=[1]}
  Out=%one = fill_constant() {shape=[1], dtype=2, value=1}
  Out=%two = fill_constant() {shape=[1], dtype=2, value=2}
  Out=%three = fill_constant() {shape=[1], dtype=2, value=3}
  Out=%pair = fill_constant() {shape=[2], dtype=2, value=2}
)";

/// The Var `y` that `op` writes, for a batch of 4, from the reference and from Executor.
Tensor run(const std::string& op, const Shape& built) {
  const Program program = parse_program(kSizes + op);
  EXPECT_EQ(program.var("y").shape(), built);
  const TensorMap feeds = {{"x", random_tensor({4, 6}, 1)}};
  Scope scope;
  const Tensor reference = interpret(program, feeds, {"y"}, scope)[0];
  Executor executor;
  EXPECT_TRUE(executor.run(program, feeds, {"y"}, scope)[0].identical(reference));
  return reference;
}

TEST(IntInputs, ShapesFromTensors) {
  EXPECT_EQ(run("Out=%y = reshape2(X=%x, ShapeTensor=[%n, %two, %three])", {-1, 2, 3}).shape(),
            (Shape{4, 2, 3}));
  EXPECT_EQ(run("Out=%m = concat(X=[%three, %two, %n]) {axis=0}\nOut=%y = reshape2(X=%x, Shape=%m)",
                {-1, -1, -1})
                .shape(),
            (Shape{3, 2, 4}));
}

TEST(IntInputs, FillsAndRepeats) {
  EXPECT_TRUE(
      run("Out=%y = fill_constant(ShapeTensorList=[%n, %two], ValueTensor=%three) {dtype=2}",
          {-1, 2})
          .identical(Tensor::from<int32_t>({4, 2}, std::vector<int32_t>(8, 3))));
  EXPECT_EQ(run("Out=%y = uniform_random(ShapeTensorList=[%two, %n])", {2, -1}).shape(),
            (Shape{2, 4}));
  EXPECT_EQ(run("Out=%y = tile(X=%x, RepeatTimes=%pair)", {-1, 12}).shape(), (Shape{8, 12}));
  EXPECT_EQ(run("Out=%z = unsqueeze2(X=%x, AxesTensor=%two)\n"
                "Out=%six = scale(X=%three) {scale=2}\n"
                "Out=%y = expand_v2(X=%z, expand_shapes_tensor=[%n, %six, %two])",
                {-1, 6, 2})
                .shape(),
            (Shape{4, 6, 2}));
}

TEST(IntInputs, Bounds) {
  EXPECT_EQ(
      run("Out=%y = slice(Input=%x, StartsTensor=%one, EndsTensorList=[%n]) {axes=[1]}", {-1, -1})
          .shape(),
      (Shape{4, 3}));
  EXPECT_EQ(run("Out=%y = strided_slice(Input=%x, StartsTensorList=[%one], EndsTensor=%n, "
                "StridesTensor=%two) {axes=[1]}",
                {-1, -1})
                .shape(),
            (Shape{4, 2}));
  EXPECT_EQ(
      run("Out=[%y, %z] = split(X=%x, AxisTensor=%one, SectionsTensorList=[%two, %n])", {-1, 2})
          .shape(),
      (Shape{4, 2}));
}

TEST(IntInputs, AxesAndCounts) {
  EXPECT_EQ(run("Out=%y, Indices=%i = top_k_v2(X=%x, K=%two)", {-1, 2}).shape(), (Shape{4, 2}));
  EXPECT_EQ(run("Out=%y = gather(X=%x, Index=%pair, Axis=%one)", {-1, 2}).shape(), (Shape{4, 2}));
  EXPECT_EQ(run("Out=%y = one_hot_v2(X=%pair, depth_tensor=%three)", {2, 3}).shape(),
            (Shape{2, 3}));
}

TEST(IntInputs, GradientsReadTheSameBounds) {
  Program program = parse_program(R"(
    var %w: float32[4] persistable parameter
    Out=%one = fill_constant() {shape=[1], dtype=2, value=1}
    Out=%two = fill_constant() {shape=[1], dtype=2, value=2}
    Out=%a = slice(Input=%w, StartsTensor=%one) {axes=[0], ends=[3]}
    Out=%b = tile(X=%a, RepeatTimes=%two)
    Out=%c = strided_slice(Input=%b, StridesTensor=%two) {axes=[0], starts=[0], ends=[4]}
    Out=%loss = reduce_sum(X=%c)
  )");
  append_backward(program.var("loss"));
  Scope scope;
  scope.set("w", random_tensor({4}, 2));
  EXPECT_TRUE(interpret(program, {}, {"w@GRAD"}, scope)[0].identical(
      Tensor::from<float>({4}, {0, 2, 0, 0})));
}

TEST(IntInputs, WhatCannotBeKnownIsRefused) {
  expect_error(ErrorCode::InvalidArgument, {"K is not one number", "use the attribute k"}, [] {
    parse_program(
        "var %x: float32[-1,6] data\nvar %k: int32[1] data\n"
        "Out=%y, Indices=%i = top_k_v2(X=%x, K=%k)");
  });
  expect_error(ErrorCode::InvalidArgument, {"'k' float32 [1]", "use int32 or int64"}, [] {
    parse_program(
        "var %x: float32[-1,6] data\nvar %k: float32[1] data\nOut=%y = reshape2(X=%x, Shape=%k)");
  });
}

}  // namespace
}  // namespace intact
