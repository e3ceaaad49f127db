#include "backend/cpu/codes.h"

#include "backend/cpu/channel_rows.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "backend/cpu/codes.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "backend/cpu/quantize_rows-inl.h"
#include "backend/cpu/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace intact::cpu::HWY_NAMESPACE {

void codes_range(
    int64_t begin, int64_t end, const float* x, float scale, float b, RoundType round, int8_t* y) {
  with_round(round, [&]<RoundType kRound>() HWY_ATTR {
    quantize_span<kRound, false>(begin, end, x, scale, b, y);
  });
}

void codes_rows(int64_t begin,
                int64_t end,
                int64_t channels,
                int64_t inner,
                const float* x,
                const float* scale,
                float b,
                RoundType round,
                int8_t* y) {
  with_round(round, [&]<RoundType kRound>() HWY_ATTR {
    quantize_rows<kRound, false>(begin, end, channels, inner, x, scale, b, y);
  });
}

// Asks for floats that are read soon.
HWY_INLINE void fetch(const float* x, int64_t count) {
  constexpr int64_t kLineFloats = 16;
  for (int64_t i = 0; i < count; i += kLineFloats) {
    __builtin_prefetch(x + i, 0, 2);
  }
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
      scale[row] = abs_max_span(i, i + columns, x);
      fetch(x + i + columns, row + 1 < end ? columns : 0);
      quantize_span<kRound, false>(i, i + columns, x, scale[row], b, codes);
    }
  });
}

void values_range(int64_t begin, int64_t end, const int8_t* codes, float scale, float b, float* y) {
  dequantize_span(begin, end, codes, scale, b, y);
}

void values_rows(int64_t begin,
                 int64_t end,
                 int64_t channels,
                 int64_t inner,
                 const int8_t* codes,
                 const float* scale,
                 float b,
                 float* y) {
  dequantize_rows(begin, end, channels, inner, codes, scale, b, y);
}

}  // namespace intact::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace intact::cpu {

HWY_EXPORT(codes_range);
HWY_EXPORT(codes_rows);
HWY_EXPORT(abs_max_codes_range);
HWY_EXPORT(values_range);
HWY_EXPORT(values_rows);

void quantize_codes(
    int64_t n, const float* x, float scale, int bits, RoundType round, int8_t* codes) {
  const auto b = static_cast<float>(max_code(bits));
  for_flat_parts(n, [&](int64_t begin, int64_t end) {
    HWY_DYNAMIC_DISPATCH(codes_range)(begin, end, x, scale, b, round, codes);
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
  const auto b = static_cast<float>(max_code(bits));
  for_channel_rows(outer, channels, inner, [&](int64_t begin, int64_t end) {
    HWY_DYNAMIC_DISPATCH(codes_rows)(begin, end, channels, inner, x, scale, b, round, codes);
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

void codes_as_floats(int64_t n, const int8_t* codes, float* y) {
  for_flat_parts(n, [&](int64_t begin, int64_t end) {
    HWY_DYNAMIC_DISPATCH(values_range)(begin, end, codes, 1.0f, 1.0f, y);
  });
}

void dequantize_codes(int64_t n, const int8_t* codes, float scale, int bits, float* y) {
  const auto b = static_cast<float>(max_code(bits));
  for_flat_parts(n, [&](int64_t begin, int64_t end) {
    HWY_DYNAMIC_DISPATCH(values_range)(begin, end, codes, scale, b, y);
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
  for_channel_rows(outer, channels, inner, [&](int64_t begin, int64_t end) {
    HWY_DYNAMIC_DISPATCH(values_rows)(begin, end, channels, inner, codes, scale, b, y);
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
