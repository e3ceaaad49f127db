// Ops without a weight, in V1:
// Before:  Out = elementwise_add(X=a, Y=b)
// After:   a.quant_dequant = fake_quantize_dequantize_moving_average_abs_max(a)
//          b.quant_dequant = fake_quantize_dequantize_moving_average_abs_max(b)
//          Out = elementwise_add(X=a.quant_dequant, Y=b.quant_dequant,
//                                quantization_type="qat_without_weight", activation_bits=8)
// V2: quantize_linear and dequantize_linear, shared with the ops that have weights; parameters
// among the inputs stay float. The op's gradient reads the same values. The portable profile shares
// quantizers in V1 too, and leaves max pooling alone: it commutes with the quantizer of its reader.
// Twice changes nothing. Source: spec 2.4 (2).
#include <algorithm>

#include "base/check.h"
#include "intact/ir/rewrite_all.h"
#include "quant/fake_quant.h"
#include "quant/op_selection.h"
#include "quant/passes/passes.h"
#include "quant/quant_trace.h"
#include "quant/relink.h"

namespace intact {
namespace {

bool is_float_tensor(const Var& var) {
  return var.dtype() == DType::Float32 || var.dtype() == DType::Float64;
}

// Why an op with these inputs cannot be quantized; empty when it can.
std::string objection(const std::vector<Var*>& inputs, bool is_v1) {
  int usable = 0;
  for (const Var* x : inputs) {
    if (is_v1 && x->is_persistable()) {
      return fmt::format("V1 quantizes only between activations, and '{}' is a parameter",
                         x->name());
    }
    usable += is_float_tensor(*x) && !x->is_persistable() ? 1 : 0;
    if (is_v1 && !is_float_tensor(*x)) {
      return fmt::format("input '{}' is {}", x->name(), to_string(x->dtype()));
    }
  }
  if (inputs.empty()) {
    return "it has no input";
  }
  return usable > 0 ? "" : "none of its inputs is a float activation";
}

std::vector<Var*> inputs_of(const Op& op) {
  std::vector<Var*> inputs;
  for (const std::string& slot : quantizable_slots(op)) {
    for (Var* var : op.input_list(slot)) {
      if (std::ranges::count(inputs, var) == 0) {
        inputs.push_back(var);
      }
    }
  }
  return inputs;
}

bool is_max_pool(const Op& op) {
  return op.type() == "pool2d" && op.attr_or<std::string>("pooling_type", "") == "max";
}

}  // namespace

PassReport insert_operator_fake_quant(Program& program, const QuantContext& context) {
  const OpSelection types = select_op_types(context.config);
  const std::set<const Op*> losses = loss_and_metric_ops(program);
  const bool is_v1 = !context.config.onnx_format;
  const Pattern weightless = any_op()
                                 .where([&types](const Op& op) {
                                   return op.is_forward() &&
                                          types.without_weight.contains(op.type()) &&
                                          quantization_type(op) != "qat_with_weight";
                                 })
                                 .capture("op");
  return rewrite_all(program, weightless, [&](Match& match, Rewriter& rewriter) {
    Op& op = match.op("op");
    if (is_marked_skipped(op)) {
      return skip(op, why_marked_skipped(op));
    }
    if (!quantization_type(op).empty()) {
      return skip(op, "quantized already");
    }
    if (losses.contains(&op)) {
      return skip(op, "it computes the loss or a metric");
    }
    if (context.config.is_portable() && is_max_pool(op)) {
      return skip(op, "max pooling picks among codes, its reader's quantizer is enough");
    }
    const std::vector<Var*> inputs = inputs_of(op);
    if (context.config.is_portable() && std::ranges::any_of(inputs, &Var::is_persistable)) {
      return skip(op, "a parameter is among its inputs: deployed biases join the integer sum");
    }
    if (const std::string reason = objection(inputs, is_v1); !reason.empty()) {
      return skip(op, reason);
    }
    for (Var* x : inputs) {
      if (x->is_persistable() || !is_float_tensor(*x) || is_dequantized(*x)) {
        continue;
      }
      Var& values = is_v1 && !context.config.is_portable()
                        ? fused_quantize_dequantize(rewriter, context, op, {*x, *x})
                        : quantize_dequantize(
                              rewriter, context, op, {*x, *x}, activation_spec(context.config, *x));
      replace_in_op_and_gradient(rewriter, op, *x, values);
    }
    op.set_attr("quantization_type", std::string("qat_without_weight"));
    if (is_v1) {
      op.set_attr("activation_bits", context.config.activation_bits);
      op.set_attr("with_quant_attr", true);
    }
    return changed();
  });
}

}  // namespace intact
