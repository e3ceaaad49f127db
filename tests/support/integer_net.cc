#include "support/integer_net.h"

#include <cmath>

#include "support/random_tensor.h"

namespace intact {

IntegerNet::IntegerNet() = default;

Var& IntegerNet::constant(const std::string& prefix, const Tensor& value) {
  const std::string name = program.unique_name(prefix);
  Var& var = program.block().add_var(name, value.dtype(), value.shape(), {.is_persistable = true});
  scope.set(name, value);
  return var;
}

Var& IntegerNet::temporary(const std::string& prefix) {
  return program.block().add_var(program.unique_name(prefix), DType::Float32, {});
}

Tensor IntegerNet::random_codes(Shape shape) {
  const Tensor uniform = random_tensor(std::move(shape), next_seed_++, -127.49f, 127.49f);
  Tensor codes(DType::Int8, uniform.shape());
  for (int64_t i = 0; i < codes.numel(); ++i) {
    codes.data<int8_t>()[i] = static_cast<int8_t>(std::nearbyint(uniform.data<float>()[i]));
  }
  return codes;
}

Var& IntegerNet::feed(const std::string& name, Shape shape) {
  return program.block().add_var(name, DType::Float32, std::move(shape), {.is_data = true});
}

Var& IntegerNet::quantized(Var& x, const Quantizer& quantizer) {
  Tensor zero(quantizer.dtype, {1});
  static_cast<uint8_t*>(zero.raw())[0] = static_cast<uint8_t>(quantizer.zero_point);
  Var& step = constant("step", Tensor::from<float>({1}, {quantizer.step}));
  Var& zero_point = constant("zero_point", zero);
  Var& codes = program.block().add_var(program.unique_name("codes"), quantizer.dtype, {});
  program.block().append_op(
      {.type = "onnx_quantize_linear",
       .inputs = {{"X", {&x}}, {"Step", {&step}}, {"ZeroPoint", {&zero_point}}},
       .outputs = {{"Y", {&codes}}},
       .attrs = {{"qmin", int32_t{quantizer.qmin}}, {"qmax", int32_t{quantizer.qmax}}}});
  Var& values = temporary("values");
  program.block().append_op(
      {.type = "onnx_dequantize_linear",
       .inputs = {{"X", {&codes}}, {"Step", {&step}}, {"ZeroPoint", {&zero_point}}},
       .outputs = {{"Y", {&values}}}});
  return values;
}

Var& IntegerNet::dequantized(Var& codes, Var& step, DType dtype, int64_t count, int axis) {
  Var& zero_point = constant("zero_points", Tensor(dtype, {count}));
  Var& values = temporary("constant_values");
  program.block().append_op(
      {.type = "onnx_dequantize_linear",
       .inputs = {{"X", {&codes}}, {"Step", {&step}}, {"ZeroPoint", {&zero_point}}},
       .outputs = {{"Y", {&values}}},
       .attrs = {{"axis", int32_t{axis}}}});
  return values;
}

Var& IntegerNet::conv(Var& x, const Conv& options) {
  const int64_t outputs = options.outputs;
  const int64_t channels = x.shape()[1] / options.groups;
  Var& codes =
      constant("weight", random_codes({outputs, channels, options.kernel, options.kernel}));
  const Tensor steps = random_tensor({outputs}, next_seed_++, 0.001f, 0.01f);
  Var& weight = dequantized(codes, constant("weight_step", steps), DType::Int8, outputs, 0);
  Var& y = temporary("conv");
  const int pad = options.kernel / 2;
  program.block().append_op({.type = options.groups > 1 ? "depthwise_conv2d" : "conv2d",
                             .inputs = {{"Input", {&x}}, {"Filter", {&weight}}},
                             .outputs = {{"Output", {&y}}},
                             .attrs = {{"strides", Ints{options.stride, options.stride}},
                                       {"paddings", Ints{pad, pad}},
                                       {"groups", int32_t{options.groups}}}});
  if (!options.has_bias) {
    return y;
  }
  Tensor bias(DType::Int32, {outputs});
  Tensor bias_steps(DType::Float32, {outputs});
  for (int64_t o = 0; o < outputs; ++o) {
    bias.data<int32_t>()[o] = static_cast<int32_t>(o * 331 - 1000);
    bias_steps.data<float>()[o] = options.x_step * steps.data<float>()[o];
  }
  Var& bias_values = dequantized(
      constant("bias", bias), constant("bias_step", bias_steps), DType::Int32, outputs, 0);
  Var& sum = temporary("biased");
  program.block().append_op({.type = "elementwise_add",
                             .inputs = {{"X", {&y}}, {"Y", {&bias_values}}},
                             .outputs = {{"Out", {&sum}}},
                             .attrs = {{"axis", int32_t{1}}}});
  return sum;
}

Var& IntegerNet::fully_connected(Var& x, int64_t outputs, float x_step) {
  const int64_t inputs = x.shape().numel(1, x.shape().rank());
  const Tensor steps = random_tensor({outputs}, next_seed_++, 0.001f, 0.01f);
  Var& weight = dequantized(constant("weight", random_codes({inputs, outputs})),
                            constant("weight_step", steps),
                            DType::Int8,
                            outputs,
                            1);
  Var& y = temporary("mul");
  program.block().append_op({.type = "mul",
                             .inputs = {{"X", {&x}}, {"Y", {&weight}}},
                             .outputs = {{"Out", {&y}}},
                             .attrs = {{"x_num_col_dims", int32_t{1}}}});
  Tensor bias_steps = steps.clone();
  for (float& step : bias_steps.values<float>()) {
    step = x_step * step;
  }
  Tensor bias(DType::Int32, {outputs});
  bias.data<int32_t>()[0] = 12345;
  Var& bias_values = dequantized(
      constant("bias", bias), constant("bias_step", bias_steps), DType::Int32, outputs, 0);
  Var& sum = temporary("biased");
  program.block().append_op({.type = "elementwise_add",
                             .inputs = {{"X", {&y}}, {"Y", {&bias_values}}},
                             .outputs = {{"Out", {&sum}}},
                             .attrs = {{"axis", int32_t{1}}}});
  return sum;
}

Var& IntegerNet::unary(const std::string& type, Var& x, Attributes attrs) {
  Var& y = temporary(type);
  program.block().append_op({.type = type,
                             .inputs = {{"X", {&x}}},
                             .outputs = {{"Out", {&y}}},
                             .attrs = std::move(attrs)});
  return y;
}

Var& IntegerNet::add(Var& a, Var& b) {
  Var& y = temporary("sum");
  program.block().append_op({.type = "elementwise_add",
                             .inputs = {{"X", {&a}}, {"Y", {&b}}},
                             .outputs = {{"Out", {&y}}}});
  return y;
}

Var& IntegerNet::concat(const std::vector<Var*>& xs, int axis) {
  Var& y = temporary("concat");
  program.block().append_op({.type = "concat",
                             .inputs = {{"X", xs}},
                             .outputs = {{"Out", {&y}}},
                             .attrs = {{"axis", int32_t{axis}}}});
  return y;
}

Var& IntegerNet::pool(Var& x, const std::string& type, int kernel, bool is_global) {
  return unary("pool2d",
               x,
               {{"pooling_type", type},
                {"ksize", Ints{kernel, kernel}},
                {"strides", Ints{kernel, kernel}},
                {"global_pooling", is_global}});
}

}  // namespace intact
