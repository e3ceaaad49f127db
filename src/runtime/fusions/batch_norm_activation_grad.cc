// Before:  y = batch_norm(x);  r = act(y)          forward, either plain or fused
//          dy = act_grad(r, dr);  dx, dscale, dbias = batch_norm_grad(x, dy)
// After:   dx, dscale, dbias = fused_batch_norm_grad(x, dr)
// The mask of act is recomputed from x with the forward's own coefficients, so that nothing needs r
// in the backward pass. Scale and Bias must still be those of the forward pass.
#include "runtime/activation_of.h"
#include "runtime/fusions/fusions.h"
#include "runtime/kernel.h"

namespace intact {
namespace {

/// The batch_norm that made the activation's input; nullptr when it is another op, or one whose
/// kernel could compute other coefficients.
const Node* forward_batch_norm(const Graph& graph, ValueId activated, const std::string& type) {
  const Node* activation = graph[activated].producer;
  if (activation == nullptr || activation->kind != type) {
    return nullptr;
  }
  const Node* batch_norm = graph[activation->in("X")].producer;
  return batch_norm != nullptr && batch_norm->kind == "batch_norm" ? batch_norm : nullptr;
}

bool is_backward_of(const Node& forward, const Node& backward) {
  for (const char* slot : {"X", "Scale", "Bias"}) {
    if (forward.in(slot) == kNoValue || forward.in(slot) != backward.in(slot)) {
      return false;
    }
  }
  return forward.out("SavedMean") == backward.in("SavedMean") &&
         forward.out("SavedVariance") == backward.in("SavedVariance");
}

void match(Graph& graph, Node& mask, const std::string& type) {
  const Node* forward = forward_batch_norm(graph, mask.in("Out"), type);
  Node* backward = graph.only_reader(mask.out("X@GRAD"));
  if (forward == nullptr || backward == nullptr || backward->kind != "batch_norm_grad" ||
      !is_backward_of(*forward, *backward) || !activation_of(type, mask).has_value() ||
      !is_float32(graph, *backward, {"X", "Scale", "Bias"}) ||
      !graph.can_merge({&mask, backward})) {
    return;
  }
  Node fused = *backward;
  fused.kind = "fused_batch_norm_grad";
  fused.op = nullptr;
  fused.attrs["activation"] = type;
  fused.inputs["Y@GRAD"] = {mask.in("Out@GRAD")};
  graph.merge({&mask, backward}, std::move(fused));
}

}  // namespace

void batch_norm_activation_grad(Graph& graph) {
  for (Node* node : graph.nodes()) {
    for (const std::string type : {"relu", "relu6"}) {
      if (node->kind == type + "_grad") {
        match(graph, *node, type);
        break;
      }
    }
  }
}

}  // namespace intact
