#pragma once

#include <string>
#include <vector>

#include "intact/ir/pass_report.h"
#include "intact/ir/program.h"
#include "intact/ir/scope.h"

namespace intact {

/// A quantized inference Program as its integers say it, with a Scope of its own:
/// - every activation quantizer is an onnx_quantize_linear with the exact float32 step, zero point
///   and range of its codes, followed by an onnx_dequantize_linear;
/// - a quantized weight is an int8 constant behind an onnx_dequantize_linear with one step a
///   channel; batch norm is folded into those steps (and into the codes' signs), never into codes;
/// - the bias of a quantized op is an int32 constant of step s_x * s_w[c], added behind the op;
/// - relu and relu6 in front of a quantizer whose range says the same are gone.
/// One form for three uses: the ONNX writer writes it one to one, the ONNX reader gives it, and
/// IntegerModel compiles it. Codes and steps have the names of what they stand for: "x@codes",
/// "x@values", "w@codes", "w@step".
struct DeploymentForm {
  Program program;
  Scope scope;
  /// One report a pass; skipped: ops that stay float, and why.
  std::vector<PassReport> reports;
};

/// Makes it from a quantized Program for evaluation (quant_aware(for_test), V1 or V2), from what
/// convert made of one (float or int8 weights), or from one that is in this form already. Changes
/// neither argument. targets: names of Vars to keep.
/// Throws: NotFound (target, parameter), Unsupported (a scale that is computed while running, codes
/// that an op reads as they are).
DeploymentForm deployment_form(const Program& program,
                               const Scope& scope,
                               const std::vector<std::string>& targets);
/// The same of arguments that are not needed afterwards, without copying them.
DeploymentForm deployment_form(Program&& program,
                               Scope&& scope,
                               const std::vector<std::string>& targets);

/// Names of its passes, in order.
std::vector<std::string> deployment_passes();

/// Some op of the Program quantizes or dequantizes.
bool is_quantized(const Program& program);

}  // namespace intact
