// Loops of quantization and back over codes kept as T, float or int8_t, compiled once per
// instruction set.
#if defined(INTACT_BACKEND_CPU_QUANTIZE_ROWS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef INTACT_BACKEND_CPU_QUANTIZE_ROWS_INL_H_
#undef INTACT_BACKEND_CPU_QUANTIZE_ROWS_INL_H_
#else
#define INTACT_BACKEND_CPU_QUANTIZE_ROWS_INL_H_
#endif

#include <algorithm>
#include <cmath>

#include "backend/cpu/quantize-inl.h"
#include "backend/cpu/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace intact::cpu::HWY_NAMESPACE {

template <class D, class V>
HWY_INLINE void store_codes(D d, V code, float* codes) {
  hn::StoreU(code, d, codes);
}
template <class D>
HWY_INLINE VectorOf<D> load_float_codes(D d, const float* codes) {
  return hn::LoadU(d, codes);
}

HWY_INLINE float abs_max_span(int64_t begin, int64_t end, const float* x) {
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

template <RoundType kRound, bool kDequantize, class T>
HWY_INLINE void quantize_span(
    int64_t begin, int64_t end, const float* x, float scale, float b, T* y) {
  const float factor = b * inverse_scale(scale);
  for_lanes(begin, end, [&](auto d, int64_t i) HWY_ATTR {
    const auto scales = hn::Set(d, scale);
    auto code = code_of<kRound>(d, hn::LoadU(d, x + i), scales, hn::Set(d, factor), b);
    if constexpr (kDequantize) {
      code = real_of(d, code, scales, b);
    }
    store_codes(d, code, y + i);
  });
}

// Rows [begin,end) of x [rows,channels], one scale per column.
template <RoundType kRound, bool kDequantize, class T>
HWY_INLINE void quantize_columns(int64_t begin,
                                 int64_t end,
                                 int64_t channels,
                                 const float* x,
                                 const float* scale,
                                 float b,
                                 T* y) {
  constexpr int64_t kChunk = 256;
  float factors[kChunk];
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
        if constexpr (kDequantize) {
          code = real_of(d, code, scales, b);
        }
        store_codes(d, code, y + offset + channel);
      });
    }
  }
}

// Rows [begin,end) of [outer*channels, inner], or of [outer,channels] when inner is 1.
template <RoundType kRound, bool kDequantize, class T>
HWY_INLINE void quantize_rows(int64_t begin,
                              int64_t end,
                              int64_t channels,
                              int64_t inner,
                              const float* x,
                              const float* scale,
                              float b,
                              T* y) {
  if (inner == 1) {
    return quantize_columns<kRound, kDequantize>(begin, end, channels, x, scale, b, y);
  }
  for (int64_t row = begin; row < end; ++row) {
    quantize_span<kRound, kDequantize>(
        row * inner, (row + 1) * inner, x, scale[row % channels], b, y);
  }
}

template <class T>
HWY_INLINE void dequantize_span(
    int64_t begin, int64_t end, const T* codes, float scale, float b, float* y) {
  for_lanes(begin, end, [&](auto d, int64_t i) HWY_ATTR {
    hn::StoreU(real_of(d, load_float_codes(d, codes + i), hn::Set(d, scale), b), d, y + i);
  });
}

template <class T>
HWY_INLINE void dequantize_rows(int64_t begin,
                                int64_t end,
                                int64_t channels,
                                int64_t inner,
                                const T* codes,
                                const float* scale,
                                float b,
                                float* y) {
  for (int64_t row = begin; row < end; ++row) {
    if (inner > 1) {
      dequantize_span(row * inner, (row + 1) * inner, codes, scale[row % channels], b, y);
      continue;
    }
    const int64_t offset = row * channels;
    for_lanes(0, channels, [&](auto d, int64_t channel) HWY_ATTR {
      const auto code = load_float_codes(d, codes + offset + channel);
      hn::StoreU(real_of(d, code, hn::LoadU(d, scale + channel), b), d, y + offset + channel);
    });
  }
}

}  // namespace intact::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
