// Before:  w.quantized = fake_channel_wise_quantize_abs_max(w)
//          w.quantized.dequantized = fake_channel_wise_dequantize_max_abs(w.quantized, w@scale)
//          Output = conv2d(Input=a.quantized, Filter=w.quantized.dequantized)
// After:   Output = conv2d(Input=a.quantized, Filter=w)          Scope: w holds its codes
// V1 stores them as float32, and only where move_dequantize_behind_ops made every reader expect
// codes. V2 removes the quantizer alone and stores int8:
//          w.quantized.dequantized = dequantize_linear(w, w@scale)
// V2's Var stays float32 like the reference's: the stored tensor decides. Twice changes nothing.
// Source: spec 5.1 (2, 3), 5.2 (1).
#include "base/check.h"
#include "intact/ir/rewrite_all.h"
#include "quant/passes/passes.h"
#include "quant/quant_trace.h"
#include "quant/weight_codes.h"

namespace intact {

namespace {

bool every_reader_expects_codes(const Var& values) {
  for (const Op* reader : values.consumers()) {
    if (!reads_activation_codes(*reader)) {
      return false;
    }
  }
  return true;
}

}  // namespace

PassReport freeze_weights(Program& program, ConvertContext& context) {
  const Pattern weight_quantizer =
      any_op().where(is_quantize_op).where(input_is("X", is_constant())).capture("quantize");
  return rewrite_all(program, weight_quantizer, [&context](Match& match, Rewriter& rewriter) {
    Op& quantize = match.op("quantize");
    const bool is_v2 = quantize.type() == "quantize_linear";
    Var& weight = quantize.input("X");
    Var& codes = quantize.output(is_v2 ? "Y" : "Out");
    Op* dequantize = codes.consumers().size() == 1 ? codes.consumers().front() : nullptr;
    if (dequantize == nullptr || !is_dequantize_op(*dequantize)) {
      return skip(quantize, "its codes are not read by one dequantize op");
    }
    Var& values = dequantize->output(is_v2 ? "Y" : "Out");
    if (!is_v2 && !every_reader_expects_codes(values)) {
      return skip(quantize, "a reader of the weight does not expect codes");
    }
    const char* scale_slot = dequantize->has_input("Scales") ? "Scales" : "Scale";
    const Tensor& scale = context.scope.get(dequantize->input(scale_slot).name());
    Tensor stored = weight_codes(context.scope.get(weight.name()), scale, quantize, context.config);
    context.scope.set(weight.name(), is_v2 ? stored.cast(DType::Int8) : stored);
    if (is_v2) {
      rewriter.set_input(*dequantize, "X", {&weight});
    } else {
      rewriter.replace_all_uses(values, weight);
      rewriter.erase(*dequantize);
    }
    rewriter.erase(quantize);
    return changed();
  });
}

}  // namespace intact
