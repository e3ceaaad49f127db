// Before:  Out=%r = relu(X=%y);  Y=%r@codes = onnx_quantize_linear(X=%r, ...)
// After:   Y=%r@codes = onnx_quantize_linear(X=%y, ...) {qmin = the zero point}
// since clamp(rint(max(y, 0) / s) + z, lo, hi) is clamp(rint(y / s) + z, max(lo, z), hi). relu6
// also limits qmax to the code of 6. Only where all readers of %r are quantizers of one step.
#include <algorithm>
#include <cmath>

#include "passes/deployment/deployment.h"

namespace intact::deployment {
namespace {

std::string why_not(const Op& activation, const Scope& scope) {
  const Var& out = activation.output("Out");
  if (out.consumers().empty()) {
    return "'" + out.name() + "' is an output";
  }
  for (const Op* reader : out.consumers()) {
    if (reader->type() != "onnx_quantize_linear") {
      return reader->label() + " reads its values";
    }
    if (scope.get(reader->input("Step").name()).numel() != 1) {
      return reader->label() + " has a step per channel";
    }
  }
  return {};
}

int32_t zero_point_of(const Op& quantizer, const Scope& scope) {
  const Tensor& zero_point = scope.get(quantizer.input("ZeroPoint").name());
  return zero_point.dtype() == DType::UInt8 ? int32_t{zero_point.values<uint8_t>()[0]}
                                            : int32_t{zero_point.values<int8_t>()[0]};
}

}  // namespace

PassReport absorb_activations(Program& program, Scope& scope) {
  PassReport report;
  Rewriter rewriter(program.block());
  for (Op* op : program.block().ops()) {
    if (op->type() != "relu" && op->type() != "relu6") {
      continue;
    }
    if (std::string reason = why_not(*op, scope); !reason.empty()) {
      report.skipped.push_back({op->label(), std::move(reason)});
      continue;
    }
    for (Op* quantizer : std::vector<Op*>(op->output("Out").consumers())) {
      const int32_t zero_point = zero_point_of(*quantizer, scope);
      quantizer->set_attr("qmin", std::max(quantizer->attr<int32_t>("qmin"), zero_point));
      if (op->type() == "relu6") {
        const float step = scope.get(quantizer->input("Step").name()).values<float>()[0];
        const int32_t six =
            quantize_affine(op->attr_or<float>("threshold", 6.0f), step, zero_point, {0, 255});
        quantizer->set_attr("qmax", std::min(quantizer->attr<int32_t>("qmax"), six));
      }
      rewriter.set_input(*quantizer, "X", {&op->input("X")});
    }
    rewriter.erase(*op);
    ++report.changed;
  }
  rewriter.remove_unused_vars();
  return report;
}

}  // namespace intact::deployment
