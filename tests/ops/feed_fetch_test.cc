#include <gtest/gtest.h>

#include "intact/ir/interpret.h"
#include "support/random_tensor.h"

namespace intact {
namespace {

TEST(FeedFetch, AProgramWithThemRunsByName) {
  Program program;
  Block& block = program.block();
  Var& feed = block.add_var(
      "feed", DType::Float32, {}, {.is_persistable = true, .kind = VarKind::FeedList});
  Var& fetch = block.add_var(
      "fetch", DType::Float32, {}, {.is_persistable = true, .kind = VarKind::FetchList});
  Var& x = block.add_var("x", DType::Float32, {-1, 2}, {.is_data = true});
  Var& y = block.add_var("y", DType::Float32, {});
  block.append_op({.type = "feed",
                   .inputs = {{"X", {&feed}}},
                   .outputs = {{"Out", {&x}}},
                   .attrs = {{"col", 0}}});
  block.append_op({.type = "assign", .inputs = {{"X", {&x}}}, .outputs = {{"Out", {&y}}}});
  block.append_op({.type = "fetch",
                   .inputs = {{"X", {&y}}},
                   .outputs = {{"Out", {&fetch}}},
                   .attrs = {{"col", 0}}});
  EXPECT_EQ(x.shape(), (Shape{-1, 2}));
  EXPECT_EQ(y.shape(), (Shape{-1, 2}));
  Scope scope;
  const Tensor value = random_tensor({3, 2}, 1);
  EXPECT_TRUE(interpret(program, {{"x", value}}, {"y"}, scope)[0].identical(value));
  EXPECT_TRUE(scope.names().empty());
}

}  // namespace
}  // namespace intact
