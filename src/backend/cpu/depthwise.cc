#include "backend/cpu/depthwise.h"

#include <algorithm>

#include "backend/cpu/parts.h"
#include "backend/cpu/tap_axis.h"
#include "backend/cpu/transpose.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "backend/cpu/depthwise.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

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

// kPixels pixels share each load of a weight. kCount: the number of taps, 0 if it is not constant.
template <int kCount, int kPixels>
HWY_INLINE void add_taps(const Taps& taps,
                         int64_t channels,
                         const float* x,
                         const float* w,
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
      const float* first = x + taps.x_offset[tap] + c;
      for (int pixel = 0; pixel < kPixels; ++pixel) {
        sums[pixel] = hn::MulAdd(hn::LoadU(d, first + pixel * taps.x_step), weight, sums[pixel]);
      }
    }
    for (int pixel = 0; pixel < kPixels; ++pixel) {
      hn::StoreU(sums[pixel], d, y + pixel * taps.y_step + c);
    }
  });
}

// y = or += the sum over the taps, for a run of pixels. Single pixels with the tap counts of 3x3
// kernels (inside, at an edge, in a corner) get unrolled loops.
HWY_INLINE void apply_taps(const Taps& taps,
                           int64_t pixels,
                           int64_t channels,
                           const float* x,
                           const float* w,
                           bool accumulates,
                           float* y) {
  constexpr int kBlock = 4;
  for (; pixels >= kBlock; pixels -= kBlock) {
    add_taps<0, kBlock>(taps, channels, x, w, accumulates, y);
    x += kBlock * taps.x_step;
    y += kBlock * taps.y_step;
  }
  for (; pixels > 0; --pixels) {
    switch (taps.count) {
      case 9:
        add_taps<9, 1>(taps, channels, x, w, accumulates, y);
        break;
      case 6:
        add_taps<6, 1>(taps, channels, x, w, accumulates, y);
        break;
      case 4:
        add_taps<4, 1>(taps, channels, x, w, accumulates, y);
        break;
      default:
        add_taps<0, 1>(taps, channels, x, w, accumulates, y);
    }
    x += taps.x_step;
    y += taps.y_step;
  }
}

// Rows [begin,end) of the result [n*result_h, result_w, C] gathered from x [n, rows.size,
// columns.size, C].
template <class Axis>
HWY_INLINE void gather_rows(const ConvShape& shape,
                            const Axis& rows,
                            const Axis& columns,
                            int64_t result_h,
                            int64_t result_w,
                            int64_t begin,
                            int64_t end,
                            const float* x,
                            const float* w,
                            float* result) {
  const int64_t channels = shape.ci;
  Taps taps;
  taps.x_step = columns.source_step() * channels;
  taps.y_step = columns.result_step() * channels;
  for (int64_t row = begin; row < end; ++row) {
    const float* image = x + row / result_h * rows.size * columns.size * channels;
    for_runs(columns, shape.kw, result_w, [&](int64_t column, int64_t pixels) HWY_ATTR {
      float* y = result + (row * result_w + column) * channels;
      bool accumulates = false;
      taps.count = 0;
      for (int64_t tap = 0; tap < shape.kh * shape.kw; ++tap) {
        int64_t source_row = 0;
        int64_t source_column = 0;
        if (!rows.find(row % result_h, tap / shape.kw, source_row) ||
            !columns.find(column, tap % shape.kw, source_column)) {
          continue;
        }
        if (taps.count == Taps::kCapacity) {
          apply_taps(taps, pixels, channels, image, w, accumulates, y);
          accumulates = true;
          taps.count = 0;
        }
        taps.x_offset[taps.count] = (source_row * columns.size + source_column) * channels;
        taps.w_offset[taps.count] = tap * channels;
        ++taps.count;
      }
      apply_taps(taps, pixels, channels, image, w, accumulates, y);
    });
  }
}

void depthwise_forward_rows(
    const ConvShape& shape, int64_t begin, int64_t end, const float* x, const float* w, float* y) {
  gather_rows(
      shape, forward_rows(shape), forward_columns(shape), shape.oh, shape.ow, begin, end, x, w, y);
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
              dx);
}

// Outputs [begin,end) whose tap k lies inside the input.
struct Span {
  int64_t begin, end;
};

inline Span valid_outputs(const ForwardAxis& axis, int64_t k, int64_t outputs) {
  const int64_t shift = axis.pad - k * axis.dilation;  // in = out * stride - shift
  const int64_t first = shift > 0 ? (shift + axis.stride - 1) / axis.stride : 0;
  const int64_t last = axis.size - 1 + shift;
  return {first, last < 0 ? 0 : std::min(outputs, last / axis.stride + 1)};
}

// The outputs of a tap in one image, and the inputs they read.
struct TapWindow {
  Span rows;
  Span columns;
  int64_t x_row_step;
  int64_t x_column_step;
  int64_t dy_row_step;
  int64_t channels;
};

// sum += dy * x over a tap's outputs in `images` images, for kVectors vectors of channels. Two
// pixels at a time go to separate sums, which hides the latency of the additions.
template <int kVectors, class D>
HWY_INLINE void add_tap_products(D d,
                                 const ConvShape& shape,
                                 const TapWindow& window,
                                 int64_t images,
                                 const float* x,
                                 const float* dy,
                                 float* sum) {
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  VectorOf<D> even[kVectors];
  VectorOf<D> odd[kVectors];
  for (int v = 0; v < kVectors; ++v) {
    even[v] = hn::LoadU(d, sum + v * lanes);
    odd[v] = hn::Zero(d);
  }
  for (int64_t image = 0; image < images; ++image) {
    for (int64_t oy = window.rows.begin; oy < window.rows.end; ++oy) {
      const float* x_pixel = x + image * shape.h * shape.w * shape.ci + oy * window.x_row_step +
                             window.columns.begin * window.x_column_step;
      const float* dy_pixel = dy + image * shape.oh * shape.ow * shape.ci +
                              oy * window.dy_row_step + window.columns.begin * window.channels;
      int64_t left = window.columns.end - window.columns.begin;
      for (; left >= 2; left -= 2) {
        for (int v = 0; v < kVectors; ++v) {
          even[v] = hn::MulAdd(
              hn::LoadU(d, x_pixel + v * lanes), hn::LoadU(d, dy_pixel + v * lanes), even[v]);
          odd[v] = hn::MulAdd(hn::LoadU(d, x_pixel + window.x_column_step + v * lanes),
                              hn::LoadU(d, dy_pixel + window.channels + v * lanes),
                              odd[v]);
        }
        x_pixel += 2 * window.x_column_step;
        dy_pixel += 2 * window.channels;
      }
      if (left == 1) {
        for (int v = 0; v < kVectors; ++v) {
          even[v] = hn::MulAdd(
              hn::LoadU(d, x_pixel + v * lanes), hn::LoadU(d, dy_pixel + v * lanes), even[v]);
        }
      }
    }
  }
  for (int v = 0; v < kVectors; ++v) {
    hn::StoreU(hn::Add(even[v], odd[v]), d, sum + v * lanes);
  }
}

// dw [kh*kw, C] += the products of `images` images, for channels [begin,end).
void add_image_products(const ConvShape& shape,
                        int64_t images,
                        int64_t begin,
                        int64_t end,
                        const float* x,
                        const float* dy,
                        float* dw) {
  const int64_t channels = shape.ci;
  const int64_t lanes = lane_count();
  for (int64_t tap = 0; tap < shape.kh * shape.kw; ++tap) {
    const int64_t ky = tap / shape.kw;
    const int64_t kx = tap % shape.kw;
    const TapWindow window{.rows = valid_outputs(forward_rows(shape), ky, shape.oh),
                           .columns = valid_outputs(forward_columns(shape), kx, shape.ow),
                           .x_row_step = shape.stride_h * shape.w * channels,
                           .x_column_step = shape.stride_w * channels,
                           .dy_row_step = shape.ow * channels,
                           .channels = channels};
    if (window.rows.begin >= window.rows.end || window.columns.begin >= window.columns.end) {
      continue;
    }
    const int64_t first_row = ky * shape.dilation_h - shape.pad_top;
    const int64_t first_column = kx * shape.dilation_w - shape.pad_left;
    const float* x_first = x + (first_row * shape.w + first_column) * channels;
    float* sum = dw + tap * channels;
    int64_t c = begin;
    for (; c + 4 * lanes <= end; c += 4 * lanes) {
      add_tap_products<4>(Vector(), shape, window, images, x_first + c, dy + c, sum + c);
    }
    for (; c + 2 * lanes <= end; c += 2 * lanes) {
      add_tap_products<2>(Vector(), shape, window, images, x_first + c, dy + c, sum + c);
    }
    for_lanes(c, end, [&](auto d, int64_t i) HWY_ATTR {
      add_tap_products<1>(d, shape, window, images, x_first + i, dy + i, sum + i);
    });
  }
}

// dw [kh*kw, C] of images [image_begin,image_end) and channels [channel_begin,channel_end).
void depthwise_backward_weight_part(const ConvShape& shape,
                                    int64_t image_begin,
                                    int64_t image_end,
                                    int64_t channel_begin,
                                    int64_t channel_end,
                                    const float* x,
                                    const float* dy,
                                    float* dw) {
  for (int64_t tap = 0; tap < shape.kh * shape.kw; ++tap) {
    std::fill(dw + tap * shape.ci + channel_begin, dw + tap * shape.ci + channel_end, 0.0f);
  }
  // Small maps: all images per tap, so that sums stay in registers. Large maps: image by image,
  // which then stays in the cache for all its taps.
  const int64_t step = shape.oh * shape.ow <= 16 ? image_end - image_begin : 1;
  for (int64_t image = image_begin; image < image_end; image += step) {
    add_image_products(shape,
                       step,
                       channel_begin,
                       channel_end,
                       x + image * shape.h * shape.w * shape.ci,
                       dy + image * shape.oh * shape.ow * shape.ci,
                       dw);
  }
}

}  // namespace intact::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace intact::cpu {

HWY_EXPORT(depthwise_forward_rows);
HWY_EXPORT(depthwise_backward_data_rows);
HWY_EXPORT(depthwise_backward_weight_part);

namespace {

constexpr int64_t kMinPartFloats = 4096;

// The weight gradient is cut into channels first (no partial sums), then into images.
struct WeightGrid {
  int64_t images = 1;
  int64_t channels = 1;
};

WeightGrid weight_grid(const ConvShape& shape) {
  const int64_t floats = shape.h * shape.w * shape.ci;
  const int64_t parts =
      row_parts(shape.n * floats / kMinPartFloats, kMinPartFloats, kMinPartFloats);
  WeightGrid grid;
  while (grid.channels < parts && shape.ci / (2 * grid.channels) >= 64) {
    grid.channels *= 2;
  }
  while (grid.images * grid.channels < parts && grid.images * 2 <= shape.n) {
    grid.images *= 2;
  }
  return grid;
}

}  // namespace

int64_t depthwise_workspace_floats(const ConvShape& shape, ConvPass pass) {
  const int64_t weights = shape.kh * shape.kw * shape.ci;
  return pass == ConvPass::BackwardWeight ? weights * weight_grid(shape).images : weights;
}

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

void depthwise_backward_weight(
    const ConvShape& shape, const float* x, const float* dy, float* dw, float* workspace) {
  const WeightGrid grid = weight_grid(shape);
  const int64_t taps = shape.kh * shape.kw;
  const int64_t weights = taps * shape.ci;
  parallel_for(grid.images * grid.channels, [&](int64_t part) {
    const int64_t image_part = part / grid.channels;
    const Range images = split_evenly(shape.n, grid.images, image_part);
    const Range channels = split_in_units(shape.ci, 16, grid.channels, part % grid.channels);
    HWY_DYNAMIC_DISPATCH(depthwise_backward_weight_part)
    (shape,
     images.begin,
     images.end,
     channels.begin,
     channels.end,
     x,
     dy,
     workspace + image_part * weights);
  });
  for (int64_t part = 1; part < grid.images; ++part) {
    for (int64_t i = 0; i < weights; ++i) {
      workspace[i] += workspace[part * weights + i];
    }
  }
  transpose(taps, shape.ci, workspace, dw);
}

}  // namespace intact::cpu
#endif
