#include "backend/cpu/depthwise.h"

#include <algorithm>

#include "backend/cpu/parts.h"
#include "backend/cpu/transpose.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "backend/cpu/depthwise.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "backend/cpu/simd-inl.h"

// Inside, weights are [kh*kw, C], so that a tap multiplies vectors of channels.
HWY_BEFORE_NAMESPACE();
namespace intact::cpu::HWY_NAMESPACE {

// Products x[x_offset[t] + c] * w[w_offset[t] + c] that make up one pixel.
struct Taps {
  static constexpr int kCapacity = 64;
  int count = 0;
  int64_t x_offset[kCapacity];
  int64_t w_offset[kCapacity];
};

template <int kCount>
HWY_INLINE void add_taps(const Taps& taps,
                         int64_t channels,
                         const float* x,
                         const float* w,
                         bool accumulates,
                         float* y) {
  const int count = kCount == 0 ? taps.count : kCount;
  for_lanes(0, channels, [&](auto d, int64_t c) HWY_ATTR {
    auto sum = accumulates ? hn::LoadU(d, y + c) : hn::Zero(d);
    for (int tap = 0; tap < count; ++tap) {
      sum = hn::MulAdd(
          hn::LoadU(d, x + taps.x_offset[tap] + c), hn::LoadU(d, w + taps.w_offset[tap] + c), sum);
    }
    hn::StoreU(sum, d, y + c);
  });
}

// y = or += the sum over the taps. The counts of 3x3 kernels inside, at edges and in corners get
// unrolled loops.
HWY_INLINE void apply_taps(const Taps& taps,
                           int64_t channels,
                           const float* x,
                           const float* w,
                           bool accumulates,
                           float* y) {
  switch (taps.count) {
    case 9:
      return add_taps<9>(taps, channels, x, w, accumulates, y);
    case 6:
      return add_taps<6>(taps, channels, x, w, accumulates, y);
    case 4:
      return add_taps<4>(taps, channels, x, w, accumulates, y);
    default:
      return add_taps<0>(taps, channels, x, w, accumulates, y);
  }
}

// Where tap `k` of output `out` reads: in [0,size) or nowhere.
struct ForwardAxis {
  int64_t stride, pad, dilation, size;

  bool find(int64_t out, int64_t k, int64_t& in) const {
    in = out * stride - pad + k * dilation;
    return in >= 0 && in < size;
  }
};

// Which output in [0,size) read input `in` through tap `k`.
struct BackwardAxis {
  int64_t stride, pad, dilation, size;

  bool find(int64_t in, int64_t k, int64_t& out) const {
    const int64_t scaled = in + pad - k * dilation;
    out = scaled / stride;
    return scaled >= 0 && scaled % stride == 0 && out < size;
  }
};

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
  for (int64_t row = begin; row < end; ++row) {
    const float* image = x + row / result_h * rows.size * columns.size * channels;
    for (int64_t column = 0; column < result_w; ++column) {
      float* y = result + (row * result_w + column) * channels;
      bool accumulates = false;
      taps.count = 0;
      for (int64_t ky = 0; ky < shape.kh; ++ky) {
        int64_t source_row = 0;
        if (!rows.find(row % result_h, ky, source_row)) {
          continue;
        }
        for (int64_t kx = 0; kx < shape.kw; ++kx) {
          int64_t source_column = 0;
          if (!columns.find(column, kx, source_column)) {
            continue;
          }
          if (taps.count == Taps::kCapacity) {
            apply_taps(taps, channels, image, w, accumulates, y);
            accumulates = true;
            taps.count = 0;
          }
          taps.x_offset[taps.count] = (source_row * columns.size + source_column) * channels;
          taps.w_offset[taps.count] = (ky * shape.kw + kx) * channels;
          ++taps.count;
        }
      }
      apply_taps(taps, channels, image, w, accumulates, y);
    }
  }
}

void depthwise_forward_rows(
    const ConvShape& shape, int64_t begin, int64_t end, const float* x, const float* w, float* y) {
  const ForwardAxis rows{shape.stride_h, shape.pad_top, shape.dilation_h, shape.h};
  const ForwardAxis columns{shape.stride_w, shape.pad_left, shape.dilation_w, shape.w};
  gather_rows(shape, rows, columns, shape.oh, shape.ow, begin, end, x, w, y);
}

void depthwise_backward_data_rows(const ConvShape& shape,
                                  int64_t begin,
                                  int64_t end,
                                  const float* dy,
                                  const float* w,
                                  float* dx) {
  const BackwardAxis rows{shape.stride_h, shape.pad_top, shape.dilation_h, shape.oh};
  const BackwardAxis columns{shape.stride_w, shape.pad_left, shape.dilation_w, shape.ow};
  gather_rows(shape, rows, columns, shape.h, shape.w, begin, end, dy, w, dx);
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

// sum += dy * x over one image's outputs of a tap, for kVectors vectors of channels.
template <int kVectors, class D>
HWY_INLINE void add_tap_products(D d,
                                 const ConvShape& shape,
                                 const Span& rows,
                                 const Span& columns,
                                 const float* x,
                                 const float* dy,
                                 float* sum) {
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  const int64_t channels = shape.ci;
  hn::Vec<D> sums[kVectors];
  for (int v = 0; v < kVectors; ++v) {
    sums[v] = hn::LoadU(d, sum + v * lanes);
  }
  for (int64_t oy = rows.begin; oy < rows.end; ++oy) {
    const float* x_row = x + oy * shape.stride_h * shape.w * channels;
    const float* dy_row = dy + oy * shape.ow * channels;
    for (int64_t ox = columns.begin; ox < columns.end; ++ox) {
      for (int v = 0; v < kVectors; ++v) {
        sums[v] = hn::MulAdd(hn::LoadU(d, x_row + ox * shape.stride_w * channels + v * lanes),
                             hn::LoadU(d, dy_row + ox * channels + v * lanes),
                             sums[v]);
      }
    }
  }
  for (int v = 0; v < kVectors; ++v) {
    hn::StoreU(sums[v], d, sum + v * lanes);
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
  const ForwardAxis row_axis{shape.stride_h, shape.pad_top, shape.dilation_h, shape.h};
  const ForwardAxis column_axis{shape.stride_w, shape.pad_left, shape.dilation_w, shape.w};
  const int64_t channels = shape.ci;
  const int64_t step = 4 * lane_count();
  for (int64_t tap = 0; tap < shape.kh * shape.kw; ++tap) {
    std::fill(dw + tap * channels + channel_begin, dw + tap * channels + channel_end, 0.0f);
  }
  for (int64_t image = image_begin; image < image_end; ++image) {
    const float* dy_image = dy + image * shape.oh * shape.ow * channels;
    for (int64_t tap = 0; tap < shape.kh * shape.kw; ++tap) {
      const int64_t ky = tap / shape.kw;
      const int64_t kx = tap % shape.kw;
      const Span rows = valid_outputs(row_axis, ky, shape.oh);
      const Span columns = valid_outputs(column_axis, kx, shape.ow);
      if (rows.begin >= rows.end || columns.begin >= columns.end) {
        continue;
      }
      const int64_t first_row = image * shape.h - shape.pad_top + ky * shape.dilation_h;
      const int64_t first_column = kx * shape.dilation_w - shape.pad_left;
      const float* x_first = x + (first_row * shape.w + first_column) * channels;
      float* sum = dw + tap * channels;
      int64_t c = channel_begin;
      for (; c + step <= channel_end; c += step) {
        add_tap_products<4>(Vector(), shape, rows, columns, x_first + c, dy_image + c, sum + c);
      }
      for_lanes(c, channel_end, [&](auto d, int64_t i) HWY_ATTR {
        add_tap_products<1>(d, shape, rows, columns, x_first + i, dy_image + i, sum + i);
      });
    }
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
