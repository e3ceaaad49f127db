// conv2d and depthwise_conv2d with their gradients, on NHWC activations and OIHW weights.
#include <algorithm>

#include "runtime/conv_node.h"
#include "runtime/kernel.h"

namespace intact {
namespace {

Step prepare_forward(const Graph& graph, const Node& node) {
  const cpu::ConvShape shape = conv_shape_of(graph, node, "Output");
  const ConvRoute route = conv_route_of(shape);
  const ValueId x = node.in("Input");
  const ValueId w = node.in("Filter");
  const ValueId y = node.out("Output");
  return {.run =
              [=](const Run& run) {
                conv_forward(route, shape, run.at(x), run.at(w), run.at(y), run.scratch());
              },
          .workspace_bytes = conv_workspace_bytes(route, shape, cpu::ConvPass::Forward),
          .flops = conv_flops(shape)};
}

Step prepare_backward(const Graph& graph, const Node& node) {
  const cpu::ConvShape shape = conv_shape_of(graph, node, "Output@GRAD");
  const ConvRoute route = conv_route_of(shape);
  const ValueId x = node.in("Input");
  const ValueId w = node.in("Filter");
  const ValueId dy = node.in("Output@GRAD");
  const ValueId dx = graph.needed(node.out("Input@GRAD"));
  const ValueId dw = graph.needed(node.out("Filter@GRAD"));
  const int passes = (dx != kNoValue ? 1 : 0) + (dw != kNoValue ? 1 : 0);
  return {
      .run =
          [=](const Run& run) {
            if (dw != kNoValue) {
              conv_backward_weight(route, shape, run.at(x), run.at(dy), run.at(dw), run.scratch());
            }
            if (dx != kNoValue) {
              conv_backward_data(route, shape, run.at(dy), run.at(w), run.at(dx), run.scratch());
            }
          },
      .workspace_bytes =
          std::max(conv_workspace_bytes(route, shape, cpu::ConvPass::BackwardData),
                   conv_workspace_bytes(route, shape, cpu::ConvPass::BackwardWeight)),
      .flops = conv_flops(shape) * passes};
}

void add_kind(KernelRegistry& registry, const std::string& kind) {
  registry.add({.kind = kind,
                .name = "nhwc",
                .nhwc = {"Input", "Output"},
                .accepts =
                    [](const Graph& graph, const Node& node) {
                      return is_float32(graph, node, {"Input", "Filter", "Output"});
                    },
                .prepare = prepare_forward});
  registry.add({.kind = kind + "_grad",
                .name = "nhwc",
                .nhwc = {"Input", "Output@GRAD", "Input@GRAD"},
                .accepts =
                    [](const Graph& graph, const Node& node) {
                      return is_float32(graph, node, {"Input", "Filter", "Output@GRAD"});
                    },
                .prepare = prepare_backward});
}

}  // namespace

void register_conv2d(KernelRegistry& registry) {
  add_kind(registry, "conv2d");
  add_kind(registry, "depthwise_conv2d");
}

}  // namespace intact
