#include <gtest/gtest.h>

#include "support/check_op.h"

namespace intact {
namespace {

Tensor bools(Shape shape, const std::vector<int>& values) {
  Tensor tensor(DType::Bool, std::move(shape));
  for (size_t i = 0; i < values.size(); ++i) {
    tensor.data<bool>()[i] = values[i] != 0;
  }
  return tensor;
}

TEST(Compare, HandWrittenNumbers) {
  const std::map<std::string, std::vector<int>> expected = {{"equal", {0, 1, 0}},
                                                            {"not_equal", {1, 0, 1}},
                                                            {"greater_than", {0, 0, 1}},
                                                            {"greater_equal", {0, 1, 1}},
                                                            {"less_than", {1, 0, 0}},
                                                            {"less_equal", {1, 1, 0}}};
  for (const auto& [type, out] : expected) {
    check_op({.type = type,
              .inputs = {{"X", {Tensor::from<float>({3, 1}, {1, 2, 3})}},
                         {"Y", {Tensor::from<float>({1}, {2})}}},
              .expected = {{"Out", {bools({3, 1}, out)}}}});
  }
  check_op({.type = "equal",
            .inputs = {{"X", {Tensor::from<int64_t>({2, 2}, {0, 5, 1, 0})}},
                       {"Y", {Tensor::from<int64_t>({2}, {0, 1})}}},
            .attrs = {{"axis", int32_t{0}}},
            .expected = {{"Out", {bools({2, 2}, {1, 0, 1, 0})}}}});
}

TEST(Compare, BadInputsAreNamed) {
  expect_op_error(
      {.type = "equal",
       .inputs = {{"X", {Tensor(DType::Int64, {2})}}, {"Y", {Tensor(DType::Float32, {2})}}}},
      "X is int64 but Y is float32; cast one of them");
}

TEST(Where, PicksAndSplitsTheGradient) {
  const Tensor condition = bools({2, 2}, {1, 0, 0, 1});
  check_op({.type = "where",
            .inputs = {{"Condition", {condition}},
                       {"X", {Tensor::from<float>({2, 2}, {1, 2, 3, 4})}},
                       {"Y", {Tensor::from<float>({2, 2}, {5, 6, 7, 8})}}},
            .expected = {{"Out", {Tensor::from<float>({2, 2}, {1, 6, 7, 4})}}},
            .gradients = {"X", "Y"},
            .batch_inputs = {"Condition", "X", "Y"}});
  expect_op_error({.type = "where",
                   .inputs = {{"Condition", {condition}},
                              {"X", {Tensor(DType::Float32, {2})}},
                              {"Y", {Tensor(DType::Float32, {2, 2})}}}},
                  "X is [2] but Condition [2,2]; give both the same shape");
}

}  // namespace
}  // namespace intact
