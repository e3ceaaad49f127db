#include "runtime/code_slots.h"

#include <algorithm>

#include "intact/ir/op_def.h"

namespace intact {

void set_code_slot(Node& node, const std::string& slot, const CodeSlot& code_slot) {
  node.inputs[slot] = {code_slot.codes};
  node.inputs[slot + "Scale"] = {code_slot.scale};
  node.attrs[slot + "_bits"] = static_cast<int32_t>(code_slot.bits);
  node.attrs[slot + "_axis"] = static_cast<int32_t>(code_slot.axis);
  node.attrs[slot + "_range"] = static_cast<int32_t>(code_slot.range);
}

CodeSlot code_slot_of(const Node& node, const std::string& slot) {
  return {.codes = node.in(slot),
          .scale = node.in(slot + "Scale"),
          .bits = node.attr<int32_t>(slot + "_bits"),
          .axis = node.attr<int32_t>(slot + "_axis"),
          .range = static_cast<cpu::CodeRange>(node.attr<int32_t>(slot + "_range"))};
}

bool has_codes(const Graph& graph, const Node& node, const std::string& slot) {
  return node.in(slot) != kNoValue && graph[node.in(slot)].dtype == DType::Int8 &&
         node.attrs.contains(slot + "_bits");
}

bool is_non_negative(const Graph& graph, ValueId id) {
  const Node* node = graph[id].producer;
  if (node == nullptr) {
    return false;
  }
  if (node->kind == "fused_batch_norm" || node->kind == "elementwise_add_activation") {
    return !node->attr_or<std::string>("activation", "").empty();  // relu or relu6
  }
  if (node->op == nullptr) {
    return false;
  }
  const QuantTraits& traits = node->op->def().quant;
  if (traits.output_sign != OutputSign::AsInputs) {
    return traits.output_sign == OutputSign::NonNegative;
  }
  return !traits.inputs.empty() && std::ranges::all_of(traits.inputs, [&](const std::string& slot) {
    return std::ranges::all_of(node->in_list(slot),
                               [&](ValueId input) { return is_non_negative(graph, input); });
  });
}

}  // namespace intact
