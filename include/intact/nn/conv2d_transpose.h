#pragma once

#include <optional>
#include <string>

#include "intact/ir/program.h"
#include "intact/nn/param_attr.h"
#include "intact/nn/size2d.h"

namespace intact::nn {

struct Conv2dTransposeOptions {
  int filters = 0;  // output channels; required
  Size2d kernel = 3;
  Size2d stride = 1;
  Size2d padding = 0;
  std::optional<Size2d> output_size = {};  // of the sizes that fit; default: the smallest
  Size2d dilation = 1;
  int groups = 1;
  // The strings stand before the ParamAttrs: the other order makes GCC 12 warn of its own making.
  std::string activation = {};
  std::string name = {};
  ParamAttr weight = {};  // [C, filters/groups, kh, kw], default XavierUniform
  std::optional<ParamAttr> bias = ParamAttr{};  // [filters], default 0; nullopt: no bias
};

/// x: [N,C,H,W] -> [N,filters,H',W']: the gradient of a convolution with respect to its input.
Var& conv2d_transpose(Var& x, const Conv2dTransposeOptions& options);

}  // namespace intact::nn
