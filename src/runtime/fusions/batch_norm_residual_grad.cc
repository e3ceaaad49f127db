// Before:  r = act(s), s = y + z, y = batch_norm(x)                    forward
//          ds = act_grad(r, dr);  dy, dz = copy_grad(ds);  dx = batch_norm_grad(x, dy)
// After:   dx, dz = fused_batch_norm_grad(x, Y=r, dr)
// ds is masked in the pass that sums it. The mask is read off r.
#include "runtime/activation_of.h"
#include "runtime/fusions/fusions.h"
#include "runtime/kernel.h"

namespace intact {
namespace {

bool can_fuse(const Graph& graph, const Node& backward) {
  const int rank = graph[backward.in("X")].shape.rank();
  return backward.kind == "batch_norm_grad" && rank == 4 && backward.in("Scale") != kNoValue &&
         backward.in("Bias") != kNoValue && is_float32(graph, backward, {"X", "Scale", "Bias"});
}

void match(Graph& graph, Node& mask, const std::string& type) {
  Node* copy = graph.only_reader(mask.out("X@GRAD"));
  if (copy == nullptr || copy->kind != "copy_grad" || !activation_of(type, mask).has_value() ||
      copy->out("X@GRAD") == kNoValue || copy->out("Y@GRAD") == kNoValue) {
    return;
  }
  for (const auto& [through, beside] : {std::pair("X@GRAD", "Y@GRAD"), {"Y@GRAD", "X@GRAD"}}) {
    Node* backward = graph.only_reader(copy->out(through));
    if (backward == nullptr || !can_fuse(graph, *backward) ||
        !graph.can_merge({&mask, copy, backward})) {
      continue;
    }
    Node fused = *backward;
    fused.kind = "fused_batch_norm_grad";
    fused.op = nullptr;
    fused.attrs["activation"] = type;
    fused.inputs["Y"] = {mask.in("Out")};
    fused.inputs["Y@GRAD"] = {mask.in("Out@GRAD")};
    fused.outputs["Residual@GRAD"] = {copy->out(beside)};
    graph.merge({&mask, copy, backward}, std::move(fused));
    return;
  }
}

}  // namespace

void batch_norm_residual_grad(Graph& graph) {
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
