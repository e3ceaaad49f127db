#pragma once

#include <cstdint>

#include "backend/cpu/activation.h"
#include "intact/tensor/quantize.h"

namespace intact::cpu {

/// What the pass over a batch norm's input needs besides its per-channel a and b.
struct FusedQuantize {
  const float* x = nullptr;
  Activation activation = Activation::None;
  float scale = 0;
  int bits = 8;
  RoundType round = RoundType::TiesToEven;
  float* activation_out = nullptr;  // receives the activation unless null
};

}  // namespace intact::cpu
