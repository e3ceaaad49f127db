#pragma once

#include <cstdint>

#include "backend/cpu/requantize.h"

// Flat arrays; all run on all threads.
namespace intact::cpu {

/// real = (code - zero_point) * step; codes lie in lo..hi.
struct CodeScale {
  CodeType type = CodeType::Unsigned8;
  float step = 1.0f;
  int32_t zero_point = 0;
  int32_t lo = 0;
  int32_t hi = 255;
};

/// codes = clamp(rint(x / step) + zero_point, lo, hi); NaN gives lo.
void quantize_codes(int64_t n, const float* x, const CodeScale& scale, uint8_t* codes);

/// y = (code - zero_point) * step.
void dequantize_codes(int64_t n, const uint8_t* codes, const CodeScale& scale, float* y);

/// y = table[x].
void look_up_codes(int64_t n, const uint8_t* x, const uint8_t* table, uint8_t* y);

/// t = fma(b, ratio_b, offset); y = clamp(rint(fma(a, ratio_a, t)), lo, hi). Source: ONNX Runtime's
/// QLinearAdd on CPUs with fused multiply-add.
struct CodeAdd {
  CodeType a_type = CodeType::Unsigned8;
  CodeType b_type = CodeType::Unsigned8;
  float ratio_a = 1.0f;
  float ratio_b = 1.0f;
  float offset = 0.0f;
  int32_t lo = 0;
  int32_t hi = 255;
};
void add_codes(int64_t n, const uint8_t* a, const uint8_t* b, const CodeAdd& add, uint8_t* y);

}  // namespace intact::cpu
