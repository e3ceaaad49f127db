// The integer ops of ONNX; its own node tests are in tests/interop/onnx_conformance_test.cc.
#include <gtest/gtest.h>

#include "support/check_op.h"

namespace intact {
namespace {

Tensor u8(Shape shape, const std::vector<uint8_t>& values) {
  return Tensor::from<uint8_t>(std::move(shape), values);
}

Tensor s8(Shape shape, const std::vector<int8_t>& values) {
  return Tensor::from<int8_t>(std::move(shape), values);
}

TEST(OnnxMatmulInteger, HandWrittenNumbers) {
  check_op({.type = "onnx_matmul_integer",
            .inputs = {{"A", {u8({1, 2}, {255, 3})}},
                       {"B", {s8({2, 2}, {-128, 1, 127, -2})}},
                       {"AZeroPoint", {u8({}, {5})}},
                       {"BZeroPoint", {s8({2}, {0, 1})}}},
            .expected = {{"Y", {Tensor::from<int32_t>({1, 2}, {250 * -128 - 2 * 127, 0 + 6})}}}});
}

TEST(OnnxMatmulInteger, BroadcastsBatches) {
  check_op({.type = "onnx_matmul_integer",
            .inputs = {{"A", {u8({2, 1, 1}, {2, 3})}}, {"B", {s8({1, 2}, {4, -5})}}},
            .expected = {{"Y", {Tensor::from<int32_t>({2, 1, 2}, {8, -10, 12, -15})}}}});
}

/// M = 0.5 * step / 1: sums 1, 3, 5 at step 1 are 0.5, 1.5, 2.5, which round to 0, 2, 2.
TEST(OnnxQlinearMatmul, TiesGoToEvenAndChannelsHaveTheirStep) {
  check_op({.type = "onnx_qlinear_matmul",
            .inputs = {{"A", {u8({1, 1}, {1})}},
                       {"AStep", {Tensor::scalar(0.5f)}},
                       {"AZeroPoint", {u8({}, {0})}},
                       {"B", {s8({1, 5}, {1, 3, 5, 127, -3})}},
                       {"BStep", {Tensor::from<float>({5}, {1, 1, 1, 8, 1})}},
                       {"BZeroPoint", {s8({}, {0})}},
                       {"YStep", {Tensor::scalar(1.0f)}},
                       {"YZeroPoint", {u8({}, {10})}}},
            .expected = {{"Y", {u8({1, 5}, {10, 12, 12, 255, 8})}}}});
}

TEST(OnnxConvInteger, PadsWithTheZeroPoint) {
  check_op({.type = "onnx_conv_integer",
            .inputs = {{"X", {u8({1, 1, 1, 2}, {7, 9})}},
                       {"Filter", {s8({1, 1, 1, 3}, {1, 10, 100})}},
                       {"XZeroPoint", {u8({}, {5})}}},
            .attrs = {{"paddings", Ints{0, 1}}},
            .expected = {{"Y", {Tensor::from<int32_t>({1, 1, 1, 2}, {420, 42})}}}});
}

TEST(OnnxQlinearConv, AddsTheBiasToTheSumAndSaturates) {
  check_op({.type = "onnx_qlinear_conv",
            .inputs = {{"X", {u8({1, 1, 1, 2}, {100, 200})}},
                       {"XStep", {Tensor::scalar(0.5f)}},
                       {"XZeroPoint", {u8({}, {100})}},
                       {"Filter", {s8({2, 1, 1, 1}, {1, -1})}},
                       {"FilterStep", {Tensor::from<float>({2}, {2, 4})}},
                       {"FilterZeroPoint", {s8({}, {0})}},
                       {"YStep", {Tensor::scalar(1.0f)}},
                       {"YZeroPoint", {s8({}, {3})}},
                       {"Bias", {Tensor::from<int32_t>({2}, {20, 1})}}},
            .expected = {{"Y", {s8({1, 2, 1, 2}, {23, 123, 5, -128})}}}});
}

TEST(OnnxConvInteger, BadInputsAreNamed) {
  const Tensor filter = s8({1, 2, 1, 1}, {1, 1});
  expect_op_error({.type = "onnx_conv_integer",
                   .inputs = {{"X", {u8({1, 1, 1, 1}, {1})}}, {"Filter", {filter}}}},
                  "X [1,1,1,1] and Filter [1,2,1,1] do not fit groups=1");
  expect_op_error({.type = "onnx_conv_integer",
                   .inputs = {{"X", {Tensor(DType::Float32, {1, 2, 1, 1})}}, {"Filter", {filter}}}},
                  "X is float32; give codes, int8 or uint8");
}

TEST(OnnxMatmulInteger, BadInputsAreNamed) {
  expect_op_error({.type = "onnx_matmul_integer",
                   .inputs = {{"A", {u8({1, 2}, {1, 1})}}, {"B", {s8({3, 1}, {1, 1, 1})}}}},
                  "A [1,2] has 2 columns but B [3,1] has 3 rows");
  expect_op_error({.type = "onnx_matmul_integer",
                   .inputs = {{"A", {u8({1, 1}, {1})}},
                              {"B", {s8({1, 1}, {1})}},
                              {"AZeroPoint", {s8({}, {1})}}}},
                  "AZeroPoint is int8 but must be uint8");
}

}  // namespace
}  // namespace intact
