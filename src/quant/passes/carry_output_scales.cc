// V2:
// Before:  Out = relu(x);  y = pool2d(Out)                        Scope: Out@scale
// After:   Out = relu(x)
//          Out.quantized = quantize_linear(Out, Out@scale, only_observer=true)
//          Out.quantized.dequantized = dequantize_linear(Out.quantized, only_observer=true)
//          y = pool2d(Out.quantized.dequantized)
// The pair is the identity and carries the scale; readers of types that can be quantized read
// through it, others (cross entropy) do not. Outputs with an activation quantizer have the scale
// there already; the reference adds a second pair of the same names, which its saving prunes.
// Twice changes nothing. Source: spec 5.2 (2).
#include "base/check.h"
#include "intact/ir/rewrite_all.h"
#include "quant/op_selection.h"
#include "quant/passes/passes.h"
#include "quant/scope_values.h"

namespace intact {
namespace {

bool has_quantizer(const Var& out) {
  return out.block().find_var(out.name() + ".quantized") != nullptr;
}

OpSpec linear(const char* type,
              Var& from,
              Var& to,
              Var& scale,
              Var& zero_point,
              const Op& op,
              const QuantConfig& config) {
  OpSpec spec{.type = type,
              .inputs = {{"X", {&from}}, {"Scale", {&scale}}, {"ZeroPoint", {&zero_point}}},
              .outputs = {{"Y", {&to}}},
              .attrs = {{"quant_axis", -1},
                        {"bit_length", config.activation_bits},
                        {"moving_rate", config.moving_rate},
                        {"only_observer", true}}};
  if (op.has_attr("op_role")) {
    spec.attrs["op_role"] = role::kForward;  // also behind the loss, as in the reference
  }
  return spec;
}

void carry(Rewriter& rewriter, const Op& op, Var& out, Var& scale, ConvertContext& context) {
  Block& block = rewriter.block();
  const std::vector<Op*> readers = out.consumers();
  Var& codes = block.add_var(out.name() + ".quantized", out.dtype(), out.shape());
  Var& values = block.add_var(codes.name() + ".dequantized", out.dtype(), out.shape());
  Var& zero_point =
      block.add_var(codes.name() + "@zero_point", DType::Int32, {1}, {.is_persistable = true});
  context.scope.set(zero_point.name(), filled(DType::Int32, {1}, 0));
  Op& quantize = rewriter.insert_after(
      op, linear("quantize_linear", out, codes, scale, zero_point, op, context.config));
  rewriter.insert_after(
      quantize, linear("dequantize_linear", codes, values, scale, zero_point, op, context.config));
  for (Op* reader : readers) {
    if (is_observed(*reader)) {
      rewriter.replace_input(*reader, out, values);
    }
  }
}

}  // namespace

PassReport carry_output_scales(Program& program, ConvertContext& context) {
  const Pattern observed = any_op().where(is_observed).capture("op");
  return rewrite_all(program, observed, [&context](Match& match, Rewriter& rewriter) {
    Op& op = match.op("op");
    int count = 0;
    for (const std::string& slot : op.def().quant.outputs) {
      for (Var* out : op.output_list(slot)) {
        Var* scale = rewriter.block().find_var(out->name() + "@scale");
        if (scale == nullptr || !is_float(out->dtype()) || has_quantizer(*out)) {
          continue;
        }
        carry(rewriter, op, *out, *scale, context);
        ++count;
      }
    }
    return count > 0 ? changed() : skip(op, "no output has a scale that is not carried yet");
  });
}

}  // namespace intact
