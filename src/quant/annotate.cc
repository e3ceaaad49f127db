#include "quant/annotate.h"

#include "base/check.h"
#include "quant/op_selection.h"
#include "quant/quant_trace.h"

namespace intact {
namespace {

std::string reason_of(const Op& op, const std::vector<PassReport>& passes) {
  // The last pass that looked at it: ops without a weight are passed on by the weight pass.
  std::string reason;
  for (const PassReport& pass : passes) {
    const bool is_insertion = pass.name.starts_with("insert_");
    if (const std::string found = pass.reason(op.label()); is_insertion && !found.empty()) {
      reason = found;
    }
  }
  if (!reason.empty()) {
    return reason;
  }
  if (!is_observed(op)) {
    return fmt::format("'{}' is not an op type that can be quantized", op.type());
  }
  return fmt::format("'{}' is not among the op types to quantize", op.type());
}

}  // namespace

bool is_report_worthy(const Op& op) {
  if (!op.is_forward() || is_quantize_op(op) || is_dequantize_op(op) || is_cast_of_codes(op)) {
    return false;
  }
  if (is_observed(op)) {
    return true;
  }
  for (const auto& [slot, vars] : op.inputs()) {
    for (const Var* var : vars) {
      if (var->is_parameter()) {
        return true;
      }
    }
  }
  return false;
}

void annotate_reasons(Program& program, const std::vector<PassReport>& passes) {
  for (Op* op : program.ops()) {
    if (is_report_worthy(*op) && quantization_type(*op).empty()) {
      op->set_attr(kReasonAttribute, reason_of(*op, passes));
    }
  }
}

}  // namespace intact
