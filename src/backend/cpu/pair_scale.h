#pragma once

#include <cstdint>

namespace intact::cpu {

/// A weight [channels,inputs,taps] or, when is_transposed, [inputs,channels,taps]. Neighbours are
/// inputs 2j and 2j+1 of one tap; any two weights of a channel when any_two.
struct PairShape {
  int64_t channels = 1;
  int64_t inputs = 1;
  int64_t taps = 1;
  bool is_transposed = false;
  bool any_two = false;
};

/// scale[c] = max(max |w|, max over neighbours of (|w0| + |w1|) * factor), the last of an odd
/// number of inputs alone.
void pair_limited_scales(const PairShape& shape, const float* w, float factor, float* scale);

}  // namespace intact::cpu
