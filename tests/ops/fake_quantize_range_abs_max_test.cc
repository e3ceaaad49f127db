#include <gtest/gtest.h>

#include "intact/ir/interpret.h"
#include "support/check_op.h"

namespace intact {
namespace {

Tensor floats(const std::vector<float>& values) {
  return Tensor::from<float>({static_cast<int64_t>(values.size())}, values);
}

/// One quantizer with a window of 3 and its step counter.
class RangeAbsMax : public ::testing::Test {
 protected:
  RangeAbsMax() {
    Block& block = program_.block();
    Var& x = block.add_var("x", DType::Float32, {1}, {.is_data = true});
    Var& step = block.add_var("step", DType::Int64, {1}, {.is_persistable = true});
    Var& scale = block.add_var("scale", DType::Float32, {1}, {.is_persistable = true});
    Var& scales = block.add_var("scales", DType::Float32, {3}, {.is_persistable = true});
    Var& out = block.add_var("out", DType::Float32, {});
    block.append_op({.type = "fake_quantize_range_abs_max",
                     .inputs = {{"X", {&x}}, {"InScale", {&scale}}, {"Iter", {&step}}},
                     .outputs = {{"Out", {&out}}, {"OutScale", {&scale}}, {"OutScales", {&scales}}},
                     .attrs = {{"window_size", 3}}});
    block.append_op(
        {.type = "increment", .inputs = {{"X", {&step}}}, .outputs = {{"Out", {&step}}}});
    scope_.set("step", Tensor::from<int64_t>({1}, {0}));
    scope_.set("scale", floats({0.001f}));
    scope_.set("scales", floats({0, 0, 0}));
  }

  float scale_after(float abs_max) {
    code_ = interpret(program_, {{"x", floats({abs_max})}}, {"out"}, scope_)[0].data<float>()[0];
    return scope_.get("scale").data<float>()[0];
  }

  Program program_;
  Scope scope_;
  float code_ = 0;
};

TEST_F(RangeAbsMax, KeepsTheLargestOfTheWindow) {
  EXPECT_EQ(scale_after(2), 2);
  EXPECT_EQ(scale_after(8), 8);
  EXPECT_EQ(scale_after(4), 8);
  EXPECT_EQ(code_, 64);          // 4/8*127 = 63.5, away from zero
  EXPECT_EQ(scale_after(1), 8);  // 2 leaves the window [1,8,4]
  EXPECT_EQ(scale_after(3), 4);  // 8 leaves: searched again over [1,3,4]
  EXPECT_TRUE(scope_.get("scales").identical(floats({1, 3, 4})));
  EXPECT_EQ(scope_.get("step").data<int64_t>()[0], 5);
}

TEST_F(RangeAbsMax, BeforeTheWindowIsFullTheNewestEntryIsLeftOutOfTheSearch) {
  // The scale equals the 0 that leaves the window, so it is searched again over [0, step): the
  // newest entry, at index step, is not among them.
  scope_.set("scale", floats({0.0000005f}));
  scope_.set("step", Tensor::from<int64_t>({1}, {1}));
  scope_.set("scales", floats({0.0000003f, 0, 0}));
  EXPECT_EQ(scale_after(0.0000004f), 0.0000003f);
}

TEST_F(RangeAbsMax, ZeroInputAtTheFirstStep) {
  scope_.set("scale", floats({0}));
  EXPECT_EQ(scale_after(0), 0);
  EXPECT_EQ(code_, 0);
}

TEST(FakeQuantizeRangeAbsMax, TestUsesTheGivenScale) {
  check_op({.type = "fake_quantize_range_abs_max",
            .inputs = {{"X", {floats({0.5f, 2.5f, 300})}}, {"InScale", {floats({127})}}},
            .attrs = {{"is_test", true}, {"round_type", 0}},
            .expected = {{"Out", {floats({0, 2, 127})}}, {"OutScale", {floats({127})}}}});
}

TEST(FakeQuantizeRangeAbsMax, BadInputs) {
  expect_op_error({.type = "fake_quantize_range_abs_max",
                   .inputs = {{"X", {floats({1})}}, {"InScale", {floats({1})}}}},
                  "is_test is false but input Iter is missing");
  expect_op_error({.type = "fake_quantize_range_abs_max",
                   .inputs = {{"X", {floats({1})}}, {"InScale", {floats({1})}}},
                   .attrs = {{"is_test", true}, {"window_size", 0}}},
                  "window_size is 0");
}

}  // namespace
}  // namespace intact
