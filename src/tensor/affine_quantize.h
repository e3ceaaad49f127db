#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

namespace intact {

/// The integers a quantizer may give.
struct CodeRange {
  int32_t lo = std::numeric_limits<int32_t>::min();
  int32_t hi = std::numeric_limits<int32_t>::max();

  bool operator==(const CodeRange&) const = default;
};

/// clamp(rint(value) + zero_point, lo, hi), ties to even; NaN gives lo. value: in steps.
inline int32_t round_to_code(float value, int32_t zero_point, CodeRange range) {
  const float code = std::nearbyint(value) + static_cast<float>(zero_point);
  if (!(code > static_cast<float>(range.lo))) {
    return range.lo;
  }
  return code < static_cast<float>(range.hi) ? static_cast<int32_t>(code) : range.hi;
}

/// Code of a real value, as ONNX's QuantizeLinear defines it.
inline int32_t quantize_affine(float x, float step, int32_t zero_point, CodeRange range) {
  return round_to_code(x / step, zero_point, range);
}

/// Real value of a code, as ONNX's DequantizeLinear defines it.
inline float dequantize_affine(int32_t code, float step, int32_t zero_point) {
  return static_cast<float>(int64_t{code} - zero_point) * step;
}

/// The one multiplier of an output channel of the integer program: fl32(fl32(s_x * s_w) / s_y).
inline float requantize_multiplier(float x_step, float weight_step, float y_step) {
  return x_step * weight_step / y_step;
}

/// Code of an accumulator: clamp(rint(fl32(acc) * multiplier) + zero_point, lo, hi).
inline int32_t requantize(int32_t acc, float multiplier, int32_t zero_point, CodeRange range) {
  return round_to_code(static_cast<float>(acc) * multiplier, zero_point, range);
}

}  // namespace intact
