#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "intact/tensor/dtype.h"

namespace intact {

/// Where ties go and which codes exist. Paddle writes it as the attribute `round_type`.
enum class RoundType : int32_t {
  TiesToEven = 0,        // codes -B-1..B (Paddle's rule 0)
  TiesAwayFromZero = 1,  // codes -B..B; x is clipped to +-scale first (Paddle's rule 1)
};

/// How a tensor is stored as integers: real = (code - zero_point) * step, step = scale / B.
/// scale: one value, or one per channel of `axis`; the absolute maximum that maps to code B =
/// 2^(bits-1)-1.
struct QuantParams {
  DType storage = DType::Int8;
  int bits = 8;
  std::vector<float> scale;
  std::vector<int32_t> zero_point;  // empty means 0
  int axis = -1;                    // -1: per tensor
  RoundType round = RoundType::TiesToEven;
};

/// B: the code of an element equal to the scale; 127 for 8 bits, 0 for 1 bit.
inline int32_t max_code(int bits) {
  return (int32_t{1} << (bits - 1)) - 1;
}

/// 1/scale with Paddle's floor: 1/(scale+1e-6) when scale <= 1e-30, so that an all-zero tensor
/// gives 0.
template <class T>
T inverse_scale(T scale) {
  return scale <= static_cast<T>(1e-30) ? static_cast<T>(1) / (scale + static_cast<T>(1e-6))
                                        : static_cast<T>(1) / scale;
}

/// The code of x as a float holding an integer. b: B as a float; inverse: inverse_scale(scale).
/// TiesToEven: clamp(rint(b*inverse*x), -b-1, b). TiesAwayFromZero:
/// round(b*inverse*clamp(x,-scale,scale)). Products left to right in T. Source: Paddle 2.6.2
/// fake_quantize_functor (spec 3.1).
template <class T>
T quantize_code(T x, T scale, T inverse, T b, RoundType round) {
  if (round == RoundType::TiesToEven) {
    return std::clamp(std::nearbyint(b * inverse * x), -b - 1, b);
  }
  const T clipped = x > scale ? scale : (x < -scale ? -scale : x);
  return std::round(b * inverse * clipped);
}

/// Real value of a code: code * scale / b, left to right; 0 when b is 0, the only code of 1 bit.
template <class T>
T dequantize_code(T code, T scale, T b) {
  return b == 0 ? static_cast<T>(0) : code * scale / b;
}

/// Code of a weight at conversion: rint(clamp(w,-scale,scale) / scale * b), scale 0 replaced by
/// 1e-8. Source: Paddle 2.6.2 freeze pass (spec 5.1), bit-exact on its files.
inline float convert_weight_code(float w, float scale, float b) {
  const float s = scale == 0.0f ? 1e-8f : scale;
  return std::nearbyint(std::clamp(w, -s, s) / s * b);
}

/// One step of the moving average of an activation's absolute maximum.
/// state <- rate*state+1; accum <- rate*accum+abs_max; returns scale = accum/state (spec 3.2).
template <class T>
T update_moving_average(T abs_max, T rate, T& state, T& accum) {
  state = rate * state + static_cast<T>(1);
  accum = rate * accum + abs_max;
  return accum / state;
}

}  // namespace intact
