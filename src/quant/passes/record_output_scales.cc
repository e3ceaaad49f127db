// Before:  Out = relu(x)
// After:   Out = relu(x)
//          moving_average_abs_max_scale(Out) -> Out@scale
// For every op type that can be quantized, whether the op is or not; it has no data output, so the
// values of the network stay as they are. A tensor with an activation quantizer has its Out@scale
// already. Twice changes nothing. Source: spec 2.4 (3).
#include "intact/ir/rewrite_all.h"
#include "quant/fake_quant.h"
#include "quant/op_selection.h"
#include "quant/passes/passes.h"

namespace intact {
namespace {

bool has_scale(const Var& var) {
  return var.block().find_var(var.name() + "@scale") != nullptr;
}

bool is_recordable(const Var& var) {
  const bool is_float = var.dtype() == DType::Float32 || var.dtype() == DType::Float64;
  return is_float && !var.is_persistable() && var.name().find("@GRAD") == std::string::npos;
}

}  // namespace

PassReport record_output_scales(Program& program, const QuantContext& context) {
  const Pattern observed =
      any_op().where([](const Op& op) { return op.is_forward() && is_observed(op); }).capture("op");
  return rewrite_all(program, observed, [&](Match& match, Rewriter& rewriter) {
    Op& op = match.op("op");
    int count = 0;
    for (const std::string& slot : op.def().quant.outputs) {
      for (Var* out : op.output_list(slot)) {
        if (is_recordable(*out) && !has_scale(*out)) {
          observe(rewriter, context, op, *out);
          ++count;
        }
      }
    }
    return count > 0 ? changed() : skip(op, "no output lacks a scale");
  });
}

}  // namespace intact
