#include "passes/deployment/deployment.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "intact/ir/pattern.h"

namespace intact::deployment {
namespace {

Tensor zero_points(DType dtype, size_t count, int32_t value) {
  Tensor result(dtype, {static_cast<int64_t>(count)});
  if (dtype == DType::UInt8) {
    std::ranges::fill(result.values<uint8_t>(), static_cast<uint8_t>(value));
  } else if (dtype == DType::Int8) {
    std::ranges::fill(result.values<int8_t>(), static_cast<int8_t>(value));
  }
  return result;  // int32 biases: 0
}

Tensor step_tensor(const std::vector<float>& steps) {
  return Tensor::from<float>({static_cast<int64_t>(steps.size())}, steps);
}

struct Parameters {
  Var* step;
  Var* zero_point;
};

Parameters add_parameters(Program& program,
                          Scope& scope,
                          const std::string& name,
                          const CodeFormat& format) {
  return {&add_constant(program, scope, name + "@step", step_tensor(format.steps)),
          &add_constant(program,
                        scope,
                        name + "@zero_point",
                        zero_points(format.dtype, format.steps.size(), format.zero_point))};
}

Var& add_dequantize(Rewriter& rewriter,
                    const Op& anchor,
                    const std::string& name,
                    Var& codes,
                    const Parameters& parameters,
                    int axis) {
  Var& values = rewriter.block().add_var(name + "@values", DType::Float32, codes.shape());
  rewriter.insert_before(anchor,
                         {.type = "onnx_dequantize_linear",
                          .inputs = {{"X", {&codes}},
                                     {"Step", {parameters.step}},
                                     {"ZeroPoint", {parameters.zero_point}}},
                          .outputs = {{"Y", {&values}}},
                          .attrs = {{"axis", std::max(axis, 0)}}});
  return values;
}

Op* dequantize_of(const Var& values) {
  Op* op = values.producers().size() == 1 ? values.producers().front() : nullptr;
  return op != nullptr && op->type() == "onnx_dequantize_linear" ? op : nullptr;
}

}  // namespace

Var& add_constant(Program& program, Scope& scope, const std::string& name, const Tensor& value) {
  check(!scope.contains(name) && program.block().find_var(name) == nullptr,
        "deployment_form: there is a Var '{}' already; rename it",
        name);
  scope.set(name, value);
  return program.block().add_var(name, value.dtype(), value.shape(), {.is_persistable = true});
}

Var& add_quantizer(Rewriter& rewriter,
                   Program& program,
                   Scope& scope,
                   const Op& anchor,
                   Var& x,
                   const CodeFormat& format) {
  const Parameters parameters = add_parameters(program, scope, x.name(), format);
  Var& codes = rewriter.block().add_var(x.name() + "@codes", format.dtype, x.shape());
  Attributes attrs = {{"axis", std::max(format.axis, 0)}};
  attrs["qmin"] = format.range.lo;
  attrs["qmax"] = format.range.hi;
  rewriter.insert_before(
      anchor,
      {.type = "onnx_quantize_linear",
       .inputs = {{"X", {&x}}, {"Step", {parameters.step}}, {"ZeroPoint", {parameters.zero_point}}},
       .outputs = {{"Y", {&codes}}},
       .attrs = std::move(attrs)});
  return add_dequantize(rewriter, anchor, x.name(), codes, parameters, format.axis);
}

Var& add_constant_codes(Rewriter& rewriter,
                        Program& program,
                        Scope& scope,
                        const Op& anchor,
                        const std::string& name,
                        const Tensor& codes,
                        const std::vector<float>& steps,
                        int axis) {
  const Parameters parameters =
      add_parameters(program, scope, name, {.dtype = codes.dtype(), .steps = steps});
  Var& constant = add_constant(program, scope, name + "@codes", codes);
  return add_dequantize(rewriter, anchor, name, constant, parameters, axis);
}

Op* constant_codes(const Var& values) {
  Op* op = dequantize_of(values);
  return op != nullptr && is_constant()(op->input("X")) ? op : nullptr;
}

Op* activation_codes(const Var& values) {
  Op* op = dequantize_of(values);
  return op != nullptr && !is_constant()(op->input("X")) ? op : nullptr;
}

}  // namespace intact::deployment
