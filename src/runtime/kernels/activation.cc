// relu and relu6 with their gradients: Out = act(X), any layout.
#include "backend/cpu/elementwise.h"
#include "runtime/activation_of.h"
#include "runtime/kernel.h"

namespace intact {
namespace {

Step prepare_forward(const Graph& graph, const Node& node) {
  const ValueId x = node.in("X");
  const ValueId out = node.out("Out");
  const int64_t count = graph[x].shape.numel();
  const cpu::Activation activation = *activation_of(node.kind, node);
  return {.run = [=](const Run& run) {
    cpu::activation_forward(count, activation, run.at(x), run.at(out));
  }};
}

Step prepare_backward(const Graph& graph, const Node& node) {
  const ValueId out = node.in("Out");
  const ValueId dout = node.in("Out@GRAD");
  const ValueId dx = node.out("X@GRAD");
  const int64_t count = graph[dout].shape.numel();
  const std::string forward = node.kind.substr(0, node.kind.size() - std::string("_grad").size());
  const cpu::Activation activation = *activation_of(forward, node);
  return {.run = [=](const Run& run) {
    cpu::activation_backward(count, activation, run.at(out), run.at(dout), run.at(dx));
  }};
}

}  // namespace

void register_activation(KernelRegistry& registry) {
  for (const std::string kind : {"relu", "relu6"}) {
    registry.add({.kind = kind,
                  .name = "simd",
                  .same_layout = {"X", "Out"},
                  .in_place = {{"Out", "X"}},
                  .accepts =
                      [kind](const Graph& graph, const Node& node) {
                        return is_float32(graph, node, {"X"}) && activation_of(kind, node);
                      },
                  .prepare = prepare_forward});
    registry.add({.kind = kind + "_grad",
                  .name = "simd",
                  .same_layout = {"Out", "Out@GRAD", "X@GRAD"},
                  .in_place = {{"X@GRAD", "Out@GRAD"}, {"X@GRAD", "Out"}},
                  .accepts =
                      [kind](const Graph& graph, const Node& node) {
                        return is_float32(graph, node, {"Out@GRAD"}) && activation_of(kind, node);
                      },
                  .prepare = prepare_backward});
  }
}

}  // namespace intact
