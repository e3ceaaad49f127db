#pragma once

#include <optional>
#include <string>

#include "backend/cpu/activation.h"
#include "runtime/graph.h"

namespace intact {

/// The kernels' form of an activation op of type `type` with the node's attributes; nullopt when
/// they have none: relu6 with another threshold.
inline std::optional<cpu::Activation> activation_of(const std::string& type, const Node& node) {
  if (type.empty()) {
    return cpu::Activation::None;
  }
  if (type == "relu") {
    return cpu::Activation::Relu;
  }
  if (type == "relu6" && node.attr_or<float>("threshold", 6.0f) == 6.0f) {
    return cpu::Activation::Relu6;
  }
  return std::nullopt;
}

}  // namespace intact
