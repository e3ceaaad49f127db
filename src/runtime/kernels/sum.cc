// sum of equal shapes, left to right: Out = X[0] + X[1] + ...
#include <algorithm>

#include "backend/cpu/elementwise.h"
#include "runtime/kernel.h"

namespace intact {
namespace {

Step prepare(const Graph& graph, const Node& node) {
  const std::vector<ValueId> xs = node.in_list("X");
  const ValueId out = node.out("Out");
  const int64_t count = graph[out].shape.numel();
  return {.run = [=](const Run& run) {
    float* y = run.at(out);
    if (xs.size() == 1) {
      if (run.at(xs[0]) != y) {
        cpu::copy(count, run.at(xs[0]), y);
      }
      return;
    }
    cpu::add_activation(count, run.at(xs[0]), run.at(xs[1]), cpu::Activation::None, y);
    for (size_t i = 2; i < xs.size(); ++i) {
      cpu::accumulate(count, run.at(xs[i]), y);
    }
  }};
}

}  // namespace

void register_sum(KernelRegistry& registry) {
  registry.add({.kind = "sum",
                .name = "simd",
                .same_layout = {"X", "Out"},
                .in_place = {{"Out", "X"}},
                .accepts = [](const Graph& graph,
                              const Node& node) { return is_float32(graph, node, {"X"}); },
                .prepare = prepare});
}

}  // namespace intact
