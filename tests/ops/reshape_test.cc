#include <gtest/gtest.h>

#include "intact/ir/text.h"
#include "support/check_op.h"
#include "support/random_tensor.h"

namespace intact {
namespace {

struct ReshapeCase {
  std::string type;
  Attributes attrs;
  Shape x;
  Shape out;
};

TEST(Reshape, KeepsElementsAndCarriesTheShapeForTheGradient) {
  const std::vector<ReshapeCase> cases = {
      {"reshape2", {{"shape", Ints{3, -1}}}, {2, 3, 4}, {3, 8}},
      {"reshape2", {{"shape", Ints{0, 0, 2, 2}}}, {2, 3, 4}, {2, 3, 2, 2}},
      {"reshape2", {{"shape", Ints{-1, 4}}}, {2, 3, 4}, {6, 4}},
      {"reshape2", {{"shape", Ints{}}}, {1, 1}, {}},
      {"flatten2", {{"axis", 2}}, {2, 3, 4}, {6, 4}},
      {"flatten2", {{"axis", 0}}, {2, 3}, {1, 6}},
      {"flatten_contiguous_range", {{"stop_axis", -1}}, {2, 3, 4, 5}, {2, 60}},
      {"flatten_contiguous_range", {{"start_axis", 1}, {"stop_axis", 2}}, {2, 3, 4, 5}, {2, 12, 5}},
      {"squeeze2", {{"axes", Ints{1, -1}}}, {2, 1, 3, 1}, {2, 3}},
      {"squeeze2", {{"axes", Ints{0}}}, {2, 1}, {2, 1}},
      {"squeeze2", {}, {2, 1, 3, 1}, {2, 3}},
      {"unsqueeze2", {{"axes", Ints{1, -1}}}, {2, 3}, {2, 1, 3, 1}},
  };
  for (const ReshapeCase& c : cases) {
    const Tensor x = random_tensor(c.x, 1);
    std::vector<int64_t> x_shape = {0};
    x_shape.insert(x_shape.end(), c.x.dims().begin(), c.x.dims().end());
    check_op({.type = c.type,
              .inputs = {{"X", {x}}},
              .attrs = c.attrs,
              .expected = {{"Out", {x.reshaped(c.out)}},
                           {"XShape", {Tensor(DType::Float32, Shape(x_shape))}}},
              .gradients = {"X"}});
  }
}

TEST(Reshape, TheBatchStaysUnknown) {
  const Program program = parse_program(R"(
    var %x: float32[-1,3,4] data
    Out=%rows = reshape2(X=%x) {shape=[-1,12]}
    Out=%kept = reshape2(X=%x) {shape=[0,-1]}
    Out=%flat = flatten_contiguous_range(X=%x) {start_axis=1, stop_axis=2}
    Out=%all = flatten_contiguous_range(X=%x) {start_axis=0, stop_axis=2}
    Out=%matrix = flatten2(X=%x) {axis=1}
    Out=%more = unsqueeze2(X=%x) {axes=[0]}
  )");
  EXPECT_EQ(program.var("rows").shape(), (Shape{-1, 12}));
  EXPECT_EQ(program.var("kept").shape(), (Shape{-1, 12}));
  EXPECT_EQ(program.var("flat").shape(), (Shape{-1, 12}));
  EXPECT_EQ(program.var("all").shape(), (Shape{-1}));
  EXPECT_EQ(program.var("matrix").shape(), (Shape{-1, 12}));
  EXPECT_EQ(program.var("more").shape(), (Shape{1, -1, 3, 4}));
}

TEST(Reshape, IntegersToo) {
  check_op({.type = "reshape2",
            .inputs = {{"X", {Tensor::from<int64_t>({2}, {4, 5})}}},
            .attrs = {{"shape", Ints{-1, 1}}},
            .expected = {{"Out", {Tensor::from<int64_t>({2, 1}, {4, 5})}}}});
}

TEST(Reshape, BadInputs) {
  const TensorSlots x = {{"X", {random_tensor({2, 3}, 1)}}};
  const auto expect_reshape_error = [&](const Ints& shape, const std::string& message) {
    expect_op_error({.type = "reshape2", .inputs = x, .attrs = {{"shape", shape}}}, message);
  };
  expect_reshape_error({4, 2}, "X [2,3] has 6 elements, which shape [4,2] cannot hold");
  expect_reshape_error({4, -1}, "which shape [4,-1] cannot hold");
  expect_reshape_error({-1, -1}, "has two -1");
  expect_reshape_error({2, 3, 0}, "copies dimension 2 but X is [2,3]");
  expect_reshape_error({-2, 3}, "holds -2");
  expect_op_error({.type = "flatten_contiguous_range",
                   .inputs = x,
                   .attrs = {{"start_axis", 1}, {"stop_axis", 0}}},
                  "start_axis 1 comes after stop_axis 0");
  expect_op_error({.type = "squeeze2", .inputs = x, .attrs = {{"axes", Ints{2}}}},
                  "axis 2 is outside [-2,2)");
  expect_op_error({.type = "flatten2", .inputs = x, .attrs = {{"axis", 3}}}, "axis is 3");
}

}  // namespace
}  // namespace intact
