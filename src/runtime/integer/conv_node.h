#pragma once

#include <memory>

#include "intact/ir/attribute.h"
#include "intact/tensor/tensor.h"
#include "runtime/integer/integer_graph.h"

namespace intact::integer {

/// A convolution of codes with weight codes, its bias, activation and quantizer; fully connected
/// layers are 1x1 convolutions of 1x1 images.
struct ConvSpec {
  Tensor weight;                    // int8, OIHW
  std::vector<float> weight_steps;  // one or O
  std::vector<int32_t> bias;        // O, in steps of x_step * weight_step
  Ints strides = {1, 1};
  Ints paddings = {0, 0};
  Ints dilations = {1, 1};
  std::string padding_algorithm = "EXPLICIT";
  int32_t groups = 1;
  bool is_fully_connected = false;  // x is [.., K] and y [.., O], as rows
  float low = 0.0f;                 // of reals: what the activation lets through
  float high = 0.0f;
};

/// x: codes. y: codes, whose scale has the activation in lo and hi, or reals.
/// Throws: Unsupported when a sum can leave 32 bits.
std::unique_ptr<Node> make_conv_node(
    std::string label, const Graph& graph, ValueId x, ValueId y, ConvSpec spec);

}  // namespace intact::integer
