// V1:
// Before:  Output = conv2d(Input=a.quantized, Filter=w)          Scope: w float32, holds codes
// After:   Output = conv2d(Input=a.quantized, Filter=w.int8)     Scope: w.int8, the same as int8
// Once per weight. Twice changes nothing. Source: spec 5.1, int8_prog.
#include "base/check.h"
#include "intact/ir/rewrite_all.h"
#include "quant/op_selection.h"
#include "quant/passes/passes.h"
#include "quant/quant_trace.h"

namespace intact {

PassReport convert_weights_to_int8(Program& program, ConvertContext& context) {
  const Pattern weighted =
      any_op()
          .where([](const Op& op) { return quantization_type(op) == "qat_with_weight"; })
          .capture("op");
  return rewrite_all(program, weighted, [&context](Match& match, Rewriter& rewriter) {
    Op& op = match.op("op");
    Var& weight = op.input(op.def().quant.weight);
    if (!weight.is_persistable() || !reads_activation_codes(op)) {
      return skip(op, "its weight does not hold codes");
    }
    if (weight.dtype() == DType::Int8) {
      return skip(op, "its weight is int8 already");
    }
    const std::string name = weight.name() + ".int8";
    Var* stored = rewriter.block().find_var(name);
    if (stored == nullptr) {
      stored =
          &rewriter.block().add_var(name, DType::Int8, weight.shape(), {.is_persistable = true});
      context.scope.set(name, context.scope.get(weight.name()).cast(DType::Int8));
    }
    rewriter.replace_input(op, weight, *stored);
    return changed();
  });
}

}  // namespace intact
