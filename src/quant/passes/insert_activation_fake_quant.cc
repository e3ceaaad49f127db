// Before:  Output = conv2d(Input=a, ..., quantization_type="qat_with_weight")
// After:   a.quantized = fake_quantize_moving_average_abs_max(a) -> a@scale
//          a.quantized.dequantized = fake_dequantize_max_abs(a.quantized, a@scale)
//          Output = conv2d(Input=a.quantized.dequantized, ...)
// V2: quantize_linear and dequantize_linear. An activation that feeds several ops is quantized
// once. The op's gradient reads the same values. Twice changes nothing. Source: spec 2.4 (1).
#include "base/check.h"
#include "intact/ir/rewrite_all.h"
#include "quant/fake_quant.h"
#include "quant/op_selection.h"
#include "quant/passes/passes.h"
#include "quant/quant_trace.h"
#include "quant/relink.h"

namespace intact {

PassReport insert_activation_fake_quant(Program& program, const QuantContext& context) {
  const Pattern weighted =
      any_op()
          .where([](const Op& op) { return quantization_type(op) == "qat_with_weight"; })
          .capture("op");
  return rewrite_all(program, weighted, [&](Match& match, Rewriter& rewriter) {
    Op& op = match.op("op");
    int count = 0;
    for (const std::string& slot : quantizable_slots(op)) {
      if (slot == op.def().quant.weight || !op.has_input(slot)) {
        continue;
      }
      Var& x = op.input(slot);
      if (is_dequantized(x)) {
        continue;
      }
      if (x.dtype() != DType::Float32 && x.dtype() != DType::Float64) {
        return skip(op, fmt::format("input '{}' is {}", x.name(), to_string(x.dtype())));
      }
      const QuantAwareOptions& options = context.options;
      Var& input = context.functions.preprocess(
          rewriter, "act_preprocess_func", options.act_preprocess_func, op, x);
      if (options.act_quantize_func) {
        context.functions.apply(
            rewriter, "act_quantize_func", options.act_quantize_func, op, input);
      } else {
        const FakeQuantSpec spec = activation_spec(context.config, input);
        Var& values = quantize_dequantize(rewriter, context, op, {x, input}, spec);
        replace_in_op_and_gradient(rewriter, op, input, values);
      }
      ++count;
    }
    return count > 0 ? changed() : skip(op, "its activations are quantized already");
  });
}

}  // namespace intact
