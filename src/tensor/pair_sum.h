#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "intact/tensor/tensor.h"

// CPUs without VNNI multiply u8 by s8 in pairs and add the two products in 16 bits, saturating: the
// activation's largest code times (|q0| + |q1|) must stay within 32767.

namespace intact {

inline constexpr int64_t kPairCapacity = 32767;
/// 255 * 128 = 32640 fits.
inline constexpr int32_t kPairLimit = 128;

/// A weight seen for its neighbours, which are inputs 2j and 2j+1 of one output channel and tap.
/// With an odd number of inputs per tap they straddle taps: any two weights may meet.
struct PairView {
  int64_t channels = 1;
  int64_t inputs = 1;
  int64_t taps = 1;
  int64_t channel_stride = 1;
  int64_t input_stride = 1;
  bool any_two() const { return inputs % 2 == 1 && taps > 1; }
};

/// Weight [O,I,...] with its channels along axis 0, or [I,O,...] along axis 1.
inline PairView pair_view(const Shape& shape, int axis) {
  const int64_t taps = shape.numel(2, shape.rank());
  const int64_t inner = shape[1] * taps;
  return axis == 0 ? PairView{shape[0], shape[1], taps, inner, taps}
                   : PairView{shape[1], shape[0], taps, taps, inner};
}

template <class T>
struct LargestOfChannel {
  T single = 0;  // largest |w|
  T pair = 0;    // largest |w0| + |w1| of neighbours
};

/// `x` points at the channel's first weight.
template <class T>
LargestOfChannel<T> largest_of_channel(const T* x, const PairView& view) {
  T largest = 0;
  T second = 0;
  T pair = 0;
  for (int64_t input = 0; input < view.inputs; ++input) {
    for (int64_t tap = 0; tap < view.taps; ++tap) {
      const T* at = x + input * view.input_stride + tap;
      const T value = std::abs(*at);
      second = std::max(second, std::min(value, largest));
      largest = std::max(largest, value);
      const bool has_neighbour = input % 2 == 0 && input + 1 < view.inputs;
      pair = std::max(pair, has_neighbour ? value + std::abs(at[view.input_stride]) : value);
    }
  }
  return {largest, view.any_two() ? largest + second : pair};
}

/// Largest |q0| + |q1| of neighbours among a weight's codes, of any dtype, with its output channels
/// along `axis` (0 or 1).
int64_t largest_pair_sum(const Tensor& codes, int axis);

}  // namespace intact
