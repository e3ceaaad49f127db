#include "backend/cpu/quantize.h"

#include <algorithm>
#include <cmath>

#include "backend/cpu/channel_rows.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "backend/cpu/quantize.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "backend/cpu/quantize_rows-inl.h"
#include "backend/cpu/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace intact::cpu::HWY_NAMESPACE {

float abs_max_range(int64_t begin, int64_t end, const float* x) {
  return abs_max_span(begin, end, x);
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
      max = std::max(max, abs_max_span(offset, offset + inner, x));
    }
    scale[channel] = max;
  }
}

void quantize_range(int64_t begin,
                    int64_t end,
                    const float* x,
                    float scale,
                    float b,
                    RoundType round,
                    bool dequantizes,
                    float* y) {
  with_round(round, [&]<RoundType kRound>() HWY_ATTR {
    dequantizes ? quantize_span<kRound, true>(begin, end, x, scale, b, y)
                : quantize_span<kRound, false>(begin, end, x, scale, b, y);
  });
}

void quantize_channel_rows(int64_t begin,
                           int64_t end,
                           int64_t channels,
                           int64_t inner,
                           const float* x,
                           const float* scale,
                           float b,
                           RoundType round,
                           bool dequantizes,
                           float* y) {
  with_round(round, [&]<RoundType kRound>() HWY_ATTR {
    dequantizes ? quantize_rows<kRound, true>(begin, end, channels, inner, x, scale, b, y)
                : quantize_rows<kRound, false>(begin, end, channels, inner, x, scale, b, y);
  });
}

void dequantize_range(
    int64_t begin, int64_t end, const float* codes, float scale, float b, float* y) {
  dequantize_span(begin, end, codes, scale, b, y);
}

void dequantize_channel_rows(int64_t begin,
                             int64_t end,
                             int64_t channels,
                             int64_t inner,
                             const float* codes,
                             const float* scale,
                             float b,
                             float* y) {
  dequantize_rows(begin, end, channels, inner, codes, scale, b, y);
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
  const auto b = static_cast<float>(max_code(bits));
  for_flat_parts(n, [&](int64_t begin, int64_t end) {
    HWY_DYNAMIC_DISPATCH(quantize_range)(begin, end, x, scale, b, round, dequantizes, y);
  });
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
  const auto b = static_cast<float>(max_code(bits));
  for_channel_rows(outer, channels, inner, [&](int64_t begin, int64_t end) {
    HWY_DYNAMIC_DISPATCH(quantize_channel_rows)
    (begin, end, channels, inner, x, scale, b, round, dequantizes, y);
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
