#include <gtest/gtest.h>

#include "intact/autodiff/append_backward.h"
#include "intact/ir/interpret.h"
#include "intact/ir/text.h"
#include "support/check_op.h"
#include "support/random_tensor.h"

namespace intact {
namespace {

TEST(Unstack, CutsAnAxisAway) {
  check_op(
      {.type = "unstack",
       .inputs = {{"X", {Tensor::from<float>({2, 2}, {1, 2, 3, 4})}}},
       .attrs = {{"axis", 1}, {"num", 2}},
       .expected = {{"Y", {Tensor::from<float>({2}, {1, 3}), Tensor::from<float>({2}, {2, 4})}}},
       .gradients = {"X"}});
  check_op({.type = "unstack",
            .inputs = {{"X", {random_tensor({2, 3, 4}, 1)}}},
            .attrs = {{"axis", -2}},
            .output_counts = {{"Y", 3}},
            .gradients = {"X"}});
}

TEST(Unstack, APartThatNothingReadsHasZeroGradient) {
  Program program = parse_program(R"(
    var %w: float32[2,2] persistable parameter
    Y=[%a, %b] = unstack(X=%w)
    Out=%loss = reduce_sum(X=%b)
  )");
  append_backward(program.var("loss"));
  Scope scope;
  scope.set("w", random_tensor({2, 2}, 2));
  EXPECT_TRUE(interpret(program, {}, {"w@GRAD"}, scope)[0].identical(
      Tensor::from<float>({2, 2}, {0, 0, 1, 1})));
}

TEST(Unstack, BadInputs) {
  const OpCase three_of_two = {.type = "unstack",
                               .inputs = {{"X", {random_tensor({2, 2}, 1)}}},
                               .attrs = {{"axis", 1}},
                               .output_counts = {{"Y", 3}}};
  expect_op_error(three_of_two,
                  "X [2,2] has 2 elements along axis 1, num is 0, but there are 3 outputs");
  OpCase other_num = three_of_two;
  other_num.attrs["num"] = 4;
  other_num.output_counts = {{"Y", 2}};
  expect_op_error(other_num, "num is 4, but there are 2 outputs");
}

}  // namespace
}  // namespace intact
