#include "backend/cpu/depthwise.h"

#include <algorithm>
#include <type_traits>

#include "backend/cpu/code_conv.h"
#include "backend/cpu/parts.h"
#include "backend/cpu/tap_axis.h"
#include "backend/cpu/tap_order.h"
#include "backend/cpu/transpose.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "backend/cpu/depthwise.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "backend/cpu/quantize-inl.h"
#include "backend/cpu/simd-inl.h"

// Inside, weights are [kh*kw, C], so that a tap multiplies vectors of channels.
HWY_BEFORE_NAMESPACE();
namespace intact::cpu::HWY_NAMESPACE {

// Products x[x_offset[t] + c] * w[w_offset[t] + c] that make up one pixel. The pixels of a run read
// x_step further each and are y_step apart.
struct Taps {
  static constexpr int kCapacity = 64;
  int count = 0;
  int64_t x_step = 0;
  int64_t y_step = 0;
  int64_t x_offset[kCapacity];
  int64_t w_offset[kCapacity];
};

// Inputs are floats, or codes, whose sums are multiplied by multiplier[c].
template <class D>
HWY_INLINE VectorOf<D> load_input(D d, const float* x) {
  return hn::LoadU(d, x);
}
template <class D>
HWY_INLINE VectorOf<D> load_input(D d, const int8_t* x) {
  return load_float_codes(d, x);
}

// kPixels pixels share each load of a weight. kCount: the number of taps, 0 if it is not constant.
template <int kCount, int kPixels, class T>
HWY_INLINE void add_taps(const Taps& taps,
                         int64_t channels,
                         const T* x,
                         const float* w,
                         const float* multiplier,
                         bool accumulates,
                         float* y) {
  const int count = kCount == 0 ? taps.count : kCount;
  for_lanes(0, channels, [&](auto d, int64_t c) HWY_ATTR {
    VectorOf<decltype(d)> sums[kPixels];
    for (int pixel = 0; pixel < kPixels; ++pixel) {
      sums[pixel] = accumulates ? hn::LoadU(d, y + pixel * taps.y_step + c) : hn::Zero(d);
    }
    for (int tap = 0; tap < count; ++tap) {
      const auto weight = hn::LoadU(d, w + taps.w_offset[tap] + c);
      const T* first = x + taps.x_offset[tap] + c;
      for (int pixel = 0; pixel < kPixels; ++pixel) {
        sums[pixel] = hn::MulAdd(load_input(d, first + pixel * taps.x_step), weight, sums[pixel]);
      }
    }
    for (int pixel = 0; pixel < kPixels; ++pixel) {
      if constexpr (std::is_same_v<T, int8_t>) {
        sums[pixel] = hn::Mul(sums[pixel], hn::LoadU(d, multiplier + c));
      }
      hn::StoreU(sums[pixel], d, y + pixel * taps.y_step + c);
    }
  });
}

// y = or += the sum over the taps, for a run of pixels. Single pixels with the tap counts of 3x3
// kernels (inside, at an edge, in a corner) get unrolled loops.
template <class T>
HWY_INLINE void apply_taps(const Taps& taps,
                           int64_t pixels,
                           int64_t channels,
                           const T* x,
                           const float* w,
                           const float* multiplier,
                           bool accumulates,
                           float* y) {
  constexpr int kBlock = 4;
  for (; pixels >= kBlock; pixels -= kBlock) {
    add_taps<0, kBlock>(taps, channels, x, w, multiplier, accumulates, y);
    x += kBlock * taps.x_step;
    y += kBlock * taps.y_step;
  }
  for (; pixels > 0; --pixels) {
    switch (taps.count) {
      case 9:
        add_taps<9, 1>(taps, channels, x, w, multiplier, accumulates, y);
        break;
      case 6:
        add_taps<6, 1>(taps, channels, x, w, multiplier, accumulates, y);
        break;
      case 4:
        add_taps<4, 1>(taps, channels, x, w, multiplier, accumulates, y);
        break;
      default:
        add_taps<0, 1>(taps, channels, x, w, multiplier, accumulates, y);
    }
    x += taps.x_step;
    y += taps.y_step;
  }
}

// Rows [begin,end) of the result [n*result_h, result_w, C] gathered from x [n, rows.size,
// columns.size, C].
template <class Axis, class T>
HWY_INLINE void gather_rows(const ConvShape& shape,
                            const Axis& rows,
                            const Axis& columns,
                            int64_t result_h,
                            int64_t result_w,
                            int64_t begin,
                            int64_t end,
                            const T* x,
                            const float* w,
                            const float* multiplier,
                            float* result) {
  const int64_t channels = shape.ci;
  Taps taps;
  taps.x_step = columns.source_step() * channels;
  taps.y_step = columns.result_step() * channels;
  for (int64_t row = begin; row < end; ++row) {
    const int64_t result_row = row % result_h;
    const T* image = x + row / result_h * rows.size * columns.size * channels;
    for_runs(columns, shape.kw, result_w, [&](int64_t column, int64_t pixels) HWY_ATTR {
      float* y = result + (row * result_w + column) * channels;
      bool accumulates = false;
      taps.count = 0;
      for (int64_t ky = 0; ky < shape.kh; ++ky) {
        int64_t source_row = 0;
        if (!rows.find(result_row, ky, source_row)) {
          continue;
        }
        for (int64_t kx = 0; kx < shape.kw; ++kx) {
          int64_t source_column = 0;
          if (!columns.find(column, kx, source_column)) {
            continue;
          }
          if (taps.count == Taps::kCapacity) {
            apply_taps(taps, pixels, channels, image, w, multiplier, accumulates, y);
            accumulates = true;
            taps.count = 0;
          }
          taps.x_offset[taps.count] = (source_row * columns.size + source_column) * channels;
          taps.w_offset[taps.count] = (ky * shape.kw + kx) * channels;
          ++taps.count;
        }
      }
      apply_taps(taps, pixels, channels, image, w, multiplier, accumulates, y);
    });
  }
}

void depthwise_forward_rows(
    const ConvShape& shape, int64_t begin, int64_t end, const float* x, const float* w, float* y) {
  gather_rows(shape,
              forward_rows(shape),
              forward_columns(shape),
              shape.oh,
              shape.ow,
              begin,
              end,
              x,
              w,
              nullptr,
              y);
}

void depthwise_codes_rows(const ConvShape& shape,
                          int64_t begin,
                          int64_t end,
                          const int8_t* x,
                          const float* w,
                          const float* multiplier,
                          float* y) {
  gather_rows(shape,
              forward_rows(shape),
              forward_columns(shape),
              shape.oh,
              shape.ow,
              begin,
              end,
              x,
              w,
              multiplier,
              y);
}

void depthwise_backward_data_rows(const ConvShape& shape,
                                  int64_t begin,
                                  int64_t end,
                                  const float* dy,
                                  const float* w,
                                  float* dx) {
  gather_rows(shape,
              backward_rows(shape),
              backward_columns(shape),
              shape.h,
              shape.w,
              begin,
              end,
              dy,
              w,
              nullptr,
              dx);
}

}  // namespace intact::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace intact::cpu {

HWY_EXPORT(depthwise_forward_rows);
HWY_EXPORT(depthwise_backward_data_rows);
HWY_EXPORT(depthwise_codes_rows);

namespace {

constexpr int64_t kMinPartFloats = 4096;

}  // namespace

void depthwise_forward(
    const ConvShape& shape, const float* x, const float* w, float* y, float* workspace) {
  transpose(shape.ci, shape.kh * shape.kw, w, workspace);
  const int64_t parts = row_parts(shape.n * shape.oh, shape.ow * shape.ci, kMinPartFloats);
  parallel_for(parts, [&](int64_t part) {
    const Range rows = split_evenly(shape.n * shape.oh, parts, part);
    HWY_DYNAMIC_DISPATCH(depthwise_forward_rows)(shape, rows.begin, rows.end, x, workspace, y);
  });
}

void depthwise_backward_data(
    const ConvShape& shape, const float* dy, const float* w, float* dx, float* workspace) {
  transpose(shape.ci, shape.kh * shape.kw, w, workspace);
  const int64_t parts = row_parts(shape.n * shape.h, shape.w * shape.ci, kMinPartFloats);
  parallel_for(parts, [&](int64_t part) {
    const Range rows = split_evenly(shape.n * shape.h, parts, part);
    HWY_DYNAMIC_DISPATCH(depthwise_backward_data_rows)
    (shape, rows.begin, rows.end, dy, workspace, dx);
  });
}

int64_t depthwise_codes_workspace_bytes(const ConvShape& shape) {
  return shape.ci * shape.kh * shape.kw * static_cast<int64_t>(sizeof(float));
}

void depthwise_codes_forward(const ConvShape& shape,
                             const int8_t* x,
                             const int8_t* w,
                             const float* multiplier,
                             float* y,
                             void* workspace) {
  auto* weights = static_cast<float*>(workspace);  // [kh*kw, C]
  const int64_t taps = shape.kh * shape.kw;
  split_taps(shape.ci, taps, w, 1.0f, 1.0f, weights, shape.ci);
  const int64_t parts = row_parts(shape.n * shape.oh, shape.ow * shape.ci, kMinPartFloats);
  parallel_for(parts, [&](int64_t part) {
    const Range rows = split_evenly(shape.n * shape.oh, parts, part);
    HWY_DYNAMIC_DISPATCH(depthwise_codes_rows)
    (shape, rows.begin, rows.end, x, weights, multiplier, y);
  });
}

}  // namespace intact::cpu
#endif
