#include <gtest/gtest.h>

#include "intact/autodiff/append_backward.h"
#include "intact/ir/interpret.h"
#include "intact/ir/text.h"
#include "support/check_op.h"
#include "support/random_tensor.h"

namespace intact {
namespace {

TEST(Split, IntoEqualParts) {
  check_op(
      {.type = "split",
       .inputs = {{"X", {Tensor::from<float>({2, 2}, {1, 2, 3, 4})}}},
       .attrs = {{"num", 2}, {"axis", 1}},
       .expected = {{"Out",
                     {Tensor::from<float>({2, 1}, {1, 3}), Tensor::from<float>({2, 1}, {2, 4})}}},
       .gradients = {"X"}});
}

TEST(Split, IntoSections) {
  check_op({.type = "split",
            .inputs = {{"X", {random_tensor({2, 6, 2}, 1)}}},
            .attrs = {{"sections", Ints{1, -1, 2}}, {"axis", -2}},
            .output_counts = {{"Out", 3}},
            .gradients = {"X"}});
}

TEST(Split, APartThatNothingReadsHasZeroGradient) {
  Program program = parse_program(R"(
    var %w: float32[4] persistable parameter
    Out=[%a, %b] = split(X=%w) {num=2, axis=0}
    Out=%loss = reduce_sum(X=%b)
  )");
  append_backward(program.var("loss"));
  Scope scope;
  scope.set("w", random_tensor({4}, 2));
  EXPECT_TRUE(interpret(program, {}, {"w@GRAD"}, scope)[0].identical(
      Tensor::from<float>({4}, {0, 0, 1, 1})));
}

TEST(Split, BadInputs) {
  const TensorSlots x = {{"X", {random_tensor({2, 5}, 1)}}};
  const auto expect_split_error = [&](Attributes attrs, const std::string& message) {
    attrs["axis"] = 1;
    expect_op_error({.type = "split", .inputs = x, .attrs = attrs, .output_counts = {{"Out", 2}}},
                    message);
  };
  expect_split_error({{"num", 2}}, "5 elements cannot be cut into 2 equal parts");
  expect_split_error({{"sections", Ints{1, 3}}}, "add up to 4 but X has 5");
  expect_split_error({{"sections", Ints{-1, -1}}}, "at most one -1");
  expect_split_error({{"sections", Ints{5}}}, "is cut into 1 parts but has 2 outputs");
}

}  // namespace
}  // namespace intact
