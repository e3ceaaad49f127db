#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "support/check_op.h"
#include "tensor/affine_quantize.h"

namespace intact {
namespace {

Tensor floats(const std::vector<float>& values) {
  return Tensor::from<float>({static_cast<int64_t>(values.size())}, values);
}

TEST(OnnxQuantizeLinear, RoundsTiesToEvenAndSaturates) {
  const Tensor x = floats({0, 1, 3, 5, -1, -3, 600, -600, 254, 256});
  check_op({.type = "onnx_quantize_linear",
            .inputs = {{"X", {x}},
                       {"Step", {floats({2})}},
                       {"ZeroPoint", {Tensor::from<uint8_t>({1}, {128})}}},
            .expected = {{"Y",
                          {Tensor::from<uint8_t>(
                              {10}, {128, 128, 130, 130, 128, 126, 255, 0, 255, 255})}}}});
  check_op({.type = "onnx_quantize_linear",
            .inputs = {{"X", {x}},
                       {"Step", {floats({2})}},
                       {"ZeroPoint", {Tensor::from<int8_t>({1}, {0})}}},
            .attrs = {{"qmin", -127}},
            .expected = {
                {"Y", {Tensor::from<int8_t>({10}, {0, 0, 2, 2, 0, -2, 127, -127, 127, 127})}}}});
}

TEST(OnnxQuantizeLinear, HasAStepAndAZeroPointPerChannel) {
  check_op({.type = "onnx_quantize_linear",
            .inputs = {{"X", {Tensor::from<float>({2, 2, 2}, {1, 2, 1, 2, 3, 4, 3, 4})}},
                       {"Step", {floats({1, 0.5f})}},
                       {"ZeroPoint", {Tensor::from<uint8_t>({2}, {0, 10})}}},
            .expected = {{"Y", {Tensor::from<uint8_t>({2, 2, 2}, {1, 2, 12, 14, 3, 4, 16, 18})}}}});
}

TEST(OnnxDequantizeLinear, MultipliesTheDistanceFromTheZeroPoint) {
  check_op({.type = "onnx_dequantize_linear",
            .inputs = {{"X", {Tensor::from<uint8_t>({4}, {0, 100, 128, 255})}},
                       {"Step", {floats({0.5f})}},
                       {"ZeroPoint", {Tensor::from<uint8_t>({1}, {128})}}},
            .expected = {{"Y", {floats({-64, -14, 0, 63.5f})}}}});
  check_op({.type = "onnx_dequantize_linear",
            .inputs = {{"X", {Tensor::from<int8_t>({2, 2}, {-128, 127, 3, -3})}},
                       {"Step", {floats({0.5f, 2})}},
                       {"ZeroPoint", {Tensor::from<int8_t>({2}, {0, 0})}}},
            .attrs = {{"axis", 0}},
            .expected = {{"Y", {Tensor::from<float>({2, 2}, {-64, 63.5f, 6, -6})}}},
            .has_batch = false});
  check_op({.type = "onnx_dequantize_linear",
            .inputs = {{"X", {Tensor::from<int32_t>({2}, {-100000, 7})}},
                       {"Step", {floats({0.25f, 1})}},
                       {"ZeroPoint", {Tensor::from<int32_t>({2}, {0, 0})}}},
            .attrs = {{"axis", 0}},
            .expected = {{"Y", {floats({-25000, 7})}}},
            .has_batch = false});
}

TEST(OnnxQuantizeLinear, RefusesMisfits) {
  const Tensor x = Tensor::from<float>({2, 2}, {1, 2, 3, 4});
  const Tensor zero = Tensor::from<uint8_t>({1}, {0});
  const Tensor three = Tensor::from<uint8_t>({3}, {0, 0, 0});
  const Tensor step = floats({1});
  expect_op_error({.type = "onnx_quantize_linear",
                   .inputs = {{"X", {x}}, {"Step", {step}}, {"ZeroPoint", {three}}}},
                  "as many zero points");
  expect_op_error({.type = "onnx_quantize_linear",
                   .inputs = {{"X", {x}}, {"Step", {floats({1, 1, 1})}}, {"ZeroPoint", {three}}}},
                  "one per channel");
  expect_op_error({.type = "onnx_quantize_linear",
                   .inputs = {{"X", {x}}, {"Step", {step}}, {"ZeroPoint", {zero}}},
                   .attrs = {{"qmin", 300}}},
                  "leave no code");
  expect_op_error({.type = "onnx_dequantize_linear",
                   .inputs = {{"X", {x}}, {"Step", {step}}, {"ZeroPoint", {zero}}}},
                  "must be int8, uint8 or int32");
}

TEST(AffineQuantize, HandlesWhatNoCodeStandsFor) {
  const CodeRange range{-128, 127};
  EXPECT_EQ(quantize_affine(std::numeric_limits<float>::infinity(), 1, 0, range), 127);
  EXPECT_EQ(quantize_affine(-std::numeric_limits<float>::infinity(), 1, 0, range), -128);
  EXPECT_EQ(quantize_affine(std::nanf(""), 1, 0, range), -128);
  EXPECT_EQ(requantize(std::numeric_limits<int32_t>::max(), 1e30f, 0, range), 127);
  EXPECT_EQ(requantize(3, 0.5f, 0, range), 2);
  EXPECT_EQ(requantize(5, 0.5f, 0, range), 2);
}

}  // namespace
}  // namespace intact
