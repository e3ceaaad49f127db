#include "backend/cpu/pair_scale.h"

#include <algorithm>
#include <cmath>

#include "backend/cpu/parts.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "backend/cpu/pair_scale.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "backend/cpu/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace intact::cpu::HWY_NAMESPACE {

struct Largest {
  float single = 0;
  float pair = 0;
};

// One channel whose neighbours lie side by side: w [inputs].
Largest largest_adjacent(int64_t inputs, const float* w) {
  Largest largest;
  int64_t i = 0;
#if HWY_TARGET != HWY_SCALAR  // which cannot swap lanes
  const Vector d;
  auto single = hn::Zero(d);
  auto pair = hn::Zero(d);
  for (; i + lane_count() <= inputs; i += lane_count()) {
    const auto value = hn::Abs(hn::LoadU(d, w + i));
    single = hn::Max(single, value);
    pair = hn::Max(pair, hn::Add(value, hn::Shuffle2301(value)));
  }
  largest = {hn::GetLane(hn::MaxOfLanes(d, single)), hn::GetLane(hn::MaxOfLanes(d, pair))};
#endif
  for (; i < inputs; i += 2) {
    const float first = std::fabs(w[i]);
    const float second = i + 1 < inputs ? std::fabs(w[i + 1]) : 0;
    largest.single = std::max({largest.single, first, second});
    largest.pair = std::max(largest.pair, first + second);
  }
  return largest;
}

// One channel, w [inputs,taps].
Largest largest_of_rows(int64_t inputs, int64_t taps, const float* w) {
  Largest largest;
  for (int64_t input = 0; input < inputs; input += 2) {
    const float* first = w + input * taps;
    const float* second = first + taps;
    const bool is_alone = input + 1 == inputs;
    for_lanes(0, taps, [&](auto d, int64_t tap) HWY_ATTR {
      const auto a = hn::Abs(hn::LoadU(d, first + tap));
      const auto b = is_alone ? hn::Zero(d) : hn::Abs(hn::LoadU(d, second + tap));
      largest.single = std::max(largest.single, hn::GetLane(hn::MaxOfLanes(d, hn::Max(a, b))));
      largest.pair = std::max(largest.pair, hn::GetLane(hn::MaxOfLanes(d, hn::Add(a, b))));
    });
  }
  return largest;
}

// One channel of which any two weights may meet.
Largest largest_two(int64_t count, const float* w) {
  float first = 0;
  float second = 0;
  for (int64_t i = 0; i < count; ++i) {
    const float value = std::fabs(w[i]);
    second = std::max(second, std::min(value, first));
    first = std::max(first, value);
  }
  return {first, first + second};
}

// Channels [begin,end) of w [channels,inputs,taps].
void rows_range(int64_t begin,
                int64_t end,
                const PairShape& shape,
                const float* w,
                float factor,
                float* scale) {
  const int64_t count = shape.inputs * shape.taps;
  for (int64_t channel = begin; channel < end; ++channel) {
    const float* row = w + channel * count;
    const Largest largest = shape.any_two     ? largest_two(count, row)
                            : shape.taps == 1 ? largest_adjacent(count, row)
                                              : largest_of_rows(shape.inputs, shape.taps, row);
    scale[channel] = std::max(largest.single, largest.pair * factor);
  }
}

// Channels [begin,end) of w [inputs,channels].
void columns_range(int64_t begin,
                   int64_t end,
                   const PairShape& shape,
                   const float* w,
                   float factor,
                   float* scale) {
  for_lanes(begin, end, [&](auto d, int64_t channel) HWY_ATTR {
    auto single = hn::Zero(d);
    auto pair = hn::Zero(d);
    for (int64_t input = 0; input < shape.inputs; input += 2) {
      const float* at = w + input * shape.channels + channel;
      const bool is_alone = input + 1 == shape.inputs;
      const auto a = hn::Abs(hn::LoadU(d, at));
      const auto b = is_alone ? hn::Zero(d) : hn::Abs(hn::LoadU(d, at + shape.channels));
      single = hn::Max(single, hn::Max(a, b));
      pair = hn::Max(pair, hn::Add(a, b));
    }
    hn::StoreU(hn::Max(single, hn::Mul(pair, hn::Set(d, factor))), d, scale + channel);
  });
}

}  // namespace intact::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace intact::cpu {

HWY_EXPORT(rows_range);
HWY_EXPORT(columns_range);

namespace {

// w [inputs,channels,taps] with taps: transposed convolutions, and too rare to be fast.
void strided_scales(const PairShape& shape, const float* w, float factor, float* scale) {
  const int64_t input_stride = shape.channels * shape.taps;
  for (int64_t channel = 0; channel < shape.channels; ++channel) {
    float first = 0;
    float second = 0;
    float pair = 0;
    for (int64_t input = 0; input < shape.inputs; ++input) {
      for (int64_t tap = 0; tap < shape.taps; ++tap) {
        const float* at = w + input * input_stride + channel * shape.taps + tap;
        const float value = std::fabs(*at);
        second = std::max(second, std::min(value, first));
        first = std::max(first, value);
        const bool has_neighbour = input % 2 == 0 && input + 1 < shape.inputs;
        pair = std::max(pair, has_neighbour ? value + std::fabs(at[input_stride]) : value);
      }
    }
    scale[channel] = std::max(first, (shape.any_two ? first + second : pair) * factor);
  }
}

}  // namespace

void pair_limited_scales(const PairShape& shape, const float* w, float factor, float* scale) {
  if (shape.is_transposed && shape.taps > 1) {
    strided_scales(shape, w, factor, scale);
    return;
  }
  const int64_t unit = shape.is_transposed ? 16 : 1;
  const int64_t parts = row_parts(ceil_div(shape.channels, unit), unit * shape.inputs * shape.taps);
  parallel_for(parts, [&](int64_t part) {
    const Range range = split_in_units(shape.channels, unit, parts, part);
    if (shape.is_transposed) {
      HWY_DYNAMIC_DISPATCH(columns_range)(range.begin, range.end, shape, w, factor, scale);
    } else {
      HWY_DYNAMIC_DISPATCH(rows_range)(range.begin, range.end, shape, w, factor, scale);
    }
  });
}

}  // namespace intact::cpu
#endif
