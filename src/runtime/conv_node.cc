#include "runtime/conv_node.h"

#include <algorithm>

#include "backend/cpu/conv.h"
#include "backend/cpu/depthwise.h"

namespace intact {
namespace {

/// A quantizer that gives codes as floats, or a dequantizer that takes them.
bool has_float_codes(const Node& node) {
  return node.kind.find("quantize") != std::string::npos &&
         node.kind.find("quantize_dequantize") == std::string::npos &&
         node.kind != "quantize_codes" && node.kind != "dequantize_codes";
}

bool has_float_codes(const Graph& graph) {
  const std::vector<Node*> nodes = graph.nodes();
  return std::any_of(
      nodes.begin(), nodes.end(), [](const Node* node) { return has_float_codes(*node); });
}

}  // namespace

cpu::ConvShape conv_shape_of(const Graph& graph, const Node& node, const char* output) {
  const Shape& w = graph[node.in("Filter")].shape;
  const ValueId y = node.in(output) == kNoValue ? node.out(output) : node.in(output);
  cpu::ConvShape shape =
      conv_shape_of(node.label,
                    {.kernel = {static_cast<int32_t>(w[2]), static_cast<int32_t>(w[3])},
                     .strides = node.attr<Ints>("strides"),
                     .paddings = node.attr<Ints>("paddings"),
                     .dilations = node.attr<Ints>("dilations"),
                     .padding_algorithm = node.attr<std::string>("padding_algorithm")},
                    node.attr<int32_t>("groups"),
                    graph[node.in("Input")].shape,
                    w,
                    graph[y].shape);
  shape.holds_codes = has_float_codes(graph);
  return shape;
}

ConvRoute conv_route_of(const cpu::ConvShape& s) {
  if (s.groups > 1 && s.groups == s.ci && s.ci == s.co) {
    return ConvRoute::Depthwise;
  }
  const bool is_pointwise = s.groups == 1 && s.kh == 1 && s.kw == 1 && s.stride_h == 1 &&
                            s.stride_w == 1 && s.oh == s.h && s.ow == s.w;
  return is_pointwise ? ConvRoute::Pointwise : ConvRoute::Dense;
}

cpu::PointwiseShape pointwise_shape(const cpu::ConvShape& s) {
  return {.pixels = s.n * s.h * s.w, .ci = s.ci, .co = s.co};
}

double conv_flops(const cpu::ConvShape& s) {
  return 2.0 * static_cast<double>(s.n * s.oh * s.ow * s.co) *
         static_cast<double>(s.ci / s.groups * s.kh * s.kw);
}

size_t conv_workspace_bytes(ConvRoute route, const cpu::ConvShape& s, cpu::ConvPass pass) {
  const int64_t floats = route == ConvRoute::Pointwise
                             ? cpu::pointwise_workspace_floats(pointwise_shape(s))
                         : route == ConvRoute::Depthwise ? cpu::depthwise_workspace_floats(s, pass)
                                                         : cpu::conv_workspace_floats(s, pass);
  return static_cast<size_t>(floats) * sizeof(float);
}

void conv_forward(ConvRoute route,
                  const cpu::ConvShape& s,
                  const float* x,
                  const float* w,
                  float* y,
                  float* workspace) {
  switch (route) {
    case ConvRoute::Pointwise:
      return cpu::pointwise_forward(pointwise_shape(s), x, w, y, workspace);
    case ConvRoute::Depthwise:
      return cpu::depthwise_forward(s, x, w, y, workspace);
    case ConvRoute::Dense:
      return cpu::conv_forward(s, x, w, y, workspace);
  }
}

void conv_backward_data(ConvRoute route,
                        const cpu::ConvShape& s,
                        const float* dy,
                        const float* w,
                        float* dx,
                        float* workspace) {
  switch (route) {
    case ConvRoute::Pointwise:
      return cpu::pointwise_backward_data(pointwise_shape(s), dy, w, dx, workspace);
    case ConvRoute::Depthwise:
      return cpu::depthwise_backward_data(s, dy, w, dx, workspace);
    case ConvRoute::Dense:
      return cpu::conv_backward_data(s, dy, w, dx, workspace);
  }
}

void conv_backward_weight(ConvRoute route,
                          const cpu::ConvShape& s,
                          const float* x,
                          const float* dy,
                          float* dw,
                          float* workspace) {
  switch (route) {
    case ConvRoute::Pointwise:
      return cpu::pointwise_backward_weight(pointwise_shape(s), x, dy, dw, workspace);
    case ConvRoute::Depthwise:
      return cpu::depthwise_backward_weight(s, x, dy, dw, workspace);
    case ConvRoute::Dense:
      return cpu::conv_backward_weight(s, x, dy, dw, workspace);
  }
}

}  // namespace intact
