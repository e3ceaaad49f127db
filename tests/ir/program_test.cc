#include "intact/ir/program.h"

#include <gtest/gtest.h>

#include "intact/ir/interpret.h"

namespace intact {
namespace {

TEST(Program, AppendedOpInfersTheShapeOfItsOutput) {
  Program program;
  Block& block = program.block();
  Var& x = block.add_var("x", DType::Float32, {-1, 3}, {.is_data = true});
  Var& y = block.add_var("y", DType::Float32, {});
  block.append_op({.type = "relu", .inputs = {{"X", {&x}}}, .outputs = {{"Out", {&y}}}});
  EXPECT_EQ(y.shape(), (Shape{-1, 3}));

  Scope scope;
  const auto result =
      interpret(program, {{"x", Tensor::from<float>({1, 3}, {-1, 0, 2})}}, {"y"}, scope);
  EXPECT_TRUE(result[0].identical(Tensor::from<float>({1, 3}, {0, 0, 2})));
}

}  // namespace
}  // namespace intact
