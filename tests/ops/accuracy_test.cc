#include <gtest/gtest.h>

#include "support/check_op.h"

namespace intact {
namespace {

TEST(Accuracy, CountsRowsWhoseLabelIsAmongTheIndices) {
  const Tensor indices = Tensor::from<int64_t>({4, 2}, {1, 2, 0, 3, 2, 2, 3, 1});
  for (const Tensor& label :
       {Tensor::from<int64_t>({4, 1}, {2, 1, 2, 0}), Tensor::from<int64_t>({4}, {2, 1, 2, 0})}) {
    check_op({.type = "accuracy",
              .inputs = {{"Out", {Tensor(DType::Float32, {4, 2})}},
                         {"Indices", {indices}},
                         {"Label", {label}}},
              .expected = {{"Accuracy", {Tensor::scalar<float>(0.5f)}},
                           {"Correct", {Tensor::scalar<int32_t>(2)}},
                           {"Total", {Tensor::scalar<int32_t>(4)}}},
              .batch_inputs = {"Out", "Indices", "Label"}});
  }
}

TEST(Accuracy, BadInputs) {
  const Tensor out(DType::Float32, {4, 2});
  const Tensor indices(DType::Int64, {4, 2});
  expect_op_error({.type = "accuracy",
                   .inputs = {{"Out", {out}},
                              {"Indices", {indices}},
                              {"Label", {Tensor(DType::Int64, {3, 1})}}}},
                  "Label has shape [3,1] but Indices [4,2]");
  expect_op_error({.type = "accuracy",
                   .inputs = {{"Out", {out}},
                              {"Indices", {indices}},
                              {"Label", {Tensor(DType::Float32, {4, 1})}}}},
                  "Label is float32 but must be int64");
}

}  // namespace
}  // namespace intact
