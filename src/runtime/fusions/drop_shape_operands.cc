// Before:  dX, dY = elementwise_add_grad(dOut, X, Y) with equal shapes;  dX = pool2d_grad(avg)(X,
//          Out, dOut)
// After:   dX, dY = copy_grad(dOut);                                  dX = pool2d_grad(dOut)
// X, Y and Out only gave their shapes. Without the reads their memory is free earlier, and fusions
// may do away with them.
#include "runtime/fusions/fusions.h"
#include "runtime/kernel.h"

namespace intact {
namespace {

void drop_add_operands(Graph& graph, Node& node) {
  const ValueId x = node.in("X");
  const ValueId y = node.in("Y");
  if (graph[x].shape != graph[y].shape || !is_float32(graph, node, {"X", "Y", "Out@GRAD"})) {
    return;
  }
  Node copy{.kind = "copy_grad",
            .label = node.label,
            .inputs = {{"Out@GRAD", {node.in("Out@GRAD")}}},
            .outputs = node.outputs};
  graph.merge({&node}, std::move(copy));
}

void drop_pool_operands(Graph& graph, Node& node) {
  if (node.attr<std::string>("pooling_type") == "max" || !is_float32(graph, node, {"Out@GRAD"})) {
    return;
  }
  Node slim = node;
  slim.op = nullptr;
  slim.inputs = {{"Out@GRAD", {node.in("Out@GRAD")}}};
  graph.merge({&node}, std::move(slim));
}

}  // namespace

void drop_shape_operands(Graph& graph) {
  for (Node* node : graph.nodes()) {
    if (node->kind == "elementwise_add_grad") {
      drop_add_operands(graph, *node);
    } else if (node->kind == "pool2d_grad") {
      drop_pool_operands(graph, *node);
    }
  }
}

}  // namespace intact
