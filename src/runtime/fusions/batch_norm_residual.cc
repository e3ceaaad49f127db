// Before:  y = batch_norm(x);  s = y + z;  r = act(s)       act may be missing
// After:   r = fused_batch_norm(x, Residual=z)
// The add alone reads y, act alone reads s, and the shapes are equal.
#include "runtime/activation_of.h"
#include "runtime/fusions/batch_norm_pattern.h"
#include "runtime/fusions/fusions.h"

namespace intact {
namespace {

void match(Graph& graph, Node& batch_norm) {
  const ValueId y = batch_norm.out("Y");
  Node* add = graph.only_reader(y);
  if (add == nullptr ||
      (add->kind != "elementwise_add" && add->kind != "elementwise_add_activation")) {
    return;
  }
  const ValueId residual = add->in("X") == y ? add->in("Y") : add->in("X");
  if (residual == y || graph[residual].shape != graph[y].shape ||
      graph[residual].dtype != DType::Float32 || !graph.can_merge({&batch_norm, add})) {
    return;
  }
  Node fused = as_fused(batch_norm);
  fused.label = add->label;
  fused.inputs["Residual"] = {residual};
  fused.outputs["Y"] = {add->out("Out")};
  if (add->attrs.contains("activation")) {
    fused.attrs["activation"] = add->attr<std::string>("activation");
  }
  graph.merge({&batch_norm, add}, std::move(fused));
}

}  // namespace

void batch_norm_residual(Graph& graph) {
  for (Node* node : graph.nodes()) {
    if (is_open_batch_norm(graph, *node)) {
      match(graph, *node);
    }
  }
}

}  // namespace intact
