// Before:  q = <quantizer>(x);  y = <its dequantizer>(q, scale)
// After:   y = quantize_dequantize(x)
// For fake_quantize_* with fake_dequantize_max_abs or fake_channel_wise_dequantize_max_abs, and
// quantize_linear with dequantize_linear. Only y reads q, by the quantizer's own scale, bits and
// axis.
#include "runtime/fusions/fusions.h"
#include "runtime/quantizer.h"

namespace intact {
namespace {

bool matches_whole(const Quantizer& q, const Node& node) {
  return q.axis < 0 && node.in("Scale") == scale_of(q) &&
         node.attr<float>("max_range") == static_cast<float>(max_code(q.bits));
}

bool matches_channel_wise(const Quantizer& q, const Node& node) {
  return q.axis >= 0 && node.in_list("Scales") == std::vector<ValueId>{scale_of(q)} &&
         node.attr<int32_t>("quant_axis") == q.axis &&
         node.attr<Ints>("quant_bits").front() == q.bits;
}

bool matches_linear(const Quantizer& q, const Node& node) {
  return node.in("Scale") == scale_of(q) && node.attr<int32_t>("quant_axis") == q.axis &&
         node.attr<int32_t>("bit_length") == q.bits && !node.attr<bool>("only_observer");
}

bool is_dequantizer_of(const Quantizer& q, const Node& node) {
  return (node.kind == "fake_dequantize_max_abs" && matches_whole(q, node)) ||
         (node.kind == "fake_channel_wise_dequantize_max_abs" && matches_channel_wise(q, node)) ||
         (node.kind == "dequantize_linear" && matches_linear(q, node));
}

/// Renames the output to Out, whatever the two ops call theirs.
Node fused(const Node& quantizer, const Node& dequantizer) {
  const bool is_linear = quantizer.kind == "quantize_linear";
  Node node = quantizer;
  node.kind = "quantize_dequantize";
  node.label = dequantizer.label;
  node.op = nullptr;
  node.attrs["quantizer"] = quantizer.kind;
  node.outputs.erase("Out");
  node.outputs.erase("Y");
  node.outputs[is_linear ? "Y" : "Out"] = {dequantizer.out(is_linear ? "Y" : "Out")};
  return node;
}

}  // namespace

void quantize_dequantize(Graph& graph) {
  for (Node* node : graph.nodes()) {
    const std::optional<Quantizer> quantizer = quantizer_of(graph, *node);
    if (!quantizer.has_value() || quantizer->dequantizes) {
      continue;
    }
    Node* reader = graph.only_reader(quantizer->out);
    if (reader != nullptr && is_dequantizer_of(*quantizer, *reader) &&
        graph.can_merge({node, reader})) {
      Node replacement = fused(*node, *reader);
      graph.merge({node, reader}, std::move(replacement));
    }
  }
}

}  // namespace intact
