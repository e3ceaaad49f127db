// Before and after: w.quantized = fake_channel_wise_quantize_abs_max(w, is_test=false) -> w@scale
// Scope:  w@scale = what the op computes when it runs: max abs w, raised to keep to a pair_limit. A
// quantizer that reads its scale instead (is_test=true) keeps the one recorded in training. Twice
// changes nothing.
#include "base/check.h"
#include "intact/ir/rewrite_all.h"
#include "quant/passes/passes.h"
#include "quant/quant_trace.h"
#include "quant/weight_codes.h"

namespace intact {

PassReport refresh_weight_scales(Program& program, ConvertContext& context) {
  const Pattern weight_quantizer =
      any_op().where(is_quantize_op).where(input_is("X", is_constant())).capture("quantize");
  return rewrite_all(program, weight_quantizer, [&context](Match& match, Rewriter&) {
    Op& quantize = match.op("quantize");
    if (!computes_scale(quantize)) {
      return skip(quantize, "its scale is the one recorded in training");
    }
    const Tensor scale = computed_scale(context.scope.get(quantize.input("X").name()), quantize);
    const std::string name = quantize.output("OutScale").name();
    const Tensor* known = context.scope.find(name);
    if (known != nullptr && known->identical(scale)) {
      return skip(quantize, "its scale is that of the weight as it is");
    }
    context.scope.set(name, scale);
    return changed();
  });
}

}  // namespace intact
