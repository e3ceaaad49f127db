#pragma once

#include <cstdint>

#include "backend/cpu/activation.h"
#include "intact/tensor/quantize.h"

namespace intact::cpu {

/// One pass over x [pixels,channels]: v = act(a[c]*x + b[c]) with scale_shift_activation's
/// arithmetic, quantized with a scale that is known before. activation_out receives v unless null;
/// it may be x.
struct BatchNormQuantize {
  int64_t pixels = 0;
  int64_t channels = 0;
  const float* x = nullptr;
  const float* a = nullptr;
  const float* b = nullptr;
  Activation activation = Activation::None;
  float scale = 0;
  int bits = 8;
  RoundType round = RoundType::TiesToEven;
  float* activation_out = nullptr;
};

/// y = dequantize(quantize(v)); it may be x.
void batch_norm_values(const BatchNormQuantize& pass, float* y);

/// The codes of v.
void batch_norm_codes(const BatchNormQuantize& pass, int8_t* codes);

}  // namespace intact::cpu
