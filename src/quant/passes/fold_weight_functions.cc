// Before:  h = f(w, p);  h.quantized = fake_channel_wise_quantize_abs_max(h)      Scope: w, p
// After:   h.quantized = fake_channel_wise_quantize_abs_max(h)                    Scope: h
// f: what weight_preprocess_func of quant_aware built, computed once by its ops' reference kernels.
// Only in front of weight quantizers: a quantizer itself computes from constants too and stays.
// Twice changes nothing.
#include "base/check.h"
#include "intact/ir/rewrite_all.h"
#include "passes/evaluate_op.h"
#include "quant/passes/passes.h"
#include "quant/quant_trace.h"

namespace intact {
namespace {

/// Puts var's value into the Scope and drops the op that computed it; its inputs first.
void fold(Rewriter& rewriter, Var& var, Scope& scope) {
  Op* op = var.producer();
  if (op == nullptr) {
    return;
  }
  for (const auto& [slot, inputs] : Slots(op->inputs())) {
    for (Var* input : inputs) {
      fold(rewriter, *input, scope);
    }
  }
  for (auto& [name, value] : evaluate_op(*op, scope)) {
    scope.set(name, std::move(value));
    rewriter.block().var(name).set_persistable(true);
  }
  rewriter.erase(*op);
}

}  // namespace

PassReport fold_weight_functions(Program& program, ConvertContext& context) {
  const Pattern quantizer =
      any_op().where(is_quantize_op).where(input_is("X", is_function_of_parameters)).capture("op");
  return rewrite_all(program, quantizer, [&context](Match& match, Rewriter& rewriter) {
    fold(rewriter, match.op("op").input("X"), context.scope);
    return changed();
  });
}

}  // namespace intact
