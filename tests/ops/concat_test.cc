#include <gtest/gtest.h>

#include "intact/autodiff/append_backward.h"
#include "intact/ir/interpret.h"
#include "intact/ir/text.h"
#include "support/check_op.h"
#include "support/random_tensor.h"

namespace intact {
namespace {

TEST(Concat, AlongAnyAxis) {
  const Tensor a = Tensor::from<float>({2, 1}, {1, 2});
  const Tensor b = Tensor::from<float>({2, 2}, {3, 4, 5, 6});
  check_op({.type = "concat",
            .inputs = {{"X", {a, b}}},
            .attrs = {{"axis", 1}},
            .expected = {{"Out", {Tensor::from<float>({2, 3}, {1, 3, 4, 2, 5, 6})}}},
            .gradients = {"X"}});
  check_op({.type = "concat",
            .inputs = {{"X", {random_tensor({2, 2, 3}, 1), random_tensor({1, 2, 3}, 2)}}},
            .attrs = {{"axis", -3}},
            .gradients = {"X"}});
  check_op({.type = "concat",
            .inputs = {{"X", {Tensor::from<int8_t>({1}, {7}), Tensor::from<int8_t>({2}, {8, 9})}}},
            .expected = {{"Out", {Tensor::from<int8_t>({3}, {7, 8, 9})}}}});
}

TEST(Concat, AnInputWithoutGradientKeepsTheOthersInPlace) {
  Program program = parse_program(R"(
    var %frozen: float32[2] persistable stop_gradient
    var %w: float32[3] persistable parameter
    Out=%y = concat(X=[%frozen, %w])
    Out=%loss = reduce_sum(X=%y)
  )");
  append_backward(program.var("loss"));
  Scope scope;
  scope.set("frozen", random_tensor({2}, 1));
  scope.set("w", random_tensor({3}, 2));
  EXPECT_TRUE(
      interpret(program, {}, {"w@GRAD"}, scope)[0].identical(Tensor::from<float>({3}, {1, 1, 1})));
}

TEST(Concat, BadInputs) {
  const TensorSlots inputs = {{"X", {random_tensor({2, 3}, 1), random_tensor({2, 2}, 1)}}};
  expect_op_error({.type = "concat", .inputs = inputs, .attrs = {{"axis", 0}}},
                  "X[0] is float32 [2,3] but X[1] is float32 [2,2]; they may differ along axis 0");
  expect_op_error({.type = "concat", .inputs = inputs, .attrs = {{"axis", 2}}},
                  "axis 2 is outside rank 2");
  expect_op_error(
      {.type = "concat", .inputs = {{"X", {random_tensor({2, 3}, 1), random_tensor({2}, 1)}}}},
      "but X[1] is float32 [2]");
}

}  // namespace
}  // namespace intact
