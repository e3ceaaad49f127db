// Before:  x' = quantize_dequantize(x);  w' = quantize_dequantize(w);  y = conv2d(x', w')
// After:   x' = quantize_codes(x);  w' = quantize_codes(w);  y = conv2d(x', w')  on int8 codes
// The same for depthwise_conv2d and mul, for their gradients, and where a batch norm quantizes x.
// Consumers without a kernel for codes read a dequantized view, made just before they run.
#include <map>
#include <optional>
#include <set>

#include "runtime/batch_norm_node.h"
#include "runtime/code_slots.h"
#include "runtime/fusions/fusions.h"
#include "runtime/kernel.h"

namespace intact {
namespace {

/// Slots (activation, weight) of the nodes that multiply codes.
std::optional<std::pair<std::string, std::string>> operand_slots(const Node& node) {
  static const std::map<std::string, std::pair<std::string, std::string>> slots = {
      {"conv2d", {"Input", "Filter"}},
      {"conv2d_grad", {"Input", "Filter"}},
      {"depthwise_conv2d", {"Input", "Filter"}},
      {"depthwise_conv2d_grad", {"Input", "Filter"}},
      {"mul", {"X", "Y"}},
      {"mul_grad", {"X", "Y"}}};
  const auto it = slots.find(node.kind);
  return it == slots.end() ? std::nullopt : std::optional(it->second);
}

class CarryCodes {
 public:
  explicit CarryCodes(Graph& graph) : graph_(graph) {
    for (Node* node : graph.nodes()) {
      add_quantizer(*node);
    }
  }

  void run() {
    for (Node* node : graph_.nodes()) {
      take_codes(*node);
    }
    for (const auto& [values, slot] : slots_) {
      if (used_.contains(values)) {
        give_codes(values, slot);
      }
    }
  }

 private:
  void add_quantizer(const Node& node) {
    std::optional<Quantizer> quantizer =
        node.kind == "fused_batch_norm" ? batch_norm_quantizer(node) : quantizer_of(graph_, node);
    if (!quantizer.has_value() || !quantizer->dequantizes || quantizer->bits > 8 ||
        graph_[scale_of(*quantizer)].next_version != kNoValue) {
      return;
    }
    const bool is_non_negative_value = quantizer->x == kNoValue || node.kind == "fused_batch_norm"
                                           ? !node.attr_or<std::string>("activation", "").empty()
                                           : is_non_negative(graph_, quantizer->x);
    const Value& values = graph_[quantizer->out];
    Value codes{.name = values.name + " (codes)", .dtype = DType::Int8, .shape = values.shape};
    slots_[quantizer->out] = {
        .codes = graph_.add_value(std::move(codes)),
        .scale = scale_of(*quantizer),
        .bits = quantizer->bits,
        .axis = quantizer->axis,
        .range = is_non_negative_value ? cpu::CodeRange::Unsigned7 : cpu::CodeRange::Signed8};
  }

  void take_codes(Node& node) {
    const auto names = operand_slots(node);
    if (!names.has_value()) {
      return;
    }
    const auto x = slots_.find(node.in(names->first));
    const auto w = slots_.find(node.in(names->second));
    if (x == slots_.end() || w == slots_.end()) {
      return;
    }
    Node fused = node;
    set_code_slot(fused, names->first, x->second);
    set_code_slot(fused, names->second, w->second);
    fused.op = nullptr;
    if (kernel_registry().find(graph_, fused) == nullptr) {
      return;
    }
    used_.insert(x->first);
    used_.insert(w->first);
    graph_.merge({&node}, std::move(fused));
  }

  void give_codes(ValueId values, const CodeSlot& slot) {
    Node* producer = graph_[values].producer;
    Node fused = *producer;
    if (producer->kind == "fused_batch_norm") {
      fused.outputs.erase("Quantized");
    } else {
      fused.kind = "quantize_codes";
      if (producer->kind != "quantize_dequantize") {
        fused.attrs["quantizer"] = producer->kind;
      }
      fused.outputs.erase("Out");
      fused.outputs.erase("Y");
    }
    fused.op = nullptr;
    fused.outputs["Codes"] = {slot.codes};
    graph_.merge({producer}, std::move(fused));
    add_views(values, slot);
  }

  /// A view for each consumer that is left, so that none lives from the forward to the backward
  /// pass.
  void add_views(ValueId values, const CodeSlot& slot) {
    if (graph_[values].is_fetched || graph_[values].home == Home::Scope) {
      add_view(values, slot, 0);
      return;
    }
    const std::vector<Node*> consumers = graph_[values].consumers;
    for (Node* consumer : consumers) {
      const ValueId view = graph_.add_value({.name = graph_[values].name,
                                             .dtype = graph_[values].dtype,
                                             .shape = graph_[values].shape});
      add_view(view, slot, consumer->order);
      graph_.replace_input(*consumer, values, view);
    }
  }

  void add_view(ValueId view, const CodeSlot& slot, size_t order) {
    Node node{.kind = "dequantize_codes", .label = "dequantize '" + graph_[view].name + "'"};
    set_code_slot(node, "X", slot);
    node.outputs["Out"] = {view};
    node.order = order;
    graph_.add(std::move(node));
  }

  Graph& graph_;
  std::map<ValueId, CodeSlot> slots_;  // by the quantized values
  std::set<ValueId> used_;
};

}  // namespace

void carry_codes(Graph& graph) {
  CarryCodes(graph).run();
}

}  // namespace intact
