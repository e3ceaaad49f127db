#include <gtest/gtest.h>

#include "support/check_op.h"
#include "support/random_tensor.h"

namespace intact {
namespace {

const std::vector<float> kCountToSix = {1, 2, 3, 4, 5, 6};

TEST(MatMul, HandWrittenNumbers) {
  const Tensor x = Tensor::from<float>({2, 3}, kCountToSix);
  const Tensor y = Tensor::from<float>({3, 2}, {1, 0, 0, 1, 1, 1});
  check_op({.type = "matmul_v2",
            .inputs = {{"X", {x}}, {"Y", {y}}},
            .expected = {{"Out", {Tensor::from<float>({2, 2}, {4, 5, 10, 11})}}}});
  // [3,2] read as [2,3]: rows 1 3 5 and 2 4 6; columns of Y likewise.
  check_op({.type = "matmul_v2",
            .inputs = {{"X", {Tensor::from<float>({3, 2}, kCountToSix)}},
                       {"Y", {Tensor::from<float>({2, 3}, {1, 0, 0, 0, 1, 1})}}},
            .attrs = {{"trans_x", true}, {"trans_y", true}},
            .expected = {{"Out", {Tensor::from<float>({2, 2}, {1, 8, 2, 10})}}},
            .has_batch = false});
  check_op({.type = "matmul",
            .inputs = {{"X", {x}}, {"Y", {y}}},
            .attrs = {{"alpha", 0.5f}},
            .expected = {{"Out", {Tensor::from<float>({2, 2}, {2, 2.5, 5, 5.5})}}}});
}

TEST(MatMul, VectorsLoseTheirDimension) {
  const Tensor vector = Tensor::from<float>({2}, {1, 10});
  const Tensor matrix = Tensor::from<float>({2, 2}, {1, 2, 3, 4});
  check_op({.type = "matmul_v2",
            .inputs = {{"X", {vector}}, {"Y", {matrix}}},
            .expected = {{"Out", {Tensor::from<float>({2}, {31, 42})}}},
            .gradients = {"X", "Y"},
            .has_batch = false});
  check_op({.type = "matmul_v2",
            .inputs = {{"X", {matrix}}, {"Y", {vector}}},
            .expected = {{"Out", {Tensor::from<float>({2}, {21, 43})}}},
            .gradients = {"X", "Y"}});
  check_op({.type = "matmul_v2",
            .inputs = {{"X", {vector}}, {"Y", {vector}}},
            .expected = {{"Out", {Tensor::from<float>({}, {101})}}},
            .gradients = {"X", "Y"},
            .has_batch = false});
  check_op({.type = "matmul",
            .inputs = {{"X", {vector}}, {"Y", {vector}}},
            .expected = {{"Out", {Tensor::from<float>({1}, {101})}}},
            .has_batch = false});
}

TEST(MatMul, GradientsAreCentralDifferencesForAllTranspositionsAndBatches) {
  struct Case {
    Shape x_batch;
    Shape y_batch;
  };
  const Case cases[] = {
      {{}, {}}, {{2}, {2}}, {{2}, {}}, {{}, {3}}, {{2, 1}, {1, 3}}, {{2, 2}, {2}}};
  const auto shape = [](const Shape& batch, int64_t rows, int64_t cols, bool is_transposed) {
    std::vector<int64_t> dims = batch.dims();
    dims.push_back(is_transposed ? cols : rows);
    dims.push_back(is_transposed ? rows : cols);
    return Shape(dims);
  };
  for (const Case& c : cases) {
    for (const bool trans_x : {false, true}) {
      for (const bool trans_y : {false, true}) {
        const TensorSlots inputs = {{"X", {random_tensor(shape(c.x_batch, 2, 3, trans_x), 1)}},
                                    {"Y", {random_tensor(shape(c.y_batch, 3, 4, trans_y), 2)}}};
        const bool has_batch = c.x_batch.rank() > 0;
        check_op({.type = "matmul_v2",
                  .inputs = inputs,
                  .attrs = {{"trans_x", trans_x}, {"trans_y", trans_y}},
                  .gradients = {"X", "Y"},
                  .has_batch = has_batch});
        check_op({.type = "matmul",
                  .inputs = inputs,
                  .attrs = {{"transpose_X", trans_x}, {"transpose_Y", trans_y}, {"alpha", 0.25f}},
                  .gradients = {"X", "Y"},
                  .has_batch = has_batch});
      }
    }
  }
}

TEST(MatMul, BadInputsAreNamed) {
  const TensorSlots inputs = {{"X", {random_tensor({2, 3}, 1)}}, {"Y", {random_tensor({2, 4}, 2)}}};
  expect_op_error({.type = "matmul_v2", .inputs = inputs},
                  "X [2,3] has 3 columns but Y [2,4] has 2 rows, after the transpositions");
  expect_op_error({.type = "matmul",
                   .inputs = inputs,
                   .attrs = {{"transpose_X", true}, {"head_number", int32_t{2}}}},
                  "head_number is 2; only 1 is supported");
  expect_op_error(
      {.type = "matmul_v2",
       .inputs = {{"X", {random_tensor({2, 2, 3}, 1)}}, {"Y", {random_tensor({3, 3, 4}, 2)}}}},
      "X [2] and Y [3] do not broadcast");
}

}  // namespace
}  // namespace intact
