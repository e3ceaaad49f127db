#include <algorithm>

#include "base/check.h"
#include "intact/quant/report.h"
#include "quant/annotate.h"
#include "quant/op_selection.h"
#include "quant/quant_trace.h"

namespace intact {
namespace {

using Operand = QuantReport::Operand;
using Entry = QuantReport::Entry;

void add_scale_values(Operand& operand, const Var* scale, const Scope& scope) {
  if (scale == nullptr) {
    return;
  }
  operand.scale_var = scale->name();
  const Tensor* tensor = scope.find(scale->name());
  if (tensor == nullptr || tensor->numel() == 0) {
    return;
  }
  const Tensor as_float = tensor->cast(DType::Float32);
  const auto values = as_float.values<float>();
  operand.scale_count = values.size();
  operand.scale_min = *std::ranges::min_element(values);
  operand.scale_max = *std::ranges::max_element(values);
}

Operand describe(const QuantizedInput& input, const Scope& scope) {
  Operand operand{.slot = input.slot,
                  .var = input.original->name(),
                  .quantizer = input.quantize == nullptr ? "" : input.quantize->type(),
                  .bits = input.bits,
                  .axis = input.axis,
                  .is_weight = input.is_weight()};
  add_scale_values(operand, input.scale, scope);
  return operand;
}

/// An op of V1 or exact V2 after convert: its weight holds codes, and the dequantize op behind it
/// the scales.
void add_frozen_weight(Entry& entry, const Op& op, const Scope& scope) {
  if (!reads_activation_codes(op) || !op.has_input(op.def().quant.weight)) {
    return;
  }
  const Var& output = op.output(op.def().quant.outputs.front());
  const Var& weight = stored_codes(op.input(op.def().quant.weight));
  for (const Op* reader : output.consumers()) {
    if (!is_dequantize_op(*reader)) {
      continue;
    }
    Operand operand{.slot = op.def().quant.weight, .var = weight.name(), .is_weight = true};
    if (reader->has_input("Scales")) {
      operand.bits = reader->attr<Ints>("quant_bits").front();
      operand.axis = reader->attr<int32_t>("quant_axis");
      add_scale_values(operand, &reader->input("Scales"), scope);
    } else {
      const int activation_bits = entry.operands.front().bits;
      const auto activation_codes = static_cast<float>((1 << (activation_bits - 1)) - 1);
      const auto weight_codes = static_cast<float>((1 << (operand.bits - 1)) - 1);
      operand.scale_count = 1;
      operand.scale_min = operand.scale_max =
          activation_codes * weight_codes / reader->attr<float>("max_range");
    }
    entry.operands.push_back(operand);
    return;
  }
}

std::string reason_of(const Op& op) {
  if (op.has_attr(kReasonAttribute)) {
    return op.attr_or<std::string>(kReasonAttribute, "");
  }
  if (is_marked_skipped(op)) {
    return "it is marked skip_quant";
  }
  return is_observed(op) ? "the program does not say"
                         : fmt::format("'{}' is not an op type that can be quantized", op.type());
}

Entry describe(const Op& op, const Scope& scope) {
  Entry entry{.op = op.label(), .type = op.type()};
  for (const QuantizedInput& input : quantized_inputs(op)) {
    entry.operands.push_back(describe(input, scope));
  }
  add_frozen_weight(entry, op, scope);
  entry.is_quantized = !entry.operands.empty();
  if (!entry.is_quantized) {
    entry.reason = reason_of(op);
  }
  entry.has_out_threshold = op.has_attr("out_threshold");
  entry.out_threshold = op.attr_or<float>("out_threshold", 0);
  return entry;
}

std::string format_of(const Program& program) {
  for (const Op* op : program.ops()) {
    if (is_quantize_op(*op) || is_dequantize_op(*op)) {
      return op->type().ends_with("_linear") ? "V2" : "V1";
    }
  }
  return "float";
}

}  // namespace

QuantReport inspect_quantization(const Program& program, const Scope& scope) {
  QuantReport report;
  report.format = format_of(program);
  for (const Op* op : program.ops()) {
    if (!is_report_worthy(*op)) {
      continue;
    }
    Entry entry = describe(*op, scope);
    if (report.format == "float" && !op->has_attr(kReasonAttribute)) {
      entry.reason = "the program is not quantized";
    }
    report.ops.push_back(std::move(entry));
  }
  report.pair_bounds = saturation_bounds(program, scope);
  return report;
}

}  // namespace intact
