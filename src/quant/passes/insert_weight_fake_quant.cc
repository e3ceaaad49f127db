// Before:  Output = conv2d(Input, Filter=w)
// After:   w.quantized = fake_channel_wise_quantize_abs_max(w, quant_axis=0) -> w@scale
//          w.quantized.dequantized = fake_channel_wise_dequantize_max_abs(w.quantized, w@scale)
//          Output = conv2d(Input, Filter=w.quantized.dequantized,
//                          quantization_type="qat_with_weight")
// V2: quantize_linear and dequantize_linear. Once per weight: a second reader shares the values.
// The op's gradient reads them too. Twice changes nothing. Source: spec 2.4 (1).
#include "base/check.h"
#include "intact/ir/rewrite_all.h"
#include "quant/fake_quant.h"
#include "quant/op_selection.h"
#include "quant/passes/passes.h"
#include "quant/relink.h"

namespace intact {
namespace {

// Why codes of this weight could not be used by op; empty when they can.
std::string objection(const Op& op, const Var& weight, const FakeQuantSpec& spec) {
  if (weight.dtype() != DType::Float32 && weight.dtype() != DType::Float64) {
    return fmt::format("weight '{}' is {}, not float32", weight.name(), to_string(weight.dtype()));
  }
  if (!weight.shape().is_known()) {
    return fmt::format(
        "weight '{}' has the unknown shape {}", weight.name(), weight.shape().to_string());
  }
  if (spec.axis >= weight.shape().rank()) {
    return fmt::format("weight '{}' is {}, without the channel axis {}",
                       weight.name(),
                       weight.shape().to_string(),
                       spec.axis);
  }
  const bool is_matrix_op = op.def().quant.weight == "Y";
  if (is_matrix_op && weight.shape().rank() != 2) {
    return fmt::format(
        "weight '{}' is {}, not a matrix", weight.name(), weight.shape().to_string());
  }
  const bool has_output_channels_inside = op.def().quant.weight_axis == 1 && !is_matrix_op;
  if (has_output_channels_inside && op.attr_or<int32_t>("groups", 1) != 1) {
    return "groups other than 1 leave a transposed convolution without a scale per channel";
  }
  return "";
}

}  // namespace

PassReport insert_weight_fake_quant(Program& program, const QuantContext& context) {
  const OpSelection types = select_op_types(context.config);
  const Pattern weighted = any_op()
                               .where([&types](const Op& op) {
                                 return op.is_forward() && types.with_weight.contains(op.type());
                               })
                               .capture("op");
  return rewrite_all(program, weighted, [&](Match& match, Rewriter& rewriter) {
    Op& op = match.op("op");
    if (is_marked_skipped(op)) {
      return skip(op, why_marked_skipped(op));
    }
    if (!quantization_type(op).empty()) {
      return skip(op, "quantized already");
    }
    if (!op.has_input(op.def().quant.weight) || !op.input(op.def().quant.weight).is_persistable()) {
      return skip(op, "weight is not persistable");
    }
    Var& weight = op.input(op.def().quant.weight);
    const FakeQuantSpec spec = weight_spec(context.config, op);
    if (const std::string reason = objection(op, weight, spec); !reason.empty()) {
      return skip(op, reason);
    }
    const QuantAwareOptions& options = context.options;
    Var& input = context.functions.preprocess(
        rewriter, "weight_preprocess_func", options.weight_preprocess_func, op, weight);
    if (options.weight_quantize_func) {
      context.functions.apply(
          rewriter, "weight_quantize_func", options.weight_quantize_func, op, input);
    } else {
      Var& values = quantize_dequantize(rewriter, context, op, {weight, input}, spec);
      replace_in_op_and_gradient(rewriter, op, input, values);
    }
    op.set_attr("quantization_type", std::string("qat_with_weight"));
    if (!context.config.onnx_format) {
      op.set_attr("with_quant_attr", true);
    }
    return changed();
  });
}

}  // namespace intact
