// V2, exact:
// Before:  %w.quantized.dequantized = dequantize_linear(X=%w, Scale=%w@scale)
//          Output = conv2d(Input=%x.quantized, Filter=%w.quantized.dequantized)
// After:   Out=%w.codes = cast(X=%w) {int8 to float32}
//          Output = conv2d(Input=%x.quantized, Filter=%w.codes)
// where move_dequantize_behind_ops made every reader expect codes: sums of integers are the same in
// any order. Twice changes nothing.
#include "base/check.h"
#include "intact/ir/rewrite_all.h"
#include "quant/op_selection.h"
#include "quant/passes/passes.h"
#include "quant/quant_trace.h"

namespace intact {

PassReport cast_weight_codes(Program& program, ConvertContext& context) {
  const Pattern stored =
      op_type({"dequantize_linear"}).where(input_is("X", is_constant())).capture("dequantize");
  return rewrite_all(program, stored, [&](Match& m, Rewriter& rewriter) -> RewriteResult {
    Op& dequantize = m.op("dequantize");
    Var& weight = dequantize.input("X");
    Var& values = dequantize.output("Y");
    if (context.scope.get(weight.name()).dtype() != DType::Int8) {
      return skip(dequantize, "its codes are not int8");
    }
    for (const Op* reader : values.consumers()) {
      if (!reads_activation_codes(*reader)) {
        return skip(dequantize, "a reader of the weight does not expect codes");
      }
    }
    weight.set_dtype(DType::Int8);
    Var& codes = program.block().add_var(weight.name() + ".codes", DType::Float32, weight.shape());
    OpSpec cast{.type = "cast",
                .inputs = {{"X", {&weight}}},
                .outputs = {{"Out", {&codes}}},
                .attrs = {{"in_dtype", paddle_code(DType::Int8)},
                          {"out_dtype", paddle_code(DType::Float32)}}};
    copy_role(cast, dequantize);
    rewriter.insert_before(dequantize, std::move(cast));
    rewriter.replace_all_uses(values, codes);
    rewriter.erase(dequantize);
    rewriter.remove_unused_vars();
    return changed();
  });
}

}  // namespace intact
