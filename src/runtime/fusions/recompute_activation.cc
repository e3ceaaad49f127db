// Before:  r = fused_batch_norm(x);  y = conv2d(r);  ...  dw = conv2d_grad(r, dy)
// After:   the same, but dw = conv2d_grad(x, dy), with the coefficients that make r of x
// For 1x1 convolutions, whose weight gradient packs its input anyway: r is computed again on the
// way, to the same bits. Its memory is free after the forward pass, and what is written there is
// still in the cache when it is read.
#include <algorithm>

#include "runtime/activation_of.h"
#include "runtime/batch_norm_node.h"
#include "runtime/conv_node.h"
#include "runtime/fusions/batch_norm_pattern.h"
#include "runtime/fusions/fusions.h"

namespace intact {
namespace {

bool is_pointwise(const Graph& graph, const Node& conv, const char* output) {
  return is_float32(graph, conv, {"Input", "Filter", output}) &&
         conv_route_of(conv_shape_of(graph, conv, output)) == ConvRoute::Pointwise;
}

/// The batch norm that made `id` and can be applied again in the backward pass.
const Node* find_batch_norm(const Graph& graph, ValueId id) {
  const Node* node = graph[id].producer;
  const bool fits = node != nullptr && is_fusible_batch_norm(graph, *node) &&
                    node->out("Y") == id && node->in("Residual") == kNoValue &&
                    !uses_running_statistics(*node) && node->out("SavedMean") != kNoValue &&
                    node->out("SavedVariance") != kNoValue &&
                    activation_of(node->attr_or<std::string>("activation", ""), *node).has_value();
  return fits ? node : nullptr;
}

/// Only the forward convolution and its gradient read `id`, so that it need not outlive the first.
bool has_no_other_reader(const Graph& graph, ValueId id, const Node& gradient) {
  const Value& value = graph[id];
  return !value.is_fetched && value.home == Home::Arena &&
         std::all_of(value.consumers.begin(), value.consumers.end(), [&](const Node* reader) {
           return reader == &gradient ||
                  (reader->kind == "conv2d" && reader->in("Filter") == gradient.in("Filter"));
         });
}

/// The values are still there when `reader` runs: nothing before it overwrites them.
bool can_read(const Graph& graph, const std::vector<ValueId>& values, const Node& reader) {
  return std::none_of(values.begin(), values.end(), [&](ValueId id) {
    const ValueId next = graph[id].next_version;
    return next != kNoValue && graph.leads_to(*graph[next].producer, reader);
  });
}

}  // namespace

void recompute_activation(Graph& graph) {
  for (Node* node : graph.nodes()) {
    if (node->kind != "conv2d_grad" || !is_pointwise(graph, *node, "Output@GRAD") ||
        graph.needed(node->out("Filter@GRAD")) == kNoValue) {
      continue;
    }
    const ValueId input = node->in("Input");
    const Node* batch_norm = find_batch_norm(graph, input);
    if (batch_norm == nullptr || !has_no_other_reader(graph, input, *node)) {
      continue;
    }
    Node again = *node;
    again.op = nullptr;
    again.inputs["Input"] = {batch_norm->in("X")};
    again.inputs["InputScale"] = {batch_norm->in("Scale")};
    again.inputs["InputBias"] = {batch_norm->in("Bias")};
    again.inputs["InputMean"] = {batch_norm->out("SavedMean")};
    again.inputs["InputInvStd"] = {batch_norm->out("SavedVariance")};
    if (!can_read(graph, again.all_inputs(), *node)) {
      continue;
    }
    again.attrs["input_activation"] = batch_norm->attr_or<std::string>("activation", "");
    graph.merge({node}, std::move(again));
  }
}

}  // namespace intact
