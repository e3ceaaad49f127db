#include "backend/cpu/quantize.h"

#include <algorithm>
#include <cmath>

#include "backend/cpu/parts.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "backend/cpu/quantize.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "backend/cpu/quantize-inl.h"
#include "backend/cpu/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace intact::cpu::HWY_NAMESPACE {

float abs_max_range(int64_t begin, int64_t end, const float* x) {
  const Vector d;
  const int64_t lanes = lane_count();
  auto max0 = hn::Zero(d);
  auto max1 = max0;
  auto max2 = max0;
  auto max3 = max0;
  int64_t i = begin;
  for (; i + 4 * lanes <= end; i += 4 * lanes) {
    max0 = hn::Max(max0, hn::Abs(hn::LoadU(d, x + i)));
    max1 = hn::Max(max1, hn::Abs(hn::LoadU(d, x + i + lanes)));
    max2 = hn::Max(max2, hn::Abs(hn::LoadU(d, x + i + 2 * lanes)));
    max3 = hn::Max(max3, hn::Abs(hn::LoadU(d, x + i + 3 * lanes)));
  }
  for (; i + lanes <= end; i += lanes) {
    max0 = hn::Max(max0, hn::Abs(hn::LoadU(d, x + i)));
  }
  const auto all = hn::Max(hn::Max(max0, max1), hn::Max(max2, max3));
  float result = hn::GetLane(hn::MaxOfLanes(d, all));
  for (; i < end; ++i) {
    result = std::max(result, std::fabs(x[i]));
  }
  return result;
}

// Channels [begin,end) of x [outer,channels,inner].
void abs_max_channel_range(int64_t begin,
                           int64_t end,
                           int64_t outer,
                           int64_t channels,
                           int64_t inner,
                           const float* x,
                           float* scale) {
  if (inner == 1) {
    for_lanes(begin, end, [&](auto d, int64_t channel) HWY_ATTR {
      auto max = hn::Zero(d);
      for (int64_t row = 0; row < outer; ++row) {
        max = hn::Max(max, hn::Abs(hn::LoadU(d, x + row * channels + channel)));
      }
      hn::StoreU(max, d, scale + channel);
    });
    return;
  }
  for (int64_t channel = begin; channel < end; ++channel) {
    float max = 0;
    for (int64_t row = 0; row < outer; ++row) {
      const int64_t offset = (row * channels + channel) * inner;
      max = std::max(max, abs_max_range(offset, offset + inner, x));
    }
    scale[channel] = max;
  }
}

template <RoundType kRound, bool kDequantize>
HWY_INLINE void quantize_span(
    int64_t begin, int64_t end, const float* x, float scale, int bits, float* y) {
  const auto b = static_cast<float>(max_code(bits));
  const float factor = b * inverse_scale(scale);
  for_lanes(begin, end, [&](auto d, int64_t i) HWY_ATTR {
    const auto scales = hn::Set(d, scale);
    auto code = code_of<kRound>(d, hn::LoadU(d, x + i), scales, hn::Set(d, factor), b);
    if constexpr (kDequantize) {
      code = real_of(d, code, scales, b);
    }
    hn::StoreU(code, d, y + i);
  });
}

void quantize_range(int64_t begin,
                    int64_t end,
                    const float* x,
                    float scale,
                    int bits,
                    RoundType round,
                    bool dequantizes,
                    float* y) {
  with_round(round, [&]<RoundType kRound>() HWY_ATTR {
    dequantizes ? quantize_span<kRound, true>(begin, end, x, scale, bits, y)
                : quantize_span<kRound, false>(begin, end, x, scale, bits, y);
  });
}

// Rows [begin,end) of x [rows,channels], one scale per column.
template <RoundType kRound>
HWY_INLINE void quantize_columns(int64_t begin,
                                 int64_t end,
                                 int64_t channels,
                                 const float* x,
                                 const float* scale,
                                 int bits,
                                 bool dequantizes,
                                 float* y) {
  constexpr int64_t kChunk = 256;
  float factors[kChunk];
  const auto b = static_cast<float>(max_code(bits));
  for (int64_t first = 0; first < channels; first += kChunk) {
    const int64_t count = std::min(kChunk, channels - first);
    for (int64_t channel = 0; channel < count; ++channel) {
      factors[channel] = b * inverse_scale(scale[first + channel]);
    }
    for (int64_t row = begin; row < end; ++row) {
      const int64_t offset = row * channels + first;
      for_lanes(0, count, [&](auto d, int64_t channel) HWY_ATTR {
        const auto scales = hn::LoadU(d, scale + first + channel);
        const auto factor = hn::LoadU(d, factors + channel);
        auto code = code_of<kRound>(d, hn::LoadU(d, x + offset + channel), scales, factor, b);
        if (dequantizes) {
          code = real_of(d, code, scales, b);
        }
        hn::StoreU(code, d, y + offset + channel);
      });
    }
  }
}

// Rows [begin,end) of [outer*channels, inner], or of [outer,channels] when inner is 1.
void quantize_channel_rows(int64_t begin,
                           int64_t end,
                           int64_t channels,
                           int64_t inner,
                           const float* x,
                           const float* scale,
                           int bits,
                           RoundType round,
                           bool dequantizes,
                           float* y) {
  with_round(round, [&]<RoundType kRound>() HWY_ATTR {
    if (inner == 1) {
      quantize_columns<kRound>(begin, end, channels, x, scale, bits, dequantizes, y);
      return;
    }
    for (int64_t row = begin; row < end; ++row) {
      const float row_scale = scale[row % channels];
      const int64_t first = row * inner;
      dequantizes ? quantize_span<kRound, true>(first, first + inner, x, row_scale, bits, y)
                  : quantize_span<kRound, false>(first, first + inner, x, row_scale, bits, y);
    }
  });
}

void dequantize_range(
    int64_t begin, int64_t end, const float* codes, float scale, float max_range, float* y) {
  for_lanes(begin, end, [&](auto d, int64_t i) HWY_ATTR {
    hn::StoreU(real_of(d, hn::LoadU(d, codes + i), hn::Set(d, scale), max_range), d, y + i);
  });
}

void dequantize_channel_rows(int64_t begin,
                             int64_t end,
                             int64_t channels,
                             int64_t inner,
                             const float* codes,
                             const float* scale,
                             float max_range,
                             float* y) {
  for (int64_t row = begin; row < end; ++row) {
    if (inner > 1) {
      dequantize_range(row * inner, (row + 1) * inner, codes, scale[row % channels], max_range, y);
      continue;
    }
    const int64_t offset = row * channels;
    for_lanes(0, channels, [&](auto d, int64_t channel) HWY_ATTR {
      const auto scales = hn::LoadU(d, scale + channel);
      const auto code = hn::LoadU(d, codes + offset + channel);
      hn::StoreU(real_of(d, code, scales, max_range), d, y + offset + channel);
    });
  }
}

}  // namespace intact::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace intact::cpu {

HWY_EXPORT(abs_max_range);
HWY_EXPORT(abs_max_channel_range);
HWY_EXPORT(quantize_range);
HWY_EXPORT(quantize_channel_rows);
HWY_EXPORT(dequantize_range);
HWY_EXPORT(dequantize_channel_rows);

namespace {

void quantize_flat(
    int64_t n, const float* x, float scale, int bits, RoundType round, bool dequantizes, float* y) {
  for_flat_parts(n, [&](int64_t begin, int64_t end) {
    HWY_DYNAMIC_DISPATCH(quantize_range)(begin, end, x, scale, bits, round, dequantizes, y);
  });
}

// body(begin, end) on parts of the rows that a *_channel_rows kernel counts.
template <class Body>
void for_channel_rows(int64_t outer, int64_t channels, int64_t inner, const Body& body) {
  for_row_parts(inner == 1 ? outer : outer * channels, inner == 1 ? channels : inner, body);
}

void quantize_per_channel(int64_t outer,
                          int64_t channels,
                          int64_t inner,
                          const float* x,
                          const float* scale,
                          int bits,
                          RoundType round,
                          bool dequantizes,
                          float* y) {
  for_channel_rows(outer, channels, inner, [&](int64_t begin, int64_t end) {
    HWY_DYNAMIC_DISPATCH(quantize_channel_rows)
    (begin, end, channels, inner, x, scale, bits, round, dequantizes, y);
  });
}

}  // namespace

float abs_max(int64_t n, const float* x) {
  constexpr int64_t kMostParts = 16;
  float partial[kMostParts] = {};
  const int64_t parts = row_parts(n, 1);
  parallel_for(parts, [&](int64_t part) {
    const Range range = split_evenly(n, parts, part);
    partial[part] = HWY_DYNAMIC_DISPATCH(abs_max_range)(range.begin, range.end, x);
  });
  return *std::max_element(partial, partial + kMostParts);
}

void abs_max_channels(
    int64_t outer, int64_t channels, int64_t inner, const float* x, float* scale) {
  const int64_t unit = inner == 1 ? 16 : 1;
  const int64_t parts = row_parts(ceil_div(channels, unit), unit * outer * inner);
  parallel_for(parts, [&](int64_t part) {
    const Range range = split_in_units(channels, unit, parts, part);
    HWY_DYNAMIC_DISPATCH(abs_max_channel_range)
    (range.begin, range.end, outer, channels, inner, x, scale);
  });
}

void quantize_dequantize(
    int64_t n, const float* x, float scale, int bits, RoundType round, float* y) {
  quantize_flat(n, x, scale, bits, round, true, y);
}

void quantize_dequantize_channels(int64_t outer,
                                  int64_t channels,
                                  int64_t inner,
                                  const float* x,
                                  const float* scale,
                                  int bits,
                                  RoundType round,
                                  float* y) {
  quantize_per_channel(outer, channels, inner, x, scale, bits, round, true, y);
}

void quantize(int64_t n, const float* x, float scale, int bits, RoundType round, float* y) {
  quantize_flat(n, x, scale, bits, round, false, y);
}

void quantize_channels(int64_t outer,
                       int64_t channels,
                       int64_t inner,
                       const float* x,
                       const float* scale,
                       int bits,
                       RoundType round,
                       float* y) {
  quantize_per_channel(outer, channels, inner, x, scale, bits, round, false, y);
}

void dequantize(int64_t n, const float* codes, float scale, float max_range, float* y) {
  for_flat_parts(n, [&](int64_t begin, int64_t end) {
    HWY_DYNAMIC_DISPATCH(dequantize_range)(begin, end, codes, scale, max_range, y);
  });
}

void dequantize_channels(int64_t outer,
                         int64_t channels,
                         int64_t inner,
                         const float* codes,
                         const float* scale,
                         float max_range,
                         float* y) {
  for_channel_rows(outer, channels, inner, [&](int64_t begin, int64_t end) {
    HWY_DYNAMIC_DISPATCH(dequantize_channel_rows)
    (begin, end, channels, inner, codes, scale, max_range, y);
  });
}

}  // namespace intact::cpu
#endif
