// Before:  y = batch_norm(x);  moving_average_abs_max_scale(x or y)
// After:   y = fused_batch_norm(x) with an observer
// The statistics pass knows each channel's minimum and maximum of x, and y is monotone in x, so the
// largest |x| and |y| follow without reading either again. Runs before and after the activation is
// fused. Not with a residual, and not where the running statistics normalize.
#include "runtime/batch_norm_node.h"
#include "runtime/fusions/batch_norm_pattern.h"
#include "runtime/fusions/fusions.h"
#include "runtime/kernel.h"

namespace intact {
namespace {

bool is_observer(const Graph& graph, const Node& node) {
  return node.kind == "moving_average_abs_max_scale" && !node.attr<bool>("is_test") &&
         node.out("Out") == kNoValue && is_float32(graph, node, {"X"});
}

/// The batch norm that can observe `id`, and where; nullptr when there is none.
std::pair<Node*, ObservedPoint> find_batch_norm(const Graph& graph, ValueId id) {
  const auto fits = [&](const Node& node) {
    return is_fusible_batch_norm(graph, node) && node.in("Residual") == kNoValue &&
           !uses_running_statistics(node);
  };
  for (Node* reader : graph[id].consumers) {
    if (fits(*reader) && reader->in("X") == id) {
      return {reader, ObservedPoint::X};
    }
  }
  Node* producer = graph[id].producer;
  if (producer != nullptr && fits(*producer) && producer->out("Y") == id) {
    const bool is_activated = !producer->attr_or<std::string>("activation", "").empty();
    return {producer, is_activated ? ObservedPoint::Y : ObservedPoint::Normalized};
  }
  return {nullptr, ObservedPoint::X};
}

}  // namespace

void observe_in_batch_norm(Graph& graph) {
  for (Node* node : graph.nodes()) {
    if (!is_observer(graph, *node)) {
      continue;
    }
    const auto [batch_norm, point] = find_batch_norm(graph, node->in("X"));
    if (batch_norm != nullptr && graph.can_merge({batch_norm, node})) {
      Node fused = as_fused(*batch_norm);
      add_observer(fused, point, *node);
      graph.merge({batch_norm, node}, std::move(fused));
    }
  }
}

}  // namespace intact
