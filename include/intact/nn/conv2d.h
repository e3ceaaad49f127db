#pragma once

#include <optional>
#include <string>

#include "intact/ir/program.h"
#include "intact/nn/param_attr.h"
#include "intact/nn/size2d.h"

namespace intact::nn {

struct Conv2dOptions {
  int filters = 0;  // output channels; required
  Size2d kernel = 3;
  Size2d stride = 1;
  Size2d padding = 0;
  std::string padding_algorithm = "EXPLICIT";  // SAME and VALID override padding
  Size2d dilation = 1;
  int groups = 1;
  /// Appends `depthwise_conv2d` when groups == input channels > 1; false: always `conv2d`.
  bool use_depthwise = true;
  // The strings stand before the ParamAttrs: the other order makes GCC 12 warn of its own making.
  std::string activation = {};  // an op type such as "relu"
  std::string name = {};
  /// [filters, C/groups, kh, kw], default Normal(0, sqrt(2 / (kh * kw * C))).
  ParamAttr weight = {};
  std::optional<ParamAttr> bias = ParamAttr{};  // [filters], default 0; nullopt: no bias
};

/// x: [N,C,H,W] -> [N,filters,H',W']. The bias is an elementwise_add of its own.
/// Throws: InvalidArgument when x, groups and filters do not fit.
Var& conv2d(Var& x, const Conv2dOptions& options);

}  // namespace intact::nn
