// softmax_with_cross_entropy of class numbers over the last axis, its gradient, and softmax.
#include "backend/cpu/softmax.h"
#include "base/check.h"
#include "runtime/kernel.h"

namespace intact {
namespace {

struct Rows {
  int64_t count = 0;
  int64_t columns = 0;
};

Rows rows_of(const Shape& shape) {
  const int64_t columns = shape[-1];
  return {shape.numel() / columns, columns};
}

bool is_last_axis(const Node& node, const Shape& shape) {
  const int32_t axis = node.attr<int32_t>("axis");
  return shape.rank() >= 1 && (axis == -1 || axis == shape.rank() - 1);
}

bool accepts_loss(const Graph& graph, const Node& node) {
  const ValueId scores = node.in("Logits") != kNoValue ? node.in("Logits") : node.in("Softmax");
  return is_float32(graph, node, {"Logits", "Softmax"}) && !node.attr<bool>("soft_label") &&
         node.attr<bool>("use_softmax") && graph[node.in("Label")].dtype == DType::Int64 &&
         is_last_axis(node, graph[scores].shape) && graph[scores].shape.numel() > 0;
}

void check_labels(const std::string& where,
                  const Rows& rows,
                  int64_t ignore_index,
                  const int64_t* labels) {
  for (int64_t row = 0; row < rows.count; ++row) {
    check(labels[row] == ignore_index || (labels[row] >= 0 && labels[row] < rows.columns),
          "{}: Label holds class {} but there are {} classes; use 0..{}, or ignore_index {}",
          where,
          labels[row],
          rows.columns,
          rows.columns - 1,
          ignore_index);
  }
}

Step prepare_forward(const Graph& graph, const Node& node) {
  const ValueId logits = node.in("Logits");
  const ValueId label = node.in("Label");
  const ValueId softmax = node.out("Softmax");
  const ValueId loss = node.out("Loss");
  const Rows rows = rows_of(graph[logits].shape);
  const int64_t ignore_index = node.attr<int32_t>("ignore_index");
  const std::string where = node.label;
  return {.run = [=](const Run& run) {
    const auto* labels = run.at<int64_t>(label);
    check_labels(where, rows, ignore_index, labels);
    cpu::softmax_cross_entropy_forward(rows.count,
                                       rows.columns,
                                       run.at(logits),
                                       labels,
                                       ignore_index,
                                       run.at(softmax),
                                       run.at(loss));
  }};
}

Step prepare_backward(const Graph& graph, const Node& node) {
  const ValueId label = node.in("Label");
  const ValueId softmax = node.in("Softmax");
  const ValueId dloss = node.in("Loss@GRAD");
  const ValueId dlogits = node.out("Logits@GRAD");
  const Rows rows = rows_of(graph[softmax].shape);
  const int64_t ignore_index = node.attr<int32_t>("ignore_index");
  return {.run = [=](const Run& run) {
    cpu::softmax_cross_entropy_backward(rows.count,
                                        rows.columns,
                                        run.at(softmax),
                                        run.at<int64_t>(label),
                                        ignore_index,
                                        run.at(dloss),
                                        run.at(dlogits));
  }};
}

Step prepare_softmax(const Graph& graph, const Node& node) {
  const ValueId x = node.in("X");
  const ValueId out = node.out("Out");
  const Rows rows = rows_of(graph[x].shape);
  return {.run = [=](const Run& run) {
    cpu::softmax_forward(rows.count, rows.columns, run.at(x), run.at(out));
  }};
}

Step prepare_softmax_grad(const Graph& graph, const Node& node) {
  const ValueId out = node.in("Out");
  const ValueId dout = node.in("Out@GRAD");
  const ValueId dx = node.out("X@GRAD");
  const Rows rows = rows_of(graph[out].shape);
  return {.run = [=](const Run& run) {
    cpu::softmax_backward(rows.count, rows.columns, run.at(out), run.at(dout), run.at(dx));
  }};
}

void add_softmax(KernelRegistry& registry) {
  registry.add({.kind = "softmax",
                .name = "simd",
                .in_place = {{"Out", "X"}},
                .accepts =
                    [](const Graph& graph, const Node& node) {
                      const Shape& shape = graph[node.in("X")].shape;
                      return is_float32(graph, node, {"X"}) && is_last_axis(node, shape) &&
                             shape.numel() > 0;
                    },
                .prepare = prepare_softmax});
  registry.add({.kind = "softmax_grad",
                .name = "simd",
                .in_place = {{"X@GRAD", "Out@GRAD"}},
                .accepts =
                    [](const Graph& graph, const Node& node) {
                      const Shape& shape = graph[node.in("Out")].shape;
                      return is_float32(graph, node, {"Out"}) && is_last_axis(node, shape) &&
                             shape.numel() > 0;
                    },
                .prepare = prepare_softmax_grad});
}

}  // namespace

void register_cross_entropy(KernelRegistry& registry) {
  registry.add({.kind = "softmax_with_cross_entropy",
                .name = "simd",
                .accepts = accepts_loss,
                .prepare = prepare_forward});
  registry.add({.kind = "softmax_with_cross_entropy_grad",
                .name = "simd",
                .in_place = {{"Logits@GRAD", "Softmax"}},
                .accepts = accepts_loss,
                .prepare = prepare_backward});
  add_softmax(registry);
}

}  // namespace intact
