// copy_grad: X@GRAD = Y@GRAD = Out@GRAD, as views where nothing overwrites the memory.
#include "backend/cpu/elementwise.h"
#include "runtime/kernel.h"

namespace intact {
namespace {

bool accepts_view(const Graph& graph, const Node& node) {
  return can_view(graph, node.in("Out@GRAD"), node.out("X@GRAD")) &&
         can_view(graph, node.in("Out@GRAD"), node.out("Y@GRAD"));
}

Step prepare(const Graph& graph, const Node& node) {
  const ValueId dout = node.in("Out@GRAD");
  const int64_t count = graph[dout].shape.numel();
  const std::vector<ValueId> outputs = node.all_outputs();
  return {.run = [=](const Run& run) {
    for (const ValueId id : outputs) {
      cpu::copy(count, run.at(dout), run.at(id));
    }
  }};
}

}  // namespace

void register_copy_grad(KernelRegistry& registry) {
  registry.add({.kind = "copy_grad",
                .name = "view",
                .same_layout = {"Out@GRAD", "X@GRAD", "Y@GRAD"},
                .views = {{"X@GRAD", "Out@GRAD"}, {"Y@GRAD", "Out@GRAD"}},
                .accepts = accepts_view});
  registry.add({.kind = "copy_grad",
                .name = "copy",
                .same_layout = {"Out@GRAD", "X@GRAD", "Y@GRAD"},
                .accepts = [](const Graph&, const Node&) { return true; },
                .prepare = prepare});
}

}  // namespace intact
