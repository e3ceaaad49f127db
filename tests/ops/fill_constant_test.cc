#include <gtest/gtest.h>

#include "support/check_op.h"

namespace intact {
namespace {

TEST(FillConstant, FillsShapeAndDtypeFromAttributes) {
  check_op({.type = "fill_constant",
            .inputs = {},
            .attrs = {{"shape", Longs{2, 2}}, {"value", 1.5f}},
            .expected = {{"Out", {Tensor::from<float>({2, 2}, {1.5f, 1.5f, 1.5f, 1.5f})}}},
            .has_batch = false});
  check_op({.type = "fill_constant",
            .inputs = {},
            .attrs = {{"value", 0.1f}, {"dtype", 6}},
            .expected = {{"Out", {Tensor::scalar<double>(0.1f)}}},
            .has_batch = false});
}

TEST(FillConstant, TheStringHoldsWhatAFloatCannot) {
  check_op({.type = "fill_constant",
            .inputs = {},
            .attrs = {{"shape", Longs{1}},
                      {"dtype", 3},
                      {"value", 9007199254740992.0f},
                      {"str_value", std::string("9007199254740993")}},
            .expected = {{"Out", {Tensor::from<int64_t>({1}, {9007199254740993})}}},
            .has_batch = false});
  check_op({.type = "fill_constant",
            .inputs = {},
            .attrs = {{"shape", Longs{1}}, {"dtype", 2}, {"str_value", std::string("2.0")}},
            .expected = {{"Out", {Tensor::from<int32_t>({1}, {2})}}},
            .has_batch = false});
  EXPECT_ANY_THROW(
      run_reference({.type = "fill_constant",
                     .inputs = {},
                     .attrs = {{"shape", Longs{1}}, {"str_value", std::string("x")}}}));
}

TEST(FillConstant, BadInputs) {
  expect_op_error({.type = "fill_constant", .inputs = {}, .attrs = {{"dtype", 22}}},
                  "Paddle's type number 22 is not supported");
  expect_op_error(
      {.type = "fill_constant", .inputs = {{"ShapeTensor", {Tensor::from<float>({1}, {2})}}}},
      "use int32 or int64");
  expect_op_error(
      {.type = "fill_constant", .inputs = {{"ValueTensor", {Tensor::from<int32_t>({1}, {2})}}}},
      "ValueTensor must be one float32");
}

}  // namespace
}  // namespace intact
