#pragma once

#include <cstdint>

#include "backend/cpu/conv_shape.h"
#include "backend/cpu/gather.h"
#include "backend/cpu/requantize.h"

namespace intact::cpu {

/// A convolution of each channel alone: x [n,h,w,c] codes, w [kh*kw,c] weight codes as floats,
/// acc = bias[c] + sum over taps inside x of (x - x_zero_point) * w, y [n,oh,ow,c].
/// Exact: products are summed as floats, whose sums stay below 2^24.
struct IntegerDepthwise {
  ConvShape shape;
  const Gather* gather = nullptr;  // forward_gather(shape)
  CodeType type = CodeType::Unsigned8;
  int32_t x_zero_point = 0;
  const uint8_t* x = nullptr;
  const float* w = nullptr;
  const int32_t* bias = nullptr;
  Requantize requantize;
  uint8_t* codes = nullptr;  // one of the two is written
  float* reals = nullptr;
};

/// Largest kh * kw. Sums of as many products of 8-bit codes and weights stay below 2^24.
inline constexpr int64_t kMaxDepthwiseTaps = 128;
static_assert(kMaxDepthwiseTaps * 255 * 128 < (int64_t{1} << 24));

/// On all threads.
void integer_depthwise(const IntegerDepthwise& conv);

}  // namespace intact::cpu
