// Before:  y = batch_norm(x);  r = act(y)
// After:   r = fused_batch_norm(x) with activation act
// act is relu or relu6 and alone reads y.
#include "runtime/activation_of.h"
#include "runtime/fusions/batch_norm_pattern.h"
#include "runtime/fusions/fusions.h"

namespace intact {

void batch_norm_activation(Graph& graph) {
  for (Node* node : graph.nodes()) {
    if (!is_open_batch_norm(graph, *node)) {
      continue;
    }
    Node* activation = graph.only_reader(node->out("Y"));
    if (activation == nullptr || (activation->kind != "relu" && activation->kind != "relu6") ||
        !activation_of(activation->kind, *activation).has_value() ||
        !graph.can_merge({node, activation})) {
      continue;
    }
    Node fused = as_fused(*node);
    fused.label = activation->label;
    fused.attrs["activation"] = activation->kind;
    fused.outputs["Y"] = {activation->out("Out")};
    graph.merge({node, activation}, std::move(fused));
  }
}

}  // namespace intact
