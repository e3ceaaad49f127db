// conv2d and depthwise_conv2d on int8 codes. Forward: integer products, exact, scaled by one
// multiplier a channel. Backward: float products that dequantize codes on the way.
#include <algorithm>

#include "backend/cpu/code_conv.h"
#include "backend/cpu/codes.h"
#include "backend/cpu/conv.h"
#include "backend/cpu/conv_small.h"
#include "runtime/code_slots.h"
#include "runtime/conv_node.h"
#include "runtime/kernel.h"
#include "runtime/scratch.h"

namespace intact {
namespace {

/// 127 * 128 * this fits 31 bits.
constexpr int64_t kMaxDepth = 1 << 17;

bool has_code_operands(const Graph& graph, const Node& node) {
  if (!has_codes(graph, node, "Input") || !has_codes(graph, node, "Filter")) {
    return false;
  }
  const int axis = code_slot_of(node, "Filter").axis;
  return code_slot_of(node, "Input").axis < 0 && (axis < 0 || axis == 0);
}

/// The weights are per channel of axis 0 or have one scale.
bool accepts_shape(const Graph& graph, const Node& node, const char* output) {
  const cpu::ConvShape s = conv_shape_of(graph, node, output);
  return conv_route_of(s) == ConvRoute::Depthwise ? s.kh * s.kw <= 64
                                                  : s.groups == 1 && s.ci * s.kh * s.kw < kMaxDepth;
}

size_t forward_workspace(ConvRoute route, const cpu::ConvShape& s) {
  return static_cast<size_t>(route == ConvRoute::Depthwise ? cpu::depthwise_codes_workspace_bytes(s)
                                                           : cpu::conv_codes_workspace_bytes(s));
}

Step prepare_forward(const Graph& graph, const Node& node) {
  const cpu::ConvShape shape = conv_shape_of(graph, node, "Output");
  const ConvRoute route = conv_route_of(shape);
  const CodeSlot x = code_slot_of(node, "Input");
  const CodeSlot w = code_slot_of(node, "Filter");
  const ValueId y = node.out("Output");
  Scratch scratch;
  const int64_t multipliers = scratch.take(shape.co);
  const int64_t rest = scratch.take(0);
  return {.run =
              [=](const Run& run) {
                float* multiplier = run.scratch() + multipliers;
                cpu::code_multipliers(shape.co,
                                      *run.at(x.scale),
                                      x.bits,
                                      run.at(w.scale),
                                      w.axis < 0 ? 0 : 1,
                                      w.bits,
                                      multiplier);
                const auto* codes = run.at<int8_t>(x.codes);
                const auto* weights = run.at<int8_t>(w.codes);
                float* workspace = run.scratch() + rest;
                if (route == ConvRoute::Depthwise) {
                  cpu::depthwise_codes_forward(
                      shape, codes, weights, multiplier, run.at(y), workspace);
                } else {
                  cpu::conv_codes_forward(
                      x.range, shape, codes, weights, multiplier, run.at(y), workspace);
                }
              },
          .workspace_bytes = scratch.size_bytes() + forward_workspace(route, shape),
          .flops = conv_flops(shape)};
}

void dequantize_weights(const cpu::ConvShape& s, const CodeSlot& w, const Run& run, float* out) {
  const int64_t size = s.ci / s.groups * s.kh * s.kw;
  if (w.axis < 0) {
    cpu::dequantize_codes(s.co * size, run.at<int8_t>(w.codes), *run.at(w.scale), w.bits, out);
  } else {
    cpu::dequantize_codes_channels(
        1, s.co, size, run.at<int8_t>(w.codes), run.at(w.scale), w.bits, out);
  }
}

cpu::CodedOperand coded(const CodeSlot& slot, const Run& run) {
  return {.codes = run.at<int8_t>(slot.codes),
          .scale = run.at(slot.scale),
          .scale_step = slot.axis < 0 ? 0 : 1,
          .max = static_cast<float>(max_code(slot.bits))};
}

/// The GEMMs of a pointwise convolution dequantize on the way.
Step prepare_pointwise_backward(const Graph& graph, const Node& node, const cpu::ConvShape& s) {
  const cpu::PointwiseShape shape = pointwise_shape(s);
  const CodeSlot x = code_slot_of(node, "Input");
  const CodeSlot w = code_slot_of(node, "Filter");
  const ValueId dy = node.in("Output@GRAD");
  const ValueId dx = graph.needed(node.out("Input@GRAD"));
  const ValueId dw = graph.needed(node.out("Filter@GRAD"));
  const int passes = (dx != kNoValue ? 1 : 0) + (dw != kNoValue ? 1 : 0);
  return {.run =
              [=](const Run& run) {
                if (dw != kNoValue) {
                  cpu::pointwise_backward_weight_codes(
                      shape, coded(x, run), run.at(dy), run.at(dw), run.scratch());
                }
                if (dx != kNoValue) {
                  cpu::pointwise_backward_data_codes(
                      shape, run.at(dy), coded(w, run), run.at(dx), run.scratch());
                }
              },
          .workspace_bytes =
              static_cast<size_t>(cpu::pointwise_workspace_floats(shape)) * sizeof(float),
          .flops = conv_flops(s) * passes};
}

/// Dense kernels take codes, others values dequantized into scratch.
struct BackwardKernels {
  ConvRoute route;
  cpu::ConvShape shape;
  bool takes_weight_codes;
  bool takes_input_codes;

  BackwardKernels(ConvRoute of, const cpu::ConvShape& s)
      : route(of),
        shape(s),
        takes_weight_codes(of == ConvRoute::Dense),
        takes_input_codes(takes_weight_codes &&
                          !cpu::is_small_conv(s, cpu::ConvPass::BackwardWeight)) {}

  size_t workspace_bytes(cpu::ConvPass pass) const {
    const bool takes_codes =
        pass == cpu::ConvPass::BackwardData ? takes_weight_codes : takes_input_codes;
    return takes_codes
               ? static_cast<size_t>(cpu::conv_codes_workspace_floats(shape, pass)) * sizeof(float)
               : conv_workspace_bytes(route, shape, pass);
  }
};

Step prepare_backward(const Graph& graph, const Node& node) {
  const cpu::ConvShape shape = conv_shape_of(graph, node, "Output@GRAD");
  const ConvRoute route = conv_route_of(shape);
  if (route == ConvRoute::Pointwise) {
    return prepare_pointwise_backward(graph, node, shape);
  }
  const BackwardKernels kernels(route, shape);
  const CodeSlot x = code_slot_of(node, "Input");
  const CodeSlot w = code_slot_of(node, "Filter");
  const ValueId dy = node.in("Output@GRAD");
  const ValueId dx = graph.needed(node.out("Input@GRAD"));
  const ValueId dw = graph.needed(node.out("Filter@GRAD"));
  const bool needs_x = dw != kNoValue && !kernels.takes_input_codes;
  const bool needs_w = dx != kNoValue && !kernels.takes_weight_codes;
  const int64_t x_count = graph[x.codes].shape.numel();
  Scratch scratch;  // x's values, then w's
  scratch.take(std::max(needs_x ? x_count : 0, needs_w ? graph[w.codes].shape.numel() : 0));
  const int64_t rest = scratch.take(0);
  const int passes = (dx != kNoValue ? 1 : 0) + (dw != kNoValue ? 1 : 0);
  return {.run =
              [=](const Run& run) {
                float* values = run.scratch();
                float* workspace = values + rest;
                if (needs_x) {
                  cpu::dequantize_codes(
                      x_count, run.at<int8_t>(x.codes), *run.at(x.scale), x.bits, values);
                  conv_backward_weight(route, shape, values, run.at(dy), run.at(dw), workspace);
                } else if (dw != kNoValue) {
                  cpu::conv_backward_weight_codes(
                      shape, coded(x, run), run.at(dy), run.at(dw), workspace);
                }
                if (needs_w) {
                  dequantize_weights(shape, w, run, values);
                  conv_backward_data(route, shape, run.at(dy), values, run.at(dx), workspace);
                } else if (dx != kNoValue) {
                  cpu::conv_backward_data_codes(
                      shape, run.at(dy), coded(w, run), run.at(dx), workspace);
                }
              },
          .workspace_bytes = scratch.size_bytes() +
                             std::max(kernels.workspace_bytes(cpu::ConvPass::BackwardData),
                                      kernels.workspace_bytes(cpu::ConvPass::BackwardWeight)),
          .flops = conv_flops(shape) * passes};
}

void add_forward(KernelRegistry& registry,
                 const std::string& kind,
                 const char* name,
                 cpu::CodeRange range) {
  registry.add({.kind = kind,
                .name = name,
                .nhwc = {"Input", "Output"},
                .accepts =
                    [range](const Graph& graph, const Node& node) {
                      return has_code_operands(graph, node) &&
                             code_slot_of(node, "Input").range == range &&
                             accepts_shape(graph, node, "Output");
                    },
                .prepare = prepare_forward});
}

}  // namespace

void register_conv2d_codes(KernelRegistry& registry) {
  for (const std::string kind : {"conv2d", "depthwise_conv2d"}) {
    add_forward(registry, kind, "int8 0..127", cpu::CodeRange::Unsigned7);
    add_forward(registry, kind, "int8 -128..127", cpu::CodeRange::Signed8);
    registry.add({.kind = kind + "_grad",
                  .name = "nhwc from codes",
                  .nhwc = {"Input", "Output@GRAD", "Input@GRAD"},
                  .accepts =
                      [](const Graph& graph, const Node& node) {
                        return has_code_operands(graph, node) &&
                               accepts_shape(graph, node, "Output@GRAD");
                      },
                  .prepare = prepare_backward});
  }
}

}  // namespace intact
