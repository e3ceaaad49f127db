// Programs in deployment form (QDQ) as ONNX: one to one there and back.
#include <gtest/gtest.h>
#include <onnx.pb.h>

#include "intact/interop/onnx.h"
#include "intact/ir/interpret.h"
#include "intact/ir/text.h"
#include "intact/ir/verify.h"
#include "support/check_op.h"
#include "support/random_tensor.h"

namespace intact {
namespace {

/// A convolution with bias and relu on codes, then a fully connected layer with float logits.
const char* const kProgram = R"(
random_seed 0
var %x: float32[-1,2,6,6] data
var %x_step: float32[1] persistable
var %x_zero: uint8[1] persistable
var %w: int8[4,2,3,3] persistable
var %w_step: float32[4] persistable
var %w_zero: int8[4] persistable
var %b: int32[4] persistable
var %b_step: float32[4] persistable
var %b_zero: int32[4] persistable
var %y_step: float32[1] persistable
var %y_zero: uint8[1] persistable
var %f: int8[64,3] persistable
var %f_step: float32[3] persistable
var %f_zero: int8[3] persistable
Y=%x_codes = onnx_quantize_linear(X=%x, Step=%x_step, ZeroPoint=%x_zero)
Y=%x_real = onnx_dequantize_linear(X=%x_codes, Step=%x_step, ZeroPoint=%x_zero)
Y=%w_real = onnx_dequantize_linear(X=%w, Step=%w_step, ZeroPoint=%w_zero) {axis=0}
Output=%sum = conv2d(Input=%x_real, Filter=%w_real)
Y=%b_real = onnx_dequantize_linear(X=%b, Step=%b_step, ZeroPoint=%b_zero) {axis=0}
Out=%biased = elementwise_add(X=%sum, Y=%b_real) {axis=1}
Out=%relu = relu(X=%biased)
Y=%y_codes = onnx_quantize_linear(X=%relu, Step=%y_step, ZeroPoint=%y_zero) {qmax=127}
Y=%y_real = onnx_dequantize_linear(X=%y_codes, Step=%y_step, ZeroPoint=%y_zero)
Y=%f_real = onnx_dequantize_linear(X=%f, Step=%f_step, ZeroPoint=%f_zero) {axis=1}
Out=%logits = mul(X=%y_real, Y=%f_real)
)";

Tensor random_codes(Shape shape, uint64_t seed) {
  const Tensor real = random_tensor(shape, seed);
  Tensor codes(DType::Int8, shape);
  for (int64_t i = 0; i < codes.numel(); ++i) {
    codes.data<int8_t>()[i] =
        static_cast<int8_t>(std::clamp(real.data<float>()[i] * 60.0f, -127.0f, 127.0f));
  }
  return codes;
}

Scope make_scope() {
  Scope scope;
  scope.set("x_step", Tensor::from<float>({1}, {0.01f}));
  scope.set("x_zero", Tensor::from<uint8_t>({1}, {64}));
  scope.set("w", random_codes({4, 2, 3, 3}, 1));
  scope.set("w_step", Tensor::from<float>({4}, {0.01f, 0.02f, 0.03f, 0.04f}));
  scope.set("w_zero", Tensor(DType::Int8, {4}));
  scope.set("b", Tensor::from<int32_t>({4}, {100, -200, 3000, 40}));
  scope.set("b_step", Tensor::from<float>({4}, {1e-4f, 2e-4f, 3e-4f, 4e-4f}));
  scope.set("b_zero", Tensor(DType::Int32, {4}));
  scope.set("y_step", Tensor::from<float>({1}, {0.02f}));
  scope.set("y_zero", Tensor::from<uint8_t>({1}, {0}));
  scope.set("f", random_codes({64, 3}, 2));
  scope.set("f_step", Tensor::from<float>({3}, {0.01f, 0.02f, 0.005f}));
  scope.set("f_zero", Tensor(DType::Int8, {3}));
  return scope;
}

std::string written(const Program& program, const Scope& scope) {
  return write_onnx({"x"}, {"logits"}, program, scope);
}

std::vector<std::string> node_types(const std::string& bytes) {
  onnx_proto::ModelProto model;
  EXPECT_TRUE(model.ParseFromString(bytes));
  std::vector<std::string> types;
  for (const auto& node : model.graph().node()) {
    types.push_back(node.op_type());
  }
  return types;
}

TEST(OnnxQuantized, IsWrittenOneToOne) {
  const std::string bytes = written(parse_program(kProgram), make_scope());
  const std::vector<std::string> expected = {"QuantizeLinear",
                                             "DequantizeLinear",
                                             "DequantizeLinear",
                                             "DequantizeLinear",
                                             "Conv",
                                             "Relu",
                                             "QuantizeLinear",
                                             "Clip",
                                             "DequantizeLinear",
                                             "Flatten",
                                             "DequantizeLinear",
                                             "Gemm"};
  EXPECT_EQ(node_types(bytes), expected);
}

TEST(OnnxQuantized, ReadBackIsTheSameNumbersAndRange) {
  const Program program = parse_program(kProgram);
  Scope scope = make_scope();
  InferenceModel again = read_onnx(written(program, scope), "again.onnx");
  verify(again.program);
  EXPECT_EQ(again.program.var("y_codes").producer()->attr<int32_t>("qmax"), 127);
  const TensorMap feeds = {{"x", random_tensor({3, 2, 6, 6}, 5)}};
  const auto expected = interpret(program, feeds, {"y_codes", "logits"}, scope);
  const auto actual = interpret(again.program, feeds, {"y_codes", "logits"}, again.scope);
  EXPECT_TRUE(actual[0].identical(expected[0]));
  EXPECT_TRUE(actual[1].identical(expected[1]));
  int quantizers = 0;
  for (const Op* op : again.program.ops()) {
    quantizers += op->type() == "onnx_quantize_linear" ? 1 : 0;
  }
  EXPECT_EQ(quantizers, 2);
}

/// x + x on codes of two steps, and the sum itself.
const char* const kSum = R"(
random_seed 0
var %x: float32[-1,2,6,6] data
var %x_step: float32[1] persistable
var %x_zero: uint8[1] persistable
var %y_step: float32[1] persistable
var %y_zero: uint8[1] persistable
Y=%x_codes = onnx_quantize_linear(X=%x, Step=%x_step, ZeroPoint=%x_zero)
Y=%x_real = onnx_dequantize_linear(X=%x_codes, Step=%x_step, ZeroPoint=%x_zero)
Y=%y_codes = onnx_quantize_linear(X=%x, Step=%y_step, ZeroPoint=%y_zero)
Y=%y_real = onnx_dequantize_linear(X=%y_codes, Step=%y_step, ZeroPoint=%y_zero)
Out=%sum = elementwise_add(X=%x_real, Y=%y_real)
Out=%logits = relu(X=%sum)
)";

TEST(OnnxQuantized, SumsOfCodesAreKeptApartFromWhatGivesThem) {
  const Program program = parse_program(kSum);
  Scope scope = make_scope();
  const std::string bytes = written(program, scope);
  const std::vector<std::string> expected = {"QuantizeLinear",
                                             "DequantizeLinear",
                                             "QuantizeLinear",
                                             "DequantizeLinear",
                                             "MaxPool",
                                             "MaxPool",
                                             "Add",
                                             "Relu"};
  EXPECT_EQ(node_types(bytes), expected);
  InferenceModel again = read_onnx(bytes, "again.onnx");
  verify(again.program);
  EXPECT_EQ(again.program.ops().size(), program.ops().size());  // the pools are not read
  EXPECT_EQ(node_types(written(again.program, again.scope)), expected);
  const TensorMap feeds = {{"x", random_tensor({3, 2, 6, 6}, 5)}};
  EXPECT_TRUE(interpret(again.program, feeds, {"logits"}, again.scope)[0].identical(
      interpret(program, feeds, {"logits"}, scope)[0]));
}

TEST(OnnxQuantized, WritingAgainGivesTheSameNodes) {
  const std::string bytes = written(parse_program(kProgram), make_scope());
  const InferenceModel again = read_onnx(bytes, "again.onnx");
  EXPECT_EQ(node_types(written(again.program, again.scope)), node_types(bytes));
}

}  // namespace
}  // namespace intact
