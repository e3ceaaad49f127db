// conv2d and depthwise_conv2d with their gradients, on NHWC activations and OIHW weights.
#include <algorithm>

#include "backend/cpu/batch_norm.h"
#include "runtime/activation_of.h"
#include "runtime/conv_node.h"
#include "runtime/kernel.h"
#include "runtime/scratch.h"

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

/// The input of a 1x1 convolution as fusions/recompute_activation leaves it: what a batch norm
/// reads, and the operands that tell how it is normalized.
struct Normalized {
  ValueId scale = kNoValue;  // kNoValue: the input is what it is
  ValueId bias = kNoValue;
  ValueId mean = kNoValue;
  ValueId inv_std = kNoValue;
  cpu::Activation activation = cpu::Activation::None;

  explicit Normalized(const Node& node)
      : scale(node.in("InputScale")),
        bias(node.in("InputBias")),
        mean(node.in("InputMean")),
        inv_std(node.in("InputInvStd")) {
    if (scale != kNoValue) {
      activation = *activation_of(node.attr<std::string>("input_activation"), node);
    }
  }

  /// coefficients: [2*channels], written here.
  cpu::ColumnActivation of(const Run& run, int64_t channels, float* coefficients) const {
    cpu::batch_norm_coefficients(channels,
                                 run.at(scale),
                                 run.at(bias),
                                 run.at(mean),
                                 run.at(inv_std),
                                 coefficients,
                                 coefficients + channels);
    return {.slope = coefficients, .shift = coefficients + channels, .activation = activation};
  }
};

Step prepare_backward(const Graph& graph, const Node& node) {
  const cpu::ConvShape shape = conv_shape_of(graph, node, "Output@GRAD");
  const ConvRoute route = conv_route_of(shape);
  const ValueId x = node.in("Input");
  const ValueId w = node.in("Filter");
  const ValueId dy = node.in("Output@GRAD");
  const ValueId dx = graph.needed(node.out("Input@GRAD"));
  const ValueId dw = graph.needed(node.out("Filter@GRAD"));
  const int passes = (dx != kNoValue ? 1 : 0) + (dw != kNoValue ? 1 : 0);
  const Normalized normalized(node);
  Scratch scratch;
  scratch.take(normalized.scale != kNoValue ? 2 * shape.ci : 0);
  const int64_t rest = scratch.take(0);
  return {.run =
              [=](const Run& run) {
                float* workspace = run.scratch() + rest;
                if (normalized.scale != kNoValue) {
                  cpu::pointwise_backward_weight_activated(
                      pointwise_shape(shape),
                      run.at(x),
                      normalized.of(run, shape.ci, run.scratch()),
                      run.at(dy),
                      run.at(dw),
                      workspace);
                } else if (dw != kNoValue) {
                  conv_backward_weight(route, shape, run.at(x), run.at(dy), run.at(dw), workspace);
                }
                if (dx != kNoValue) {
                  conv_backward_data(route, shape, run.at(dy), run.at(w), run.at(dx), workspace);
                }
              },
          .workspace_bytes =
              scratch.size_bytes() +
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
