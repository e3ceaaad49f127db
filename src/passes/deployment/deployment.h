#pragma once

#include <map>
#include <string>
#include <vector>

#include "intact/ir/pass_report.h"
#include "intact/ir/program.h"
#include "intact/ir/rewriter.h"
#include "intact/ir/scope.h"
#include "tensor/affine_quantize.h"

namespace intact::deployment {

// The passes deployment_form() runs, in this order, one file each.

/// Quantizers and dequantizers of Paddle's families become onnx_quantize_linear and
/// onnx_dequantize_linear; weights become int8 constants; observers go.
PassReport use_exact_steps(Program& program, Scope& scope);
/// Batch norm and biases behind an op on codes become its weight's steps and an int32 bias.
PassReport fold_affine(Program& program, Scope& scope);
/// relu and relu6 in front of quantizers become the quantizers' ranges.
PassReport absorb_activations(Program& program, Scope& scope);

/// How a tensor's codes stand for its values.
struct CodeFormat {
  DType dtype = DType::Int8;
  std::vector<float> steps;  // one, or one per entry of axis
  int32_t zero_point = 0;
  CodeRange range;
  int axis = -1;

  bool operator==(const CodeFormat&) const = default;
};

/// A constant of the Program with its value in the Scope. Throws: InvalidArgument when the Scope
/// has another tensor of that name.
Var& add_constant(Program& program, Scope& scope, const std::string& name, const Tensor& value);

/// Appends before `anchor`: "x@codes" = onnx_quantize_linear(x), "x@values" =
/// onnx_dequantize_linear("x@codes"). Returns "x@values".
Var& add_quantizer(Rewriter& rewriter,
                   Program& program,
                   Scope& scope,
                   const Op& anchor,
                   Var& x,
                   const CodeFormat& format);

/// Appends before `anchor` a constant `name`@codes and its onnx_dequantize_linear, `name`@values.
Var& add_constant_codes(Rewriter& rewriter,
                        Program& program,
                        Scope& scope,
                        const Op& anchor,
                        const std::string& name,
                        const Tensor& codes,
                        const std::vector<float>& steps,
                        int axis);

/// Codes of a constant that an onnx_dequantize_linear reads, as it gives `values`; nullptr when
/// `values` is no such thing.
Op* constant_codes(const Var& values);
/// The onnx_dequantize_linear of an activation's codes that gives `values`; nullptr when none.
Op* activation_codes(const Var& values);

}  // namespace intact::deployment
