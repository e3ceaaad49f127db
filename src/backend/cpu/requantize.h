#pragma once

#include <cstdint>

namespace intact::cpu {

/// How activation codes are stored.
enum class CodeType { Unsigned8, Signed8 };

/// From accumulators to codes: clamp(rint(float(acc) * multiplier[c]) + zero_point, lo, hi), or,
/// when `codes` of the user is null, to reals: clamp(float(acc) * multiplier[c], low, high).
struct Requantize {
  const float* multiplier = nullptr;  // one per output channel
  int32_t zero_point = 0;
  int32_t lo = 0;
  int32_t hi = 255;
  float low = 0.0f;  // of reals; minus and plus infinity: no activation
  float high = 0.0f;
};

}  // namespace intact::cpu
