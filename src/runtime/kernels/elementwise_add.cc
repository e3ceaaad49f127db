// Out = X + Y for equal shapes, and for a bias: Y is the last (or, NHWC, the channel) dimension.
#include "backend/cpu/elementwise.h"
#include "runtime/activation_of.h"
#include "runtime/kernel.h"

namespace intact {
namespace {

bool same_shapes(const Graph& graph, const Node& node) {
  return graph[node.in("X")].shape == graph[node.in("Y")].shape;
}

/// Y is [C], X is [rows,C] or [N,C,H,W], and Y belongs to dimension 1 of X.
bool is_bias(const Graph& graph, const Node& node) {
  const Shape& x = graph[node.in("X")].shape;
  const Shape& y = graph[node.in("Y")].shape;
  const int32_t axis = node.attr<int32_t>("axis");
  return (x.rank() == 2 || x.rank() == 4) && y.rank() == 1 && y[0] == x[1] &&
         (axis == 1 || (axis == -1 && x.rank() == 2));
}

bool is_float(const Graph& graph, const Node& node) {
  return is_float32(graph, node, {"X", "Y"});
}

Step prepare_add(const Graph& graph, const Node& node) {
  const ValueId x = node.in("X");
  const ValueId y = node.in("Y");
  const ValueId out = node.out("Out");
  const int64_t count = graph[x].shape.numel();
  const cpu::Activation activation =
      *activation_of(node.attr_or<std::string>("activation", ""), node);
  return {.run = [=](const Run& run) {
    cpu::add_activation(count, run.at(x), run.at(y), activation, run.at(out));
  }};
}

Step prepare_bias(const Graph& graph, const Node& node) {
  const ValueId x = node.in("X");
  const ValueId y = node.in("Y");
  const ValueId out = node.out("Out");
  const int64_t columns = graph[y].shape.numel();
  const int64_t rows = graph[x].shape.numel() / columns;
  const cpu::Activation activation =
      *activation_of(node.attr_or<std::string>("activation", ""), node);
  return {.run = [=](const Run& run) {
    cpu::add_bias(rows, columns, run.at(x), run.at(y), activation, run.at(out));
  }};
}

Step prepare_bias_grad(const Graph& graph, const Node& node) {
  const ValueId dout = node.in("Out@GRAD");
  const ValueId dx = graph.needed(node.out("X@GRAD"));
  const ValueId dy = graph.needed(node.out("Y@GRAD"));
  const int64_t count = graph[dout].shape.numel();
  const int64_t columns = graph[node.in("Y")].shape.numel();
  const int64_t rows = count / columns;
  const int64_t workspace = cpu::column_sums_workspace_floats(rows, columns);
  return {.run =
              [=](const Run& run) {
                if (dy != kNoValue) {
                  cpu::column_sums(rows, columns, run.at(dout), run.at(dy), run.scratch());
                }
                if (dx != kNoValue && run.at(dx) != run.at(dout)) {
                  cpu::copy(count, run.at(dout), run.at(dx));
                }
              },
          .workspace_bytes = static_cast<size_t>(workspace) * sizeof(float)};
}

void add_forward(KernelRegistry& registry, const std::string& kind) {
  registry.add({.kind = kind,
                .name = "simd",
                .same_layout = {"X", "Y", "Out"},
                .in_place = {{"Out", "X"}, {"Out", "Y"}},
                .accepts =
                    [](const Graph& graph, const Node& node) {
                      return is_float(graph, node) && same_shapes(graph, node);
                    },
                .prepare = prepare_add});
  registry.add(
      {.kind = kind,
       .name = "simd bias",
       .nhwc = {"X", "Out"},
       .in_place = {{"Out", "X"}},
       .accepts = [](const Graph& graph,
                     const Node& node) { return is_float(graph, node) && is_bias(graph, node); },
       .prepare = prepare_bias});
}

}  // namespace

void register_elementwise_add(KernelRegistry& registry) {
  add_forward(registry, "elementwise_add");
  add_forward(registry, "elementwise_add_activation");
  registry.add(
      {.kind = "elementwise_add_grad",
       .name = "simd bias",
       .nhwc = {"Out@GRAD", "X@GRAD"},
       .in_place = {{"X@GRAD", "Out@GRAD"}},
       .accepts = [](const Graph& graph,
                     const Node& node) { return is_float(graph, node) && is_bias(graph, node); },
       .prepare = prepare_bias_grad});
}

}  // namespace intact
