// Before:  a.quantized.dequantized = fake_dequantize_max_abs(a.quantized, a@scale)
// After:   (nothing)
// Where no op reads the values. Twice changes nothing.
#include "intact/ir/rewrite_all.h"
#include "quant/passes/passes.h"
#include "quant/quant_trace.h"

namespace intact {

PassReport remove_dead_dequantize(Program& program, ConvertContext&) {
  const Pattern candidate = any_op().where(is_dequantize_op).capture("dequantize");
  return rewrite_all(program, candidate, [](Match& match, Rewriter& rewriter) {
    Op& dequantize = match.op("dequantize");
    for (const auto& [slot, vars] : dequantize.outputs()) {
      for (const Var* var : vars) {
        if (!var->consumers().empty()) {
          return skip(dequantize, "its values are read");
        }
      }
    }
    rewriter.erase(dequantize);
    return changed();
  });
}

}  // namespace intact
