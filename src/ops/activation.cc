// Elementwise functions of one tensor, Out = f(X): one entry of the table each, computed in double.
// The gradient is dX = dOut * f', where f' is written in Out or in X as Paddle's grad op is (spec
// 7.5).
#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "intact/ir/gradient_context.h"
#include "intact/ir/infer_context.h"
#include "intact/ir/kernel_context.h"
#include "intact/ir/op_registry.h"
#include "tensor/dispatch.h"

namespace intact {
namespace {

/// Values of the op's attributes, in the order of Activation::attrs; true is 1.
using Parameters = std::array<double, 3>;

/// What the slope is a function of.
enum class SlopeOf { X, Out };

struct Activation {
  std::string type;
  double (*value)(double x, const Parameters& p);
  SlopeOf slope_of;
  double (*slope)(double at, const Parameters& p);
  std::vector<AttrDef> attrs = {};
  bool in_activation_pass = false;
  OutputSign sign = OutputSign::Any;
  OnnxTraits onnx = {};
  std::string parameter = {};  // slot of an optional tensor that replaces the first attribute
};

double sigmoid(double x) {
  return 1 / (1 + std::exp(-x));
}

double swish_slope(double x, double beta) {
  const double s = sigmoid(beta * x);
  return s + beta * x * s * (1 - s);
}

double softplus(double x, double beta, double threshold) {
  return beta * x > threshold ? x : std::log1p(std::exp(beta * x)) / beta;
}

double softplus_slope(double x, double beta, double threshold) {
  return beta * x > threshold ? 1 : sigmoid(beta * x);
}

double mish_slope(double x, double threshold) {
  const double t = std::tanh(softplus(x, 1, threshold));
  return t + x * (1 - t * t) * softplus_slope(x, 1, threshold);
}

/// x * P(N(0,1) <= x), or Hendrycks and Gimpel's approximation of it by tanh.
double gelu_gate(double x, bool approximate) {
  return approximate
             ? (1 + std::tanh(std::sqrt(2 / std::numbers::pi) * (x + 0.044715 * x * x * x))) / 2
             : (1 + std::erf(x / std::numbers::sqrt2)) / 2;
}

double gelu_slope(double x, bool approximate) {
  const double gate = gelu_gate(x, approximate);
  const double gate_slope = approximate ? 2 * gate * (1 - gate) * std::sqrt(2 / std::numbers::pi) *
                                              (1 + 3 * 0.044715 * x * x)
                                        : std::exp(-x * x / 2) / std::sqrt(2 * std::numbers::pi);
  return gate + x * gate_slope;
}

double hard_swish_slope(double x, double threshold, double scale, double offset) {
  if (x <= -offset) {
    return 0;
  }
  return x >= threshold - offset ? threshold / scale : (2 * x + offset) / scale;
}

const std::vector<Activation>& activations() {
  static const std::vector<Activation> kActivations = {
      {.type = "relu",
       .value = [](double x, const Parameters&) { return x > 0 ? x : 0; },
       .slope_of = SlopeOf::Out,
       .slope = [](double out, const Parameters&) { return out > 0 ? 1.0 : 0.0; },
       .in_activation_pass = true,
       .sign = OutputSign::NonNegative,
       .onnx = {.type = "Relu", .attrs = {}}},
      {.type = "relu6",
       .value = [](double x, const Parameters& p) { return std::min(std::max(x, 0.0), p[0]); },
       .slope_of = SlopeOf::Out,
       .slope = [](double out, const Parameters& p) { return out > 0 && out < p[0] ? 1.0 : 0.0; },
       .attrs = {{.name = "threshold", .default_value = 6.0f, .is_extra = true}},
       .in_activation_pass = true,
       .sign = OutputSign::NonNegative},
      {.type = "leaky_relu",
       .value = [](double x, const Parameters& p) { return x > 0 ? x : p[0] * x; },
       .slope_of = SlopeOf::X,
       .slope = [](double x, const Parameters& p) { return x > 0 ? 1 : p[0]; },
       .attrs = {{"alpha", 0.02f}},
       .in_activation_pass = true,
       .onnx = {.type = "LeakyRelu", .attrs = {{"alpha", "alpha"}}}},
      {.type = "elu",
       .value = [](double x, const Parameters& p) { return x > 0 ? x : p[0] * std::expm1(x); },
       .slope_of = SlopeOf::X,
       .slope = [](double x, const Parameters& p) { return x > 0 ? 1 : p[0] * std::exp(x); },
       .attrs = {{"alpha", 1.0f}},
       .onnx = {.type = "Elu", .attrs = {{"alpha", "alpha"}}}},
      {.type = "sigmoid",
       .value = [](double x, const Parameters&) { return sigmoid(x); },
       .slope_of = SlopeOf::Out,
       .slope = [](double out, const Parameters&) { return out * (1 - out); },
       .in_activation_pass = true,
       .sign = OutputSign::NonNegative,
       .onnx = {.type = "Sigmoid", .attrs = {}}},
      {.type = "tanh",
       .value = [](double x, const Parameters&) { return std::tanh(x); },
       .slope_of = SlopeOf::Out,
       .slope = [](double out, const Parameters&) { return 1 - out * out; },
       .in_activation_pass = true,
       .onnx = {.type = "Tanh", .attrs = {}}},
      {.type = "hard_sigmoid",
       .value = [](double x,
                   const Parameters& p) { return std::min(std::max(p[0] * x + p[1], 0.0), 1.0); },
       .slope_of = SlopeOf::Out,
       .slope = [](double out, const Parameters& p) { return out > 0 && out < 1 ? p[0] : 0; },
       .attrs = {{"slope", 0.2f}, {"offset", 0.5f}},
       .in_activation_pass = true,
       .sign = OutputSign::NonNegative,
       .onnx = {.type = "HardSigmoid", .attrs = {{"slope", "alpha"}, {"offset", "beta"}}}},
      {.type = "hard_swish",
       .value =
           [](double x, const Parameters& p) {
             return x * std::min(std::max(x + p[2], 0.0), p[0]) / p[1];
           },
       .slope_of = SlopeOf::X,
       .slope = [](double x, const Parameters& p) { return hard_swish_slope(x, p[0], p[1], p[2]); },
       .attrs = {{"threshold", 6.0f}, {"scale", 6.0f}, {"offset", 3.0f}},
       .in_activation_pass = true},
      {.type = "swish",
       .value = [](double x, const Parameters& p) { return x * sigmoid(p[0] * x); },
       .slope_of = SlopeOf::X,
       .slope = [](double x, const Parameters& p) { return swish_slope(x, p[0]); },
       .attrs = {{.name = "beta", .default_value = 1.0f, .is_extra = true}},
       .in_activation_pass = true},
      {.type = "silu",
       .value = [](double x, const Parameters&) { return x * sigmoid(x); },
       .slope_of = SlopeOf::X,
       .slope = [](double x, const Parameters&) { return swish_slope(x, 1); }},
      {.type = "mish",
       .value = [](double x, const Parameters& p) { return x * std::tanh(softplus(x, 1, p[0])); },
       .slope_of = SlopeOf::X,
       .slope = [](double x, const Parameters& p) { return mish_slope(x, p[0]); },
       .attrs = {{"threshold", 20.0f}}},
      {.type = "gelu",
       .value = [](double x, const Parameters& p) { return x * gelu_gate(x, p[0] != 0); },
       .slope_of = SlopeOf::X,
       .slope = [](double x, const Parameters& p) { return gelu_slope(x, p[0] != 0); },
       .attrs = {{"approximate", false}},
       .in_activation_pass = true},
      {.type = "softplus",
       .value = [](double x, const Parameters& p) { return softplus(x, p[0], p[1]); },
       .slope_of = SlopeOf::X,
       .slope = [](double x, const Parameters& p) { return softplus_slope(x, p[0], p[1]); },
       .attrs = {{"beta", 1.0f}, {"threshold", 20.0f}},
       .in_activation_pass = true,
       .sign = OutputSign::NonNegative},
      {.type = "exp",
       .value = [](double x, const Parameters&) { return std::exp(x); },
       .slope_of = SlopeOf::Out,
       .slope = [](double out, const Parameters&) { return out; },
       .sign = OutputSign::NonNegative,
       .onnx = {.type = "Exp", .attrs = {}}},
      {.type = "log",
       .value = [](double x, const Parameters&) { return std::log(x); },
       .slope_of = SlopeOf::X,
       .slope = [](double x, const Parameters&) { return 1 / x; },
       .onnx = {.type = "Log", .attrs = {}}},
      {.type = "sqrt",
       .value = [](double x, const Parameters&) { return std::sqrt(x); },
       .slope_of = SlopeOf::Out,
       .slope = [](double out, const Parameters&) { return 0.5 / out; },
       .sign = OutputSign::NonNegative,
       .onnx = {.type = "Sqrt", .attrs = {}}},
      {.type = "rsqrt",
       .value = [](double x, const Parameters&) { return 1 / std::sqrt(x); },
       .slope_of = SlopeOf::Out,
       .slope = [](double out, const Parameters&) { return -0.5 * out * out * out; }},
      {.type = "square",
       .value = [](double x, const Parameters&) { return x * x; },
       .slope_of = SlopeOf::X,
       .slope = [](double x, const Parameters&) { return 2 * x; },
       .in_activation_pass = true,
       .sign = OutputSign::NonNegative},
      {.type = "abs",
       .value = [](double x, const Parameters&) { return std::abs(x); },
       .slope_of = SlopeOf::X,
       .slope = [](double x, const Parameters&) { return x > 0 ? 1.0 : (x < 0 ? -1.0 : 0.0); },
       .in_activation_pass = true,
       .sign = OutputSign::NonNegative,
       .onnx = {.type = "Abs", .attrs = {}}},
      {.type = "erf",
       .value = [](double x, const Parameters&) { return std::erf(x); },
       .slope_of = SlopeOf::X,
       .slope = [](double x,
                   const Parameters&) { return 2 * std::numbers::inv_sqrtpi * std::exp(-x * x); },
       .onnx = {.type = "Erf", .attrs = {}}},
      {.type = "pow",
       .value = [](double x, const Parameters& p) { return std::pow(x, p[0]); },
       .slope_of = SlopeOf::X,
       .slope = [](double x, const Parameters& p) { return p[0] * std::pow(x, p[0] - 1); },
       .attrs = {{"factor", 1.0f}},
       .in_activation_pass = true,
       .parameter = "FactorTensor"},
  };
  return kActivations;
}

Parameters parameters(const KernelContext& op, const Activation& activation) {
  Parameters result = {};
  for (size_t i = 0; i < activation.attrs.size(); ++i) {
    const std::string& name = activation.attrs[i].name;
    const bool is_flag = std::holds_alternative<bool>(activation.attrs[i].default_value);
    result[i] = is_flag ? op.attr<bool>(name) : op.attr<float>(name);
  }
  if (op.has_input(activation.parameter)) {
    result[0] = op.input(activation.parameter).cast(DType::Float64).data<double>()[0];
  }
  return result;
}

void infer(InferContext& op) {
  op.set_output("Out", op.shape("X"), op.dtype("X"));
}

void infer_grad(InferContext& op) {
  op.set_output("X@GRAD", op.shape("Out@GRAD"), op.dtype("Out@GRAD"));
}

void forward(const KernelContext& op, const Activation& activation) {
  const Parameters p = parameters(op, activation);
  dispatch_float(op.input("X").dtype(), op.where(), [&]<class T>(T) {
    const auto x = op.input("X").values<T>();
    T* out = op.output("Out").data<T>();
    for (size_t i = 0; i < x.size(); ++i) {
      out[i] = static_cast<T>(activation.value(x[i], p));
    }
  });
}

void backward(const KernelContext& op, const Activation& activation) {
  const Parameters p = parameters(op, activation);
  const Tensor& argument = op.input(activation.slope_of == SlopeOf::X ? "X" : "Out");
  dispatch_float(argument.dtype(), op.where(), [&]<class T>(T) {
    const auto at = argument.values<T>();
    const T* dout = op.input("Out@GRAD").data<T>();
    T* dx = op.output("X@GRAD").data<T>();
    for (size_t i = 0; i < at.size(); ++i) {
      dx[i] = static_cast<T>(dout[i] * activation.slope(at[i], p));
    }
  });
}

void register_type(OpRegistry& registry, const Activation& activation) {
  const std::string slope_slot = activation.slope_of == SlopeOf::X ? "X" : "Out";
  GradientContext::GradOp grad_op = {
      .inputs = {}, .outputs = {}, .output_grads = {"Out"}, .input_grads = {"X"}};
  (activation.slope_of == SlopeOf::X ? grad_op.inputs : grad_op.outputs) = {slope_slot};
  std::vector<SlotDef> inputs = {{"X"}};
  std::vector<SlotDef> grad_inputs = {{slope_slot}, {"Out@GRAD"}};
  if (!activation.parameter.empty()) {
    grad_op.inputs.push_back(activation.parameter);
    inputs.push_back({.name = activation.parameter, .is_optional = true});
    grad_inputs.push_back(inputs.back());
  }
  registry.add({.type = activation.type,
                .inputs = inputs,
                .outputs = {{"Out"}},
                .attrs = activation.attrs,
                .infer = infer,
                .forward = [&activation](const KernelContext& op) { forward(op, activation); },
                .gradient = [grad_op](GradientContext& op) { op.append_grad_op(grad_op); },
                .quant = {.inputs = {"X"},
                          .outputs = {"Out"},
                          .in_activation_pass = activation.in_activation_pass,
                          .output_sign = activation.sign},
                .onnx = activation.onnx});
  registry.add({.type = activation.type + "_grad",
                .inputs = grad_inputs,
                .outputs = {{"X@GRAD"}},
                .attrs = activation.attrs,
                .infer = infer_grad,
                .forward = [&activation](const KernelContext& op) { backward(op, activation); },
                .gradient = {}});
}

}  // namespace

void register_activation(OpRegistry& registry) {
  for (const Activation& activation : activations()) {
    register_type(registry, activation);
  }
}

}  // namespace intact
