// Before:  s = elementwise_add(x, y);  r = act(s)
// After:   r = elementwise_add_activation(x, y)
// act is relu or relu6 and alone reads s. For equal shapes and for a bias of dimension 1.
#include "runtime/activation_of.h"
#include "runtime/fusions/fusions.h"
#include "runtime/kernel.h"

namespace intact {

void add_activation(Graph& graph) {
  for (Node* node : graph.nodes()) {
    if (node->kind != "elementwise_add") {
      continue;
    }
    Node* activation = graph.only_reader(node->out("Out"));
    if (activation == nullptr || (activation->kind != "relu" && activation->kind != "relu6") ||
        !activation_of(activation->kind, *activation).has_value() ||
        !graph.can_merge({node, activation})) {
      continue;
    }
    Node fused = *node;
    fused.kind = "elementwise_add_activation";
    if (kernel_registry().find(graph, fused) == nullptr) {
      continue;
    }
    fused.op = nullptr;
    fused.label = activation->label;
    fused.attrs["activation"] = activation->kind;
    fused.outputs["Out"] = {activation->out("Out")};
    graph.merge({node, activation}, std::move(fused));
  }
}

}  // namespace intact
