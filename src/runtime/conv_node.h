#pragma once

#include "backend/cpu/pointwise.h"
#include "runtime/conv_shape.h"
#include "runtime/graph.h"

namespace intact {

/// Which family of kernels computes a shape.
enum class ConvRoute { Pointwise, Depthwise, Dense };

/// Of a conv2d or depthwise_conv2d node or their gradients. output: "Output" or "Output@GRAD".
/// holds_codes is set in a graph where any op gives or takes codes as floats.
cpu::ConvShape conv_shape_of(const Graph& graph, const Node& node, const char* output);
ConvRoute conv_route_of(const cpu::ConvShape& shape);
/// Of a Pointwise convolution.
cpu::PointwiseShape pointwise_shape(const cpu::ConvShape& shape);
/// Multiply-adds count as two.
double conv_flops(const cpu::ConvShape& shape);

size_t conv_workspace_bytes(ConvRoute route, const cpu::ConvShape& shape, cpu::ConvPass pass);
void conv_forward(ConvRoute route,
                  const cpu::ConvShape& shape,
                  const float* x,
                  const float* w,
                  float* y,
                  float* workspace);
void conv_backward_data(ConvRoute route,
                        const cpu::ConvShape& shape,
                        const float* dy,
                        const float* w,
                        float* dx,
                        float* workspace);
void conv_backward_weight(ConvRoute route,
                          const cpu::ConvShape& shape,
                          const float* x,
                          const float* dy,
                          float* dw,
                          float* workspace);

}  // namespace intact
