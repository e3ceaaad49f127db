#include <gtest/gtest.h>

#include "support/check_op.h"
#include "support/random_tensor.h"

namespace intact {
namespace {

TEST(FillConstantBatchSizeLike, TakesOneDimensionOfItsInput) {
  check_op({.type = "fill_constant_batch_size_like",
            .inputs = {{"Input", {random_tensor({2, 3}, 1)}}},
            .attrs = {{"shape", Ints{-1, 2}}, {"value", 1.5f}},
            .expected = {{"Out", {Tensor::from<float>({2, 2}, {1.5f, 1.5f, 1.5f, 1.5f})}}}});
  check_op({.type = "fill_constant_batch_size_like",
            .inputs = {{"Input", {random_tensor({2, 3}, 1)}}},
            .attrs = {{"shape", Ints{1, -1}},
                      {"input_dim_idx", 1},
                      {"output_dim_idx", 1},
                      {"dtype", paddle_code(DType::Int64)},
                      {"str_value", std::string("7")}},
            .expected = {{"Out", {Tensor::from<int64_t>({1, 3}, {7, 7, 7})}}},
            .has_batch = false});
}

TEST(FillConstantBatchSizeLike, BadInputs) {
  expect_op_error({.type = "fill_constant_batch_size_like",
                   .inputs = {{"Input", {random_tensor({2, 3}, 1)}}},
                   .attrs = {{"shape", Ints{-1}}, {"input_dim_idx", 2}}},
                  "axis is 2 but the tensor [2,3] has 2 dimensions");
}

}  // namespace
}  // namespace intact
