#include "quant/ledger_builder.h"

#include "base/check.h"
#include "base/sha256.h"
#include "ir/quantizer_range.h"
#include "quant/op_selection.h"
#include "quant/quant_trace.h"
#include "quant/weight_codes.h"

namespace intact {
namespace {

void set_codes(QuantizedTensor& tensor, const Tensor& codes) {
  tensor.codes = codes.cast(DType::Int8);
  tensor.codes_digest = digest_of(tensor.codes);
}

bool is_observer_op(const Op& op) {
  return op.type() == "moving_average_abs_max_scale";
}

Op* producer_of(const Var& var) {
  return var.producers().size() == 1 ? var.producers().front() : nullptr;
}

/// A Var looked through the quantizers in front of it.
struct Traced {
  const Var* origin = nullptr;
  const Op* quantize = nullptr;
  const Op* dequantize = nullptr;  // of codes in a quantizer's output or in a parameter
  const Op* behind = nullptr;      // V1, exact V2: scales the sums of origin's op
  const Op* cast = nullptr;        // exact V2: of stored codes
  int observer_halves = 0;         // V2's pairs that carry a scale are even
};

Traced trace(const Var& var) {
  Traced traced{.origin = &var};
  for (const Op* op = producer_of(var); op != nullptr; op = producer_of(*traced.origin)) {
    if (is_cast_of_codes(*op)) {
      traced.cast = op;
      traced.origin = &op->input("X");
      break;
    }
    const bool is_quantize = is_quantize_op(*op);
    if (!is_quantize && !is_dequantize_op(*op)) {
      break;
    }
    const Var& x = op->input("X");
    if (is_only_observer(*op)) {
      ++traced.observer_halves;
    } else {
      const Op* maker = producer_of(x);
      const bool is_behind =
          !is_quantize && maker != nullptr && is_network_op(*maker) && !x.is_persistable();
      (is_quantize ? traced.quantize : is_behind ? traced.behind : traced.dequantize) = op;
    }
    traced.origin = &x;
  }
  return traced;
}

const Var* scale_var(const Op& op) {
  for (const char* slot : {"InScale", "Scale", "Scales"}) {
    if (op.has_input(slot)) {
      return &op.input(slot);
    }
  }
  return op.has_output("OutScale") ? &op.output("OutScale") : nullptr;
}

std::vector<float> values_of(const Tensor& tensor) {
  const Tensor as_float = tensor.cast(DType::Float32);
  const auto values = as_float.values<float>();
  return {values.begin(), values.end()};
}

std::vector<float> steps_of(const Tensor& scale, int levels) {
  std::vector<float> steps = values_of(scale);
  for (float& step : steps) {
    step /= static_cast<float>(levels);
  }
  return steps;
}

/// Some needed op that could be quantized reads the output, looked through quantizers.
bool is_read(const Var& output, const std::set<const Op*>& needed) {
  for (const Op* reader : output.consumers()) {
    if (needed.contains(reader) && is_network_op(*reader) && is_observed(*reader)) {
      return true;
    }
    const char* slot = reader->has_output("Y") ? "Y" : "Out";
    const bool is_between = is_quantize_op(*reader) || is_dequantize_op(*reader);
    if (is_between && reader->has_output(slot) && is_read(reader->output(slot), needed)) {
      return true;
    }
  }
  return false;
}

const Op* activation_quantizer(const Op& op) {
  for (const QuantizedInput& input : quantized_inputs(op)) {
    if (input.slot != op.def().quant.weight) {
      return input.quantize;
    }
  }
  return nullptr;
}

int levels_of(const Op& quantizer) {
  return max_code(quantizer.attr_or<int32_t>("bit_length", 8));
}

/// V1: the dequantizer behind op scales its sums by the activation's own step.
bool scales_activation(const Op& op, const Op& behind) {
  const Op* quantizer = activation_quantizer(op);
  if (quantizer == nullptr) {
    return false;
  }
  if (!behind.has_input("Scales")) {
    return &behind.input("Scale") == scale_var(*quantizer);
  }
  return behind.input_list("Scales").size() == 2 &&
         &behind.input("Scales", 1) == scale_var(*quantizer) &&
         max_code(behind.attr<Ints>("quant_bits").back()) == levels_of(*quantizer);
}

/// The dequantizer of a pair turns codes back by the quantizer's own step.
bool matches(const Op& quantizer, const Op& dequantizer) {
  const Ints bits = dequantizer.attr_or<Ints>("quant_bits", {});
  const float range = dequantizer.attr_or<float>(
      "max_range",
      static_cast<float>(bits.empty() ? levels_of(dequantizer) : max_code(bits.front())));
  return scale_var(quantizer) == scale_var(dequantizer) &&
         quantizer.attr_or<int32_t>("quant_axis", -1) ==
             dequantizer.attr_or<int32_t>("quant_axis", -1) &&
         range == static_cast<float>(levels_of(quantizer));
}

}  // namespace

std::string digest_of(const Tensor& tensor) {
  const std::string head = to_string(tensor.dtype()) + tensor.shape().to_string();
  return sha256(head + std::string(static_cast<const char*>(tensor.raw()), tensor.size_bytes()));
}

bool is_network_op(const Op& op) {
  return op.is_forward() && !is_quantize_op(op) && !is_dequantize_op(op) && !is_observer_op(op) &&
         !is_cast_of_codes(op) && op.type() != "feed" && op.type() != "fetch" &&
         op.type() != "increment";
}

LedgerInput LedgerBuilder::input(const std::string& slot, const Var& var, const Op* reader) const {
  const Traced traced = trace(var);
  LedgerInput entry{.slot = slot, .tensor = traced.origin->name()};
  const bool is_parameter = traced.origin->is_persistable();
  if (traced.quantize != nullptr) {
    entry.quantized = from_quantizer(*traced.quantize, traced.dequantize, *traced.origin);
  } else if (traced.dequantize != nullptr && is_parameter) {
    entry.quantized = from_stored(*traced.dequantize, *traced.origin);
  } else if (is_parameter && reader != nullptr && slot == reader->def().quant.weight &&
             reads_activation_codes(*reader)) {
    entry.quantized = from_codes(*reader, *traced.origin);
    const Op* quantizer = activation_quantizer(*reader);
    if (traced.cast == nullptr && traced.origin->dtype() == DType::Int8 && quantizer != nullptr &&
        quantizer->type() == "quantize_linear") {
      entry.flaw = "int8 codes beside codes that are floats";
    }
  } else if (const Tensor* value = scope_.find(entry.tensor); is_parameter && value != nullptr) {
    entry.digest = digest_of(*value);
  }
  const Op* maker = producer_of(*traced.origin);
  const bool is_sum = maker != nullptr && is_network_op(*maker) && reads_activation_codes(*maker);
  if (is_sum && traced.behind == nullptr) {
    entry.flaw = "sums of codes that are not scaled back";
  } else if (traced.dequantize != nullptr && traced.quantize == nullptr && !is_parameter) {
    entry.flaw = "values that are dequantized without being quantized";
  } else if (traced.observer_halves % 2 != 0) {
    entry.flaw = "values behind half of a pair that carries a scale";
  }
  return entry;
}

std::optional<float> LedgerBuilder::output_scale(const Op& op,
                                                 const std::set<const Op*>& needed) const {
  for (const std::string& slot : op.def().quant.outputs) {
    if (!op.has_output(slot)) {
      continue;
    }
    if (op.has_attr(slot + "0_threshold")) {
      return op.attr<float>(slot + "0_threshold");
    }
    for (const Op* reader : op.output(slot).consumers()) {
      const bool has_scale = is_observer_op(*reader) || is_quantize_op(*reader);
      const Var* var = has_scale ? scale_var(*reader) : nullptr;
      const Tensor* value = var == nullptr ? nullptr : scope_.find(var->name());
      if (value != nullptr && value->numel() == 1 && is_read(op.output(slot), needed)) {
        return values_of(*value).front();
      }
    }
  }
  return std::nullopt;
}

void LedgerBuilder::set_steps(QuantizedTensor& tensor, const Var* scale, int levels) const {
  const Tensor* value = scale == nullptr ? nullptr : scope_.find(scale->name());
  if (value != nullptr) {
    tensor.steps = steps_of(*value, levels);
  }
  tensor.source += scale == nullptr ? ", no scale" : fmt::format(", scale '{}'", scale->name());
}

void LedgerBuilder::add_codes(QuantizedTensor& tensor) const {
  if (const Tensor* stored = scope_.find(tensor.name)) {
    set_codes(tensor, *stored);
  }
}

QuantizedTensor LedgerBuilder::from_quantizer(const Op& quantizer,
                                              const Op* dequantizer,
                                              const Var& x) const {
  const QuantizerRange range = quantizer_range(quantizer);
  QuantizedTensor tensor{.name = x.name(),
                         .is_weight = x.is_persistable(),
                         .bits = quantizer.attr_or<int32_t>("bit_length", 8),
                         .zero_point = range.zero_point,
                         .low = x.is_persistable() ? -range.levels : range.low,
                         .high = range.high,
                         .axis = quantizer.attr_or<int32_t>("quant_axis", -1),
                         .source = quantizer.type()};
  if (dequantizer != nullptr && !matches(quantizer, *dequantizer)) {
    tensor.flaw = "dequantized by another step than quantized";
  }
  const Tensor* weight = x.is_persistable() ? scope_.find(x.name()) : nullptr;
  set_steps(tensor, scale_var(quantizer), range.levels);
  if (weight != nullptr) {
    const Tensor* recorded = scope_.find(scale_var(quantizer)->name());
    const Tensor scale = computes_scale(quantizer) ? computed_scale(*weight, quantizer)
                         : recorded != nullptr     ? *recorded
                                                   : Tensor();
    if (scale.is_defined()) {
      tensor.steps = steps_of(scale, range.levels);
      set_codes(tensor, weight_codes(*weight, scale, quantizer, {}));
    }
  }
  return tensor;
}

/// V2 after convert: codes in a parameter.
QuantizedTensor LedgerBuilder::from_stored(const Op& dequantizer, const Var& codes) const {
  const int levels = levels_of(dequantizer);
  QuantizedTensor tensor{.name = codes.name(),
                         .is_weight = true,
                         .bits = dequantizer.attr_or<int32_t>("bit_length", 8),
                         .low = -levels,
                         .high = levels,
                         .axis = dequantizer.attr_or<int32_t>("quant_axis", -1),
                         .source = "stored codes"};
  set_steps(tensor, scale_var(dequantizer), levels);
  add_codes(tensor);
  return tensor;
}

/// V1 after convert: the op reads codes, and the dequantizer behind it knows the steps.
QuantizedTensor LedgerBuilder::from_codes(const Op& op, const Var& codes) const {
  QuantizedTensor tensor{.name = codes.name(), .is_weight = true, .source = "stored codes"};
  add_codes(tensor);
  if (tensor.name.ends_with(".int8")) {
    tensor.name.resize(tensor.name.size() - 5);
  }
  for (const Op* behind : op.output(op.def().quant.outputs.front()).consumers()) {
    if (!is_dequantize_op(*behind)) {
      continue;
    }
    if (!scales_activation(op, *behind)) {
      tensor.flaw = "sums are scaled by another step than the activation's";
    }
    if (behind->has_input("Scales")) {
      tensor.bits = behind->attr<Ints>("quant_bits").front();
      tensor.high = max_code(tensor.bits);
      tensor.low = -tensor.high;
      tensor.axis = behind->attr<int32_t>("quant_axis");
      set_steps(tensor, scale_var(*behind), tensor.high);
    } else {  // max_range = B_a * B_w / s_w
      const Op* quantizer = activation_quantizer(op);
      const int levels = quantizer == nullptr ? 127 : levels_of(*quantizer);
      tensor.bits = 0;
      tensor.steps = {static_cast<float>(levels) / behind->attr<float>("max_range")};
      tensor.source += ", scale in max_range";
    }
    return tensor;
  }
  tensor.flaw = "sums are not scaled back";
  return tensor;
}

}  // namespace intact
