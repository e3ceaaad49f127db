#pragma once

#include <optional>
#include <string>

#include "intact/ir/program.h"
#include "intact/nn/param_attr.h"

namespace intact::nn {

struct FcOptions {
  int size = 0;              // output features; required
  int num_flatten_dims = 1;  // leading dimensions kept; the rest are flattened
  // The strings stand before the ParamAttrs: the other order makes GCC 12 warn of its own making.
  std::string activation = {};
  std::string name = {};
  ParamAttr weight = {};                        // [features, size], default XavierUniform
  std::optional<ParamAttr> bias = ParamAttr{};  // [size], default 0; nullopt: no bias
};

/// Fully connected layer: mul, elementwise_add, activation.
Var& fc(Var& x, const FcOptions& options);

}  // namespace intact::nn
