// conv2d and depthwise_conv2d with their gradients, on NHWC activations and OIHW weights.
#include <algorithm>

#include "backend/cpu/conv.h"
#include "backend/cpu/depthwise.h"
#include "backend/cpu/pointwise.h"
#include "ops/detail/window.h"
#include "runtime/kernel.h"

namespace intact {
namespace {

/// Which family of kernels computes a shape.
enum class Route { Pointwise, Depthwise, Dense };

cpu::ConvShape shape_of(const Graph& graph, const Node& node, const char* output) {
  const Shape& x = graph[node.in("Input")].shape;
  const Shape& w = graph[node.in("Filter")].shape;
  const ValueId y_id = node.in(output) == kNoValue ? node.out(output) : node.in(output);
  const Shape& y = graph[y_id].shape;
  const Window2d window =
      make_window(node.label,
                  {.kernel = {static_cast<int32_t>(w[2]), static_cast<int32_t>(w[3])},
                   .strides = node.attr<Ints>("strides"),
                   .paddings = node.attr<Ints>("paddings"),
                   .dilations = node.attr<Ints>("dilations"),
                   .padding_algorithm = node.attr<std::string>("padding_algorithm")},
                  x[2],
                  x[3]);
  return {.n = x[0],
          .h = x[2],
          .w = x[3],
          .ci = x[1],
          .co = w[0],
          .kh = w[2],
          .kw = w[3],
          .stride_h = window.h.stride,
          .stride_w = window.w.stride,
          .pad_top = window.h.pad_before,
          .pad_bottom = window.h.pad_after,
          .pad_left = window.w.pad_before,
          .pad_right = window.w.pad_after,
          .dilation_h = window.h.dilation,
          .dilation_w = window.w.dilation,
          .groups = node.attr<int32_t>("groups"),
          .oh = y[2],
          .ow = y[3]};
}

Route route_of(const cpu::ConvShape& s) {
  if (s.groups > 1 && s.groups == s.ci && s.ci == s.co) {
    return Route::Depthwise;
  }
  const bool is_pointwise = s.groups == 1 && s.kh == 1 && s.kw == 1 && s.stride_h == 1 &&
                            s.stride_w == 1 && s.oh == s.h && s.ow == s.w;
  return is_pointwise ? Route::Pointwise : Route::Dense;
}

cpu::PointwiseShape pointwise_shape(const cpu::ConvShape& s) {
  return {.pixels = s.n * s.h * s.w, .ci = s.ci, .co = s.co};
}

double flops_of(const cpu::ConvShape& s) {
  return 2.0 * static_cast<double>(s.n * s.oh * s.ow * s.co) *
         static_cast<double>(s.ci / s.groups * s.kh * s.kw);
}

size_t workspace_bytes(Route route, const cpu::ConvShape& s, cpu::ConvPass pass) {
  const int64_t floats = route == Route::Pointwise
                             ? cpu::pointwise_workspace_floats(pointwise_shape(s))
                         : route == Route::Depthwise ? cpu::depthwise_workspace_floats(s, pass)
                                                     : cpu::conv_workspace_floats(s, pass);
  return static_cast<size_t>(floats) * sizeof(float);
}

void forward(Route route,
             const cpu::ConvShape& s,
             const float* x,
             const float* w,
             float* y,
             float* workspace) {
  switch (route) {
    case Route::Pointwise:
      return cpu::pointwise_forward(pointwise_shape(s), x, w, y, workspace);
    case Route::Depthwise:
      return cpu::depthwise_forward(s, x, w, y, workspace);
    case Route::Dense:
      return cpu::conv_forward(s, x, w, y, workspace);
  }
}

void backward_data(Route route,
                   const cpu::ConvShape& s,
                   const float* dy,
                   const float* w,
                   float* dx,
                   float* workspace) {
  switch (route) {
    case Route::Pointwise:
      return cpu::pointwise_backward_data(pointwise_shape(s), dy, w, dx, workspace);
    case Route::Depthwise:
      return cpu::depthwise_backward_data(s, dy, w, dx, workspace);
    case Route::Dense:
      return cpu::conv_backward_data(s, dy, w, dx, workspace);
  }
}

void backward_weight(Route route,
                     const cpu::ConvShape& s,
                     const float* x,
                     const float* dy,
                     float* dw,
                     float* workspace) {
  switch (route) {
    case Route::Pointwise:
      return cpu::pointwise_backward_weight(pointwise_shape(s), x, dy, dw, workspace);
    case Route::Depthwise:
      return cpu::depthwise_backward_weight(s, x, dy, dw, workspace);
    case Route::Dense:
      return cpu::conv_backward_weight(s, x, dy, dw, workspace);
  }
}

Step prepare_forward(const Graph& graph, const Node& node) {
  const cpu::ConvShape shape = shape_of(graph, node, "Output");
  const Route route = route_of(shape);
  const ValueId x = node.in("Input");
  const ValueId w = node.in("Filter");
  const ValueId y = node.out("Output");
  return {.run =
              [=](const Run& run) {
                forward(route, shape, run.at(x), run.at(w), run.at(y), run.scratch());
              },
          .workspace_bytes = workspace_bytes(route, shape, cpu::ConvPass::Forward),
          .flops = flops_of(shape)};
}

Step prepare_backward(const Graph& graph, const Node& node) {
  const cpu::ConvShape shape = shape_of(graph, node, "Output@GRAD");
  const Route route = route_of(shape);
  const ValueId x = node.in("Input");
  const ValueId w = node.in("Filter");
  const ValueId dy = node.in("Output@GRAD");
  const ValueId dx = graph.needed(node.out("Input@GRAD"));
  const ValueId dw = graph.needed(node.out("Filter@GRAD"));
  const int passes = (dx != kNoValue ? 1 : 0) + (dw != kNoValue ? 1 : 0);
  return {.run =
              [=](const Run& run) {
                if (dw != kNoValue) {
                  backward_weight(route, shape, run.at(x), run.at(dy), run.at(dw), run.scratch());
                }
                if (dx != kNoValue) {
                  backward_data(route, shape, run.at(dy), run.at(w), run.at(dx), run.scratch());
                }
              },
          .workspace_bytes = std::max(workspace_bytes(route, shape, cpu::ConvPass::BackwardData),
                                      workspace_bytes(route, shape, cpu::ConvPass::BackwardWeight)),
          .flops = flops_of(shape) * passes};
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
