// Before:  y = conv2d(codes);  ...  dx = batch_norm_grad(y)
// After:   y = conv2d(codes);  ...  z = conv2d(codes);  dx = batch_norm_grad(z)
// For depthwise and other convolutions of few products an output. On codes, which live until the
// convolution's own gradient: computing y again, exactly, costs less than the memory that holds it
// from the forward to the backward pass.
#include <algorithm>

#include "runtime/code_slots.h"
#include "runtime/fusions/fusions.h"

namespace intact {
namespace {

constexpr int64_t kMaxProducts = 64;  // an output

bool is_cheap(const Graph& graph, const Node& node) {
  if (node.kind != "conv2d" && node.kind != "depthwise_conv2d") {
    return false;
  }
  const Shape& filter = graph[node.in("Filter")].shape;  // [co, ci/groups, kh, kw]
  return filter[1] * filter[2] * filter[3] <= kMaxProducts;
}

bool is_gradient_of_batch_norm(const Node& node) {
  return node.kind == "batch_norm_grad" || node.kind == "fused_batch_norm_grad";
}

/// The convolution's gradient, which runs after y's last reader, reads the same codes.
bool keeps_codes(const Graph& graph, const Node& conv) {
  const std::vector<Node*>& readers = graph[conv.in("Input")].consumers;
  return std::any_of(readers.begin(), readers.end(), [&](const Node* reader) {
    return reader->kind == conv.kind + "_grad" && reader->in("Filter") == conv.in("Filter");
  });
}

}  // namespace

void recompute_conv(Graph& graph) {
  for (Node* node : graph.nodes()) {
    if (!is_cheap(graph, *node) || !has_codes(graph, *node, "Input") ||
        !has_codes(graph, *node, "Filter") || !keeps_codes(graph, *node)) {
      continue;
    }
    const ValueId y = node->out("Output");
    if (graph[y].is_fetched || graph[y].home != Home::Arena) {
      continue;
    }
    const std::vector<Node*> readers = graph[y].consumers;
    for (Node* reader : readers) {
      if (!is_gradient_of_batch_norm(*reader)) {
        continue;
      }
      Node again = *node;
      const ValueId z = graph.add_value(
          {.name = graph[y].name, .dtype = graph[y].dtype, .shape = graph[y].shape});
      again.label = "again " + node->label;
      again.outputs["Output"] = {z};
      again.order = reader->order;
      graph.add(std::move(again));
      graph.replace_input(*reader, y, z);
    }
  }
}

}  // namespace intact
