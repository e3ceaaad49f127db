#pragma once

#include <algorithm>
#include <cmath>

namespace intact {

/// Significant bits of an exact step. A sum below 2^17 times it is exact in float32.
inline constexpr int kStepBits = 7;
inline constexpr int kFewestStepBits = 4;

/// The nearest number of at most kStepBits significant bits that is a multiple of `unit`, a power
/// of two or 0; of kFewestStepBits, where a multiple of `unit` has fewer. step > 0.
inline double short_step(double step, double unit = 0) {
  int exponent = 0;
  std::frexp(step, &exponent);
  const double spacing = std::clamp(
      unit, std::ldexp(1.0, exponent - kStepBits), std::ldexp(1.0, exponent - kFewestStepBits));
  return std::nearbyint(step / spacing) * spacing;
}

/// short_step(step) where `step` is that but for the rounding of what it was computed from.
inline float exact_step(double step) {
  const double nearest = short_step(step);
  return static_cast<float>(std::fabs(nearest - step) <= std::ldexp(nearest, -20) ? nearest : step);
}

}  // namespace intact
