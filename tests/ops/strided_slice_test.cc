#include <gtest/gtest.h>

#include "support/check_op.h"
#include "support/random_tensor.h"

namespace intact {
namespace {

const Tensor kX = Tensor::from<float>({2, 5}, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9});

void expect_columns(int32_t start, int32_t end, int32_t stride, const std::vector<float>& columns) {
  std::vector<float> expected = columns;
  for (float column : columns) {
    expected.push_back(column + 5);
  }
  const auto size = static_cast<int64_t>(columns.size());
  check_op({.type = "strided_slice",
            .inputs = {{"Input", {kX}}},
            .attrs = {{"axes", Ints{1}},
                      {"starts", Ints{start}},
                      {"ends", Ints{end}},
                      {"strides", Ints{stride}}},
            .expected = {{"Out", {Tensor::from<float>({2, size}, expected)}}},
            .gradients = {"Input"}});
}

TEST(StridedSlice, TakesEveryOtherElement) {
  expect_columns(0, 5, 2, {0, 2, 4});
  expect_columns(1, 100, 3, {1, 4});
  expect_columns(-4, -1, 2, {1, 3});
}

TEST(StridedSlice, GoesBackwards) {
  expect_columns(4, 0, -2, {4, 2});
  expect_columns(100, -1, -1, {4, 3, 2, 1, 0});  // -1: past the first
  expect_columns(3, -4, -1, {3, 2});
}

TEST(StridedSlice, DropsAxes) {
  check_op({.type = "strided_slice",
            .inputs = {{"Input", {kX}}},
            .attrs = {{"axes", Ints{0, 1}},
                      {"starts", Ints{1, 4}},
                      {"ends", Ints{2, 0}},
                      {"strides", Ints{1, -3}},
                      {"decrease_axis", Ints{0}}},
            .expected = {{"Out", {Tensor::from<float>({2}, {9, 6})}}},
            .gradients = {"Input"},
            .has_batch = false});
}

TEST(StridedSlice, BadInputs) {
  const auto expect_error = [](Attributes attrs, const std::string& message) {
    expect_op_error({.type = "strided_slice", .inputs = {{"Input", {kX}}}, .attrs = attrs},
                    message);
  };
  expect_error({{"axes", Ints{1}}, {"starts", Ints{0}}, {"ends", Ints{1}}},
               "has 1 axes, 1 starts, 1 ends and 0 strides");
  expect_error({{"axes", Ints{1}}, {"starts", Ints{0}}, {"ends", Ints{1}}, {"strides", Ints{0}}},
               "strides[0] is 0");
  expect_error({{"axes", Ints{2}}, {"starts", Ints{0}}, {"ends", Ints{1}}, {"strides", Ints{1}}},
               "axis is 2 but the tensor [2,5] has 2 dimensions");
  expect_error({{"axes", Ints{1}},
                {"starts", Ints{0}},
                {"ends", Ints{4}},
                {"strides", Ints{2}},
                {"decrease_axis", Ints{1}}},
               "decrease_axis drops axis 1 but it has 2 elements");
}

}  // namespace
}  // namespace intact
