#pragma once

#include <cstdint>

#include "backend/cpu/pool.h"
#include "backend/cpu/requantize.h"

namespace intact::cpu {

/// y = max of the codes of each window. On all threads.
void max_pool_codes(const PoolShape& shape, CodeType type, const uint8_t* x, uint8_t* y);

/// acc = sum over the window of (x - x_zero_point); y = clamp(rint(float(acc) * (ratio / count)) +
/// zero_point, lo, hi), where count is what the shape divides by; ratio / count is rounded as
/// step_x / (step_y * count).
struct AverageCodes {
  CodeType type = CodeType::Unsigned8;
  int32_t x_zero_point = 0;
  float x_step = 1.0f;
  float y_step = 1.0f;
  int32_t zero_point = 0;
  int32_t lo = 0;
  int32_t hi = 255;
};
void average_pool_codes(const PoolShape& shape,
                        const AverageCodes& average,
                        const uint8_t* x,
                        uint8_t* y);

}  // namespace intact::cpu
