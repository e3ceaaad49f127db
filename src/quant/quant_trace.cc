#include "quant/quant_trace.h"

#include <set>

#include "quant/op_selection.h"

namespace intact {
namespace {

const std::set<std::string> kQuantize = {"fake_quantize_abs_max",
                                         "fake_channel_wise_quantize_abs_max",
                                         "fake_quantize_range_abs_max",
                                         "fake_quantize_moving_average_abs_max",
                                         "quantize_linear"};
const std::set<std::string> kBoth = {"fake_quantize_dequantize_abs_max",
                                     "fake_channel_wise_quantize_dequantize_abs_max",
                                     "fake_quantize_dequantize_moving_average_abs_max"};
const std::set<std::string> kDequantize = {
    "fake_dequantize_max_abs", "fake_channel_wise_dequantize_max_abs", "dequantize_linear"};

Op* single_producer(const Var& var) {
  return var.producers().size() == 1 ? var.producers().front() : nullptr;
}

// The scale the op reads, or writes when it computes one.
Var* scale_of(const Op& op) {
  for (const char* slot : {"InScale", "Scale", "Scales"}) {
    if (op.has_input(slot)) {
      return &op.input(slot);
    }
  }
  return op.has_output("OutScale") ? &op.output("OutScale") : nullptr;
}

int axis_of(const Op& op) {
  const bool is_channel_wise = op.type().find("channel_wise") != std::string::npos;
  return is_channel_wise || op.has_attr("quant_axis") ? op.attr_or<int32_t>("quant_axis", -1) : -1;
}

int bits_of(const Op& op) {
  const Ints bits = op.attr_or<Ints>("quant_bits", {8});
  return op.attr_or<int32_t>("bit_length", bits.empty() ? 8 : bits.front());
}

bool trace(Var& value, QuantizedInput& found) {
  Op* op = single_producer(value);
  if (op == nullptr || is_only_observer(*op)) {
    return false;
  }
  found.value = &value;
  if (is_dequantize_op(*op)) {
    found.dequantize = op;
    found.original = &op->input("X");
    found.scale = scale_of(*op);
    found.bits = bits_of(*op);
    found.axis = axis_of(*op);
    op = single_producer(*found.original);
    if (op == nullptr) {
      return found.original->is_persistable();  // stored codes
    }
  }
  if (!is_quantize_op(*op)) {
    return false;
  }
  found.quantize = op;
  found.original = &op->input("X");
  found.scale = scale_of(*op);
  found.bits = bits_of(*op);
  found.axis = axis_of(*op);
  return true;
}

}  // namespace

bool is_quantize_op(const Op& op) {
  return kQuantize.contains(op.type()) || kBoth.contains(op.type());
}

bool is_dequantize_op(const Op& op) {
  return kDequantize.contains(op.type());
}

bool is_only_observer(const Op& op) {
  return op.attr_or<bool>("only_observer", false);
}

bool is_cast_of_codes(const Op& op) {
  return op.type() == "cast" && op.input("X").is_persistable() &&
         op.input("X").dtype() == DType::Int8;
}

Var& stored_codes(Var& weight) {
  const Op* op = single_producer(weight);
  return op != nullptr && is_cast_of_codes(*op) ? op->input("X") : weight;
}

bool is_function_of_parameters(const Var& var) {
  const Op* op = single_producer(var);
  if (op == nullptr || !op->is_forward() || op->def().has_random || op->inputs().empty()) {
    return false;
  }
  for (const auto& [slot, inputs] : op->inputs()) {
    for (const Var* input : inputs) {
      if (!input->is_persistable() && !is_function_of_parameters(*input)) {
        return false;
      }
    }
  }
  return true;
}

bool is_weight_quantizer(const Op& op) {
  return is_quantize_op(op) &&
         (op.input("X").is_persistable() || is_function_of_parameters(op.input("X")));
}

bool is_dequantized(const Var& x) {
  const Op* op = single_producer(x);
  return op != nullptr && !is_only_observer(*op) && (is_quantize_op(*op) || is_dequantize_op(*op));
}

std::vector<QuantizedInput> quantized_inputs(const Op& op) {
  std::vector<QuantizedInput> inputs;
  for (const std::string& slot : quantizable_slots(op)) {
    for (Var* var : op.input_list(slot)) {
      QuantizedInput found{.slot = slot};
      if (trace(*var, found)) {
        found.is_function =
            slot == op.def().quant.weight && is_function_of_parameters(*found.original);
        inputs.push_back(found);
      }
    }
  }
  return inputs;
}

bool reads_activation_codes(const Op& op) {
  for (const QuantizedInput& input : quantized_inputs(op)) {
    const bool is_fused = input.quantize != nullptr && kBoth.contains(input.quantize->type());
    if (!input.is_weight() && input.dequantize == nullptr && !is_fused) {
      return true;
    }
  }
  return false;
}

std::map<std::string, std::string> activation_scales(const Program& quantized) {
  std::map<std::string, std::string> scales;
  for (const Op* op : quantized.ops()) {
    const bool has_scale = is_quantize_op(*op) || op->type() == "moving_average_abs_max_scale";
    if (!has_scale || is_weight_quantizer(*op)) {
      continue;
    }
    for (const char* slot : {"InScale", "Scale"}) {
      if (op->has_input(slot)) {
        scales[op->input(slot).name()] = op->input("X").name();
      }
    }
    if (op->has_output("OutScale")) {
      scales[op->output("OutScale").name()] = op->input("X").name();
    }
  }
  return scales;
}

}  // namespace intact
