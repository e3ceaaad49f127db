#include "backend/cpu/codes.h"

#include <algorithm>
#include <cmath>

#include "backend/cpu/channel_tile.h"
#include "backend/cpu/parts.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "backend/cpu/codes.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "backend/cpu/quantize-inl.h"
#include "backend/cpu/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace intact::cpu::HWY_NAMESPACE {

template <RoundType kRound>
HWY_INLINE void span_codes(int64_t n, const float* x, float scale, float b, int8_t* codes) {
  const float factor = b * inverse_scale(scale);
  for_lanes(0, n, [&](auto d, int64_t i) HWY_ATTR {
    const auto code =
        code_of<kRound>(d, hn::LoadU(d, x + i), hn::Set(d, scale), hn::Set(d, factor), b);
    store_codes(d, code, codes + i);
  });
}

void codes_range(int64_t n, const float* x, float scale, int bits, RoundType round, int8_t* codes) {
  with_round(round, [&]<RoundType kRound>() HWY_ATTR {
    span_codes<kRound>(n, x, scale, static_cast<float>(max_code(bits)), codes);
  });
}

// Rows [begin,end) of x [rows,channels], one scale per column.
void codes_columns(int64_t begin,
                   int64_t end,
                   int64_t channels,
                   const float* x,
                   const float* scale,
                   int bits,
                   RoundType round,
                   int8_t* codes) {
  constexpr int64_t kChunk = 256;
  float factors[kChunk];
  const auto b = static_cast<float>(max_code(bits));
  for (int64_t first = 0; first < channels; first += kChunk) {
    const int64_t count = std::min(kChunk, channels - first);
    for (int64_t c = 0; c < count; ++c) {
      factors[c] = b * inverse_scale(scale[first + c]);
    }
    with_round(round, [&]<RoundType kRound>() HWY_ATTR {
      for (int64_t row = begin; row < end; ++row) {
        for_lanes(0, count, [&](auto d, int64_t c) HWY_ATTR {
          const int64_t i = row * channels + first + c;
          const auto scales = hn::LoadU(d, scale + first + c);
          const auto code =
              code_of<kRound>(d, hn::LoadU(d, x + i), scales, hn::LoadU(d, factors + c), b);
          store_codes(d, code, codes + i);
        });
      }
    });
  }
}

HWY_INLINE float abs_max_span(int64_t n, const float* x) {
  const Vector d;
  const int64_t lanes = lane_count();
  auto max0 = hn::Zero(d);
  auto max1 = max0;
  int64_t i = 0;
  for (; i + 2 * lanes <= n; i += 2 * lanes) {
    max0 = hn::Max(max0, hn::Abs(hn::LoadU(d, x + i)));
    max1 = hn::Max(max1, hn::Abs(hn::LoadU(d, x + i + lanes)));
  }
  float result = hn::GetLane(hn::MaxOfLanes(d, hn::Max(max0, max1)));
  for (; i < n; ++i) {
    result = std::max(result, std::fabs(x[i]));
  }
  return result;
}

void abs_max_codes_range(int64_t begin,
                         int64_t end,
                         int64_t columns,
                         const float* x,
                         int bits,
                         RoundType round,
                         float* scale,
                         int8_t* codes) {
  const auto b = static_cast<float>(max_code(bits));
  with_round(round, [&]<RoundType kRound>() HWY_ATTR {
    for (int64_t row = begin; row < end; ++row) {
      const int64_t i = row * columns;
      scale[row] = abs_max_span(columns, x + i);
      span_codes<kRound>(columns, x + i, scale[row], b, codes + i);
    }
  });
}

void dequantize_range_codes(int64_t n, const int8_t* codes, float scale, float b, float* y) {
  for_lanes(0, n, [&](auto d, int64_t i) HWY_ATTR {
    hn::StoreU(real_of(d, load_float_codes(d, codes + i), hn::Set(d, scale), b), d, y + i);
  });
}

// Elements [begin,end) with one scale per column of a row of `period`.
void dequantize_columns_codes(int64_t begin,
                              int64_t end,
                              int64_t period,
                              const int8_t* codes,
                              const float* scale,
                              float b,
                              float* y) {
  for (int64_t row = begin; row < end; row += period) {
    for_lanes(0, std::min(period, end - row), [&](auto d, int64_t column) HWY_ATTR {
      const auto code = load_float_codes(d, codes + row + column);
      hn::StoreU(real_of(d, code, hn::LoadU(d, scale + column), b), d, y + row + column);
    });
  }
}

}  // namespace intact::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace intact::cpu {

HWY_EXPORT(codes_range);
HWY_EXPORT(codes_columns);
HWY_EXPORT(abs_max_codes_range);
HWY_EXPORT(dequantize_range_codes);
HWY_EXPORT(dequantize_columns_codes);

void quantize_codes(
    int64_t n, const float* x, float scale, int bits, RoundType round, int8_t* codes) {
  for_flat_parts(n, [&](int64_t begin, int64_t end) {
    HWY_DYNAMIC_DISPATCH(codes_range)(end - begin, x + begin, scale, bits, round, codes + begin);
  });
}

void quantize_codes_channels(int64_t outer,
                             int64_t channels,
                             int64_t inner,
                             const float* x,
                             const float* scale,
                             int bits,
                             RoundType round,
                             int8_t* codes) {
  if (inner > 1) {
    for_row_parts(outer * channels, inner, [&](int64_t begin, int64_t end) {
      for (int64_t row = begin; row < end; ++row) {
        HWY_DYNAMIC_DISPATCH(codes_range)
        (inner, x + row * inner, scale[row % channels], bits, round, codes + row * inner);
      }
    });
    return;
  }
  for_row_parts(outer, channels, [&](int64_t begin, int64_t end) {
    HWY_DYNAMIC_DISPATCH(codes_columns)(begin, end, channels, x, scale, bits, round, codes);
  });
}

void abs_max_codes_rows(int64_t rows,
                        int64_t columns,
                        const float* x,
                        int bits,
                        RoundType round,
                        float* scale,
                        int8_t* codes) {
  for_row_parts(rows, columns, [&](int64_t begin, int64_t end) {
    HWY_DYNAMIC_DISPATCH(abs_max_codes_range)(begin, end, columns, x, bits, round, scale, codes);
  });
}

void dequantize_codes(int64_t n, const int8_t* codes, float scale, int bits, float* y) {
  const auto b = static_cast<float>(max_code(bits));
  for_flat_parts(n, [&](int64_t begin, int64_t end) {
    HWY_DYNAMIC_DISPATCH(dequantize_range_codes)(end - begin, codes + begin, scale, b, y + begin);
  });
}

void dequantize_codes_channels(int64_t outer,
                               int64_t channels,
                               int64_t inner,
                               const int8_t* codes,
                               const float* scale,
                               int bits,
                               float* y) {
  const auto b = static_cast<float>(max_code(bits));
  if (inner == 1) {
    const ChannelTile tile(channels);
    float storage[ChannelTile::kMaxTiledColumns];
    const float* scale_tiled = tile.spread(scale, storage);
    for_row_parts(outer, channels, [&](int64_t begin, int64_t end) {
      HWY_DYNAMIC_DISPATCH(dequantize_columns_codes)
      (begin * channels, end * channels, tile.columns(), codes, scale_tiled, b, y);
    });
    return;
  }
  for_row_parts(outer * channels, inner, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      HWY_DYNAMIC_DISPATCH(dequantize_range_codes)
      (inner, codes + row * inner, scale[row % channels], b, y + row * inner);
    }
  });
}

void code_multipliers(int64_t channels,
                      float x_scale,
                      int x_bits,
                      const float* w_scale,
                      int64_t w_stride,
                      int w_bits,
                      float* multiplier) {
  const float x_step = x_scale / static_cast<float>(max_code(x_bits));
  const auto b = static_cast<float>(max_code(w_bits));
  for (int64_t c = 0; c < channels; ++c) {
    multiplier[c] = x_step * (w_scale[c * w_stride] / b);
  }
}

}  // namespace intact::cpu
#endif
