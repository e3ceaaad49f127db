#pragma once

#include <optional>
#include <string>

#include "intact/ir/program.h"
#include "intact/nn/param_attr.h"

namespace intact::nn {

struct LayerNormOptions {
  int begin_norm_axis = 1;  // this dimension and those behind it are normalized together
  float epsilon = 1e-5f;
  // The strings stand before the ParamAttrs: the other order makes GCC 12 warn of its own making.
  std::string activation = {};
  std::string name = {};
  std::optional<ParamAttr> scale = ParamAttr{};  // [elements], default 1; nullopt: none
  std::optional<ParamAttr> shift = ParamAttr{};  // [elements], default 0; nullopt: none
};

/// (x - mean) / sqrt(variance + epsilon) * scale + shift. Source: Ba et al. 2016.
Var& layer_norm(Var& x, const LayerNormOptions& options = {});

}  // namespace intact::nn
