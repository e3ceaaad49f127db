// Before:  r = fused_batch_norm(x);  q = quantize_dequantize(r)
// After:   r, q = fused_batch_norm(x) with a quantizer; r is not written when nothing else reads it
// For one scale per tensor: a moving average, whose new abs-max the statistics pass gives before
// r exists, or a given one. Not with a residual.
#include "runtime/batch_norm_node.h"
#include "runtime/fusions/batch_norm_pattern.h"
#include "runtime/fusions/fusions.h"

namespace intact {
namespace {

bool can_hold(const Graph& graph, const Node& batch_norm, const Quantizer& quantizer) {
  if (!is_fusible_batch_norm(graph, batch_norm) || batch_norm.in("Residual") != kNoValue ||
      batch_norm.out("Quantized") != kNoValue || quantizer.axis >= 0 || !quantizer.dequantizes) {
    return false;
  }
  return quantizer.source == ScaleSource::Given ||
         (quantizer.source == ScaleSource::MovingAverage && !uses_running_statistics(batch_norm));
}

}  // namespace

void quantize_in_batch_norm(Graph& graph) {
  for (Node* node : graph.nodes()) {
    const std::optional<Quantizer> quantizer = quantizer_of(graph, *node);
    Node* batch_norm = quantizer.has_value() ? graph[quantizer->x].producer : nullptr;
    if (batch_norm == nullptr || !can_hold(graph, *batch_norm, *quantizer) ||
        quantizer->x != batch_norm->out("Y") || !graph.can_merge({batch_norm, node})) {
      continue;
    }
    Node fused = as_fused(*batch_norm);
    set_quantizer(fused, *quantizer);
    if (graph.only_reader(quantizer->x) == node) {
      fused.outputs.erase("Y");
    }
    graph.merge({batch_norm, node}, std::move(fused));
  }
}

}  // namespace intact
