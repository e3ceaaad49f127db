// pool2d and pool2d_grad on NHWC.
#include "backend/cpu/pool.h"
#include "ops/detail/window.h"
#include "runtime/kernel.h"

namespace intact {
namespace {

bool is_max(const Node& node) {
  return node.attr<std::string>("pooling_type") == "max";
}

/// x, y: the slots' Values; both exist under other names in the gradient.
cpu::PoolShape shape_of(const Graph& graph, const Node& node, ValueId x_id, ValueId y_id) {
  const Shape& x = graph[x_id].shape;
  const Shape& y = graph[y_id].shape;
  cpu::PoolShape shape{.n = x[0],
                       .h = x[2],
                       .w = x[3],
                       .c = x[1],
                       .oh = y[2],
                       .ow = y[3],
                       .adaptive = node.attr<bool>("adaptive") || node.attr<bool>("global_pooling"),
                       .exclusive = node.attr<bool>("exclusive")};
  if (!shape.adaptive) {
    const Window2d window =
        make_window(node.label,
                    {.kernel = node.attr<Ints>("ksize"),
                     .strides = node.attr<Ints>("strides"),
                     .paddings = node.attr<Ints>("paddings"),
                     .dilations = {1, 1},
                     .padding_algorithm = node.attr<std::string>("padding_algorithm")},
                    x[2],
                    x[3]);
    shape.kh = window.h.kernel;
    shape.kw = window.w.kernel;
    shape.stride_h = window.h.stride;
    shape.stride_w = window.w.stride;
    shape.pad_top = window.h.pad_before;
    shape.pad_left = window.w.pad_before;
  }
  return shape;
}

Step prepare_forward(const Graph& graph, const Node& node) {
  const ValueId x = node.in("X");
  const ValueId y = node.out("Out");
  const cpu::PoolShape shape = shape_of(graph, node, x, y);
  const auto pool = is_max(node) ? cpu::max_pool_forward : cpu::avg_pool_forward;
  return {.run = [=](const Run& run) { pool(shape, run.at(x), run.at(y)); }};
}

Step prepare_backward(const Graph& graph, const Node& node) {
  const ValueId x = node.in("X");
  const ValueId y = node.in("Out");
  const ValueId dy = node.in("Out@GRAD");
  const ValueId dx = node.out("X@GRAD");
  const cpu::PoolShape shape = shape_of(graph, node, dx, dy);
  if (is_max(node)) {
    return {.run = [=](const Run& run) {
      cpu::max_pool_backward(shape, run.at(x), run.at(y), run.at(dy), run.at(dx));
    }};
  }
  return {.run = [=](const Run& run) { cpu::avg_pool_backward(shape, run.at(dy), run.at(dx)); }};
}

}  // namespace

void register_pool2d(KernelRegistry& registry) {
  registry.add({.kind = "pool2d",
                .name = "nhwc",
                .nhwc = {"X", "Out"},
                .accepts = [](const Graph& graph,
                              const Node& node) { return is_float32(graph, node, {"X"}); },
                .prepare = prepare_forward});
  registry.add({.kind = "pool2d_grad",
                .name = "nhwc",
                .nhwc = {"X", "Out", "Out@GRAD", "X@GRAD"},
                .accepts =
                    [](const Graph& graph, const Node& node) {
                      return is_float32(graph, node, {"X", "Out@GRAD"});
                    },
                .prepare = prepare_backward});
}

}  // namespace intact
