// V1:
// Before:  Output = conv2d(Input=a.quantized.dequantized, Filter=w.quantized.dequantized)
// After:   Output = conv2d(Input=a.quantized, Filter=w.quantized.dequantized)
//          Output.dequantized = fake_channel_wise_dequantize_max_abs(Output, [w@scale, a@scale])
// and Output's readers read Output.dequantized. With one scale for the weight, s_w is folded:
// fake_dequantize_max_abs(Output, a@scale, max_range = B_a * B_w / s_w). freeze_weights does the
// weight's side; until then the two are not equal. Twice changes nothing.
// Output = sum(q_a * q_w) * s_a * s_w / (B_a * B_w). Source: spec 5.1 (4).
#include <optional>

#include "base/check.h"
#include "intact/ir/rewrite_all.h"
#include "intact/tensor/quantize.h"
#include "quant/op_selection.h"
#include "quant/passes/passes.h"
#include "quant/quant_trace.h"

namespace intact {
namespace {

struct Sides {
  QuantizedInput weight;
  QuantizedInput activation;
};

// The two quantized inputs of an op; empty when it lacks one.
std::optional<Sides> sides_of(const Op& op) {
  std::optional<QuantizedInput> weight;
  std::optional<QuantizedInput> activation;
  for (const QuantizedInput& input : quantized_inputs(op)) {
    (input.is_weight() ? weight : activation) = input;
  }
  if (!weight || !activation) {
    return std::nullopt;
  }
  return Sides{*weight, *activation};
}

bool every_reader_has_both_sides(const Var& weight_values) {
  for (const Op* reader : weight_values.consumers()) {
    if (!sides_of(*reader)) {
      return false;
    }
  }
  return true;
}

// Where the channels are in the output, as fake_channel_wise_dequantize_max_abs counts (spec 3.2).
int x_num_col_dims(const Op& op, const Var& output) {
  if (op.has_attr("x_num_col_dims")) {
    return op.attr<int32_t>("x_num_col_dims");
  }
  return op.type().starts_with("matmul") ? output.shape().rank() - 1 : 1;
}

OpSpec dequantize(const Op& op, const Sides& sides, Var& from, Var& to, const Scope& scope) {
  const auto& [weight, activation] = sides;
  if (weight.axis >= 0) {
    return {.type = "fake_channel_wise_dequantize_max_abs",
            .inputs = {{"X", {&from}}, {"Scales", {weight.scale, activation.scale}}},
            .outputs = {{"Out", {&to}}},
            .attrs = {{"quant_bits", Ints{weight.bits, activation.bits}},
                      {"quant_axis", weight.axis},
                      {"x_num_col_dims", x_num_col_dims(op, from)}}};
  }
  const float scale = scope.get(weight.scale->name()).cast(DType::Float32).values<float>()[0];
  const auto range = static_cast<float>(max_code(weight.bits) * max_code(activation.bits));
  return {.type = "fake_dequantize_max_abs",
          .inputs = {{"X", {&from}}, {"Scale", {activation.scale}}},
          .outputs = {{"Out", {&to}}},
          .attrs = {{"max_range", range / (scale == 0 ? 1e-8f : scale)}}};
}

}  // namespace

PassReport move_dequantize_behind_ops(Program& program, ConvertContext& context) {
  const Pattern weighted =
      any_op()
          .where([](const Op& op) { return quantization_type(op) == "qat_with_weight"; })
          .capture("op");
  return rewrite_all(program, weighted, [&context](Match& match, Rewriter& rewriter) {
    Op& op = match.op("op");
    const std::optional<Sides> sides = sides_of(op);
    if (!sides) {
      return skip(op, "its weight or its activation has no quantizer of its own");
    }
    if (sides->activation.dequantize == nullptr) {
      return skip(op, "it reads codes already");
    }
    if (!every_reader_has_both_sides(*sides->weight.value)) {
      return skip(op, "another reader of its weight has no quantized activation");
    }
    Var& output = op.output(op.def().quant.outputs.front());
    const std::vector<Op*> readers = output.consumers();
    Var& values =
        rewriter.block().add_var(output.name() + ".dequantized", output.dtype(), output.shape());
    OpSpec behind = dequantize(op, *sides, output, values, context.scope);
    copy_role(behind, op);
    rewriter.insert_after(op, std::move(behind));
    for (Op* reader : readers) {
      rewriter.replace_input(*reader, output, values);
    }
    rewriter.replace_input(op, *sides->activation.value, sides->activation.dequantize->input("X"));
    return changed();
  });
}

}  // namespace intact
