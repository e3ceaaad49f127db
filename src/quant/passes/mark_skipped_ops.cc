// Before:  Output = conv2d(Input, Filter=w)                  {op_namescope="/skip_quant/"}
// After:   Output = conv2d(Input, Filter=w, skip_quant=true) {op_namescope="/skip_quant/"}
// A pattern of not_quant_pattern is looked for in the op's name scope, in the names of its outputs
// and of its parameters. The other passes leave marked ops alone. Twice changes nothing.
#include "base/check.h"
#include "intact/ir/rewrite_all.h"
#include "quant/op_selection.h"
#include "quant/passes/passes.h"

namespace intact {
namespace {

// Where the pattern occurs: "op_namescope '/x/'", or empty.
std::string place_of(const std::string& pattern, const Op& op) {
  if (pattern.empty()) {
    return "";
  }
  const std::string scope = op.attr_or<std::string>("op_namescope", "");
  if (scope.find(pattern) != std::string::npos) {
    return fmt::format("op_namescope '{}'", scope);
  }
  for (const auto& [slot, vars] : op.outputs()) {
    for (const Var* var : vars) {
      if (var->name().find(pattern) != std::string::npos) {
        return fmt::format("output '{}'", var->name());
      }
    }
  }
  for (const auto& [slot, vars] : op.inputs()) {
    for (const Var* var : vars) {
      if (var->is_persistable() && var->name().find(pattern) != std::string::npos) {
        return fmt::format("parameter '{}'", var->name());
      }
    }
  }
  return "";
}

}  // namespace

PassReport mark_skipped_ops(Program& program, const QuantContext& context) {
  const auto can_be_quantized = [](const Op& op) { return op.is_forward() && is_observed(op); };
  const auto matches_a_pattern = [&context](const Op& op) {
    for (const std::string& pattern : context.config.not_quant_pattern) {
      if (!place_of(pattern, op).empty()) {
        return true;
      }
    }
    return false;
  };
  const Pattern unwanted = any_op().where(can_be_quantized).where(matches_a_pattern).capture("op");
  PassReport marked = rewrite_all(program, unwanted, [](Match& match, Rewriter&) {
    Op& op = match.op("op");
    if (is_marked_skipped(op)) {
      return skip(op, "marked already");
    }
    op.set_attr("skip_quant", true);
    op.set_attr("with_quant_attr", true);
    return changed();
  });
  return marked;
}

}  // namespace intact
