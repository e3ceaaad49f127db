#pragma once

#include <optional>

#include "intact/ir/program.h"

namespace intact {

/// An op of a Program in deployment form that multiplies activation codes by weight codes.
struct DeployedLayer {
  const Op* activation = nullptr;  // the onnx_dequantize_linear of each side
  const Op* weight = nullptr;

  const Var& activation_codes() const { return activation->input("X"); }
  const Var& weight_codes() const { return weight->input("X"); }
};

/// Nothing when the op is none, or its weight is no matrix or filter.
std::optional<DeployedLayer> deployed_layer(const Op& op);

}  // namespace intact
