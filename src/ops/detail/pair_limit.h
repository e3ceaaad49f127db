#pragma once

#include <algorithm>

#include "base/check.h"
#include "intact/ir/infer_context.h"
#include "intact/tensor/quantize.h"
#include "ir/quantizer_range.h"
#include "tensor/pair_sum.h"

// A scale that is large enough keeps the absolute codes of every pair of neighbours at `limit` or
// below, with no code clipped.

namespace intact {

/// scale = max(abs max, largest sum of neighbours * this). The margin of 2^-14 outweighs the
/// rounding of the quantizer, so that two neighbours cannot both round up past the limit.
template <class T>
T pair_factor(int bits, int32_t limit) {
  return static_cast<T>(max_code(bits)) / static_cast<T>(limit) * static_cast<T>(1 + 0x1p-14);
}

/// scales[channel] for a weight of `shape` with its channels along `axis`.
template <class T>
void find_pair_limited_scales(
    const T* x, const Shape& shape, int axis, int bits, int32_t limit, T* scales) {
  const PairView view = pair_view(shape, axis);
  for (int64_t channel = 0; channel < view.channels; ++channel) {
    const auto largest = largest_of_channel(x + channel * view.channel_stride, view);
    scales[channel] = std::max(largest.single, largest.pair * pair_factor<T>(bits, limit));
  }
}

/// 0: the quantizer has no limit.
inline int32_t pair_limit_of(const Op& quantizer) {
  return quantizer.attr_or<int32_t>(kPairLimitAttribute, 0);
}

/// Checks a quantizer's pair_limit, where it has one.
inline void check_pair_limit(const InferContext& op) {
  if (!op.op().has_attr(kPairLimitAttribute)) {
    return;
  }
  const int32_t limit = op.attr<int32_t>(kPairLimitAttribute);
  const int32_t axis = op.attr<int32_t>("quant_axis");
  check(limit >= 2 && limit <= 32767 && axis >= 0 && op.shape("X").rank() >= 2,
        "{}: pair_limit is {} for X {} with quant_axis {}; use 2..32767 on a weight with channels",
        op.where(),
        limit,
        op.shape("X").to_string(),
        axis);
}

}  // namespace intact
