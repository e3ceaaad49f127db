#pragma once

#include <optional>
#include <string>

#include "intact/nn/initializer.h"

namespace intact::nn {

/// How a layer creates a parameter. Two layers that give the same name share the parameter.
struct ParamAttr {
  std::string name = {};                        // empty: "<layer>.w_0", "<layer>.b_0", ...
  std::optional<Initializer> initializer = {};  // empty: the layer's default
  float learning_rate = 1.0f;                   // multiplies the optimizer's
  bool trainable = true;
  std::optional<float> l2_decay = {};  // overrides the optimizer's
};

}  // namespace intact::nn
