#include <gtest/gtest.h>

#include "intact/ir/text.h"
#include "support/check_op.h"
#include "support/random_tensor.h"

namespace intact {
namespace {

TEST(Slice, BoundsMayBeNegativeOrBeyondTheEnd) {
  const Tensor x = Tensor::from<float>({2, 4}, {1, 2, 3, 4, 5, 6, 7, 8});
  check_op({.type = "slice",
            .inputs = {{"Input", {x}}},
            .attrs = {{"axes", Ints{1}}, {"starts", Ints{-3}}, {"ends", Ints{100}}},
            .expected = {{"Out", {Tensor::from<float>({2, 3}, {2, 3, 4, 6, 7, 8})}}},
            .gradients = {"Input"}});
  check_op({.type = "slice",
            .inputs = {{"Input", {x}}},
            .attrs = {{"axes", Ints{0, 1}},
                      {"starts", Ints{1, 0}},
                      {"ends", Ints{2, -1}},
                      {"decrease_axis", Ints{0}}},
            .expected = {{"Out", {Tensor::from<float>({3}, {5, 6, 7})}}},
            .gradients = {"Input"}});
  check_op({.type = "slice",
            .inputs = {{"Input", {random_tensor({2, 3, 4, 3}, 1)}}},
            .attrs = {{"axes", Ints{3, 1}}, {"starts", Ints{1, 1}}, {"ends", Ints{3, 2}}},
            .gradients = {"Input"}});
}

TEST(Slice, AnUnknownBatchStaysUnknown) {
  const Program program = parse_program(R"(
    var %x: float32[-1,3] data
    Out=%rows = slice(Input=%x) {axes=[0], starts=[1], ends=[100]}
    Out=%columns = slice(Input=%x) {axes=[1], starts=[0], ends=[1], decrease_axis=[1]}
  )");
  EXPECT_EQ(program.var("rows").shape(), (Shape{-1, 3}));
  EXPECT_EQ(program.var("columns").shape(), (Shape{-1}));
}

TEST(Slice, BadInputs) {
  const TensorSlots x = {{"Input", {random_tensor({2, 3}, 1)}}};
  expect_op_error({.type = "slice",
                   .inputs = x,
                   .attrs = {{"axes", Ints{0, 1}}, {"starts", Ints{0}}, {"ends", Ints{1}}}},
                  "has 2 axes, 1 starts and 1 ends");
  expect_op_error({.type = "slice",
                   .inputs = x,
                   .attrs = {{"axes", Ints{2}}, {"starts", Ints{0}}, {"ends", Ints{1}}}},
                  "axis 2 is outside rank 2");
  expect_op_error({.type = "slice",
                   .inputs = x,
                   .attrs = {{"axes", Ints{1}},
                             {"starts", Ints{0}},
                             {"ends", Ints{2}},
                             {"decrease_axis", Ints{1}}}},
                  "drops axis 1 but it has 2 elements");
}

}  // namespace
}  // namespace intact
