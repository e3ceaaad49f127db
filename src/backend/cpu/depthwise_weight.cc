#include <algorithm>

#include "backend/cpu/depthwise.h"
#include "backend/cpu/parts.h"
#include "backend/cpu/tap_axis.h"
#include "backend/cpu/transpose.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "backend/cpu/depthwise_weight.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "backend/cpu/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace intact::cpu::HWY_NAMESPACE {

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

// The same for the three taps of a row of a 3-wide kernel at once. The inputs of neighbouring
// outputs overlap: each is read once and moves from tap to tap.
template <int kStride, int kVectors, class D>
class RowProducts {
 public:
  static constexpr int kTaps = 3;

  RowProducts(D d, const ConvShape& shape) : d_(d), shape_(shape) {}

  HWY_INLINE void load(const float* dw) {
    for (int k = 0; k < kTaps; ++k) {
      for (int v = 0; v < kVectors; ++v) {
        sum_[k][v] = hn::LoadU(d_, dw + k * shape_.ci + v * kLanes);
      }
    }
  }

  HWY_INLINE void store(float* dw) const {
    for (int k = 0; k < kTaps; ++k) {
      for (int v = 0; v < kVectors; ++v) {
        hn::StoreU(sum_[k][v], d_, dw + k * shape_.ci + v * kLanes);
      }
    }
  }

  // One row of inputs and one of outputs, the vectors of pixel 0.
  HWY_INLINE void add(const float* x, const float* dy) {
    const int64_t channels = shape_.ci;
    int64_t column = -shape_.pad_left;  // of the input that tap 0 reads
    int64_t output = 0;
    for (; output < shape_.ow && column < 0; ++output, column += kStride) {
      add_at_edge(x, dy + output * channels, column);
    }
    VectorOf<D> in[kTaps][kVectors];
    const int64_t last = shape_.w - kTaps;  // column from which all taps are inside
    const int64_t whole = column < 0 || column > last ? 0 : (last - column) / kStride + 1;
    const int64_t end = std::min(shape_.ow, output + whole);
    for (int k = 0; output < end && k + kStride < kTaps; ++k) {
      load_pixel(x + (column + k) * channels, in[k + kStride]);
    }
    for (; output < end; ++output, column += kStride) {
#pragma GCC unroll 3
      for (int k = 0; k < kTaps; ++k) {
        if (k + kStride < kTaps) {
          std::copy_n(in[k + kStride], kVectors, in[k]);
        } else {
          load_pixel(x + (column + k) * channels, in[k]);
        }
      }
#pragma GCC unroll 4
      for (int v = 0; v < kVectors; ++v) {
        const auto gradient = hn::LoadU(d_, dy + output * channels + v * kLanes);
#pragma GCC unroll 3
        for (int k = 0; k < kTaps; ++k) {
          sum_[k][v] = hn::MulAdd(in[k][v], gradient, sum_[k][v]);
        }
      }
    }
    for (; output < shape_.ow; ++output, column += kStride) {
      add_at_edge(x, dy + output * channels, column);
    }
  }

 private:
  static constexpr int64_t kLanes = hn::MaxLanes(D());

  HWY_INLINE void load_pixel(const float* pixel, VectorOf<D>* to) const {
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) {
      to[v] = hn::LoadU(d_, pixel + v * kLanes);
    }
  }

  HWY_INLINE void add_at_edge(const float* x, const float* dy, int64_t column) {
#pragma GCC unroll 3
    for (int k = 0; k < kTaps; ++k) {
      if (column + k < 0 || column + k >= shape_.w) {
        continue;
      }
      const float* pixel = x + (column + k) * shape_.ci;
#pragma GCC unroll 4
      for (int v = 0; v < kVectors; ++v) {
        sum_[k][v] = hn::MulAdd(
            hn::LoadU(d_, pixel + v * kLanes), hn::LoadU(d_, dy + v * kLanes), sum_[k][v]);
      }
    }
  }

  D d_;
  const ConvShape& shape_;
  VectorOf<D> sum_[kTaps][kVectors];
};

template <int kStride, int kVectors, class D>
HWY_INLINE void add_kernel_row(D d,
                               const ConvShape& shape,
                               int64_t ky,
                               int64_t images,
                               const float* x,
                               const float* dy,
                               float* dw) {
  const Span rows = valid_outputs(forward_rows(shape), ky, shape.oh);
  RowProducts<kStride, kVectors, D> products(d, shape);
  products.load(dw);
  for (int64_t image = 0; image < images; ++image) {
    for (int64_t oy = rows.begin; oy < rows.end; ++oy) {
      const int64_t iy = oy * shape.stride_h + ky * shape.dilation_h - shape.pad_top;
      products.add(x + (image * shape.h + iy) * shape.w * shape.ci,
                   dy + (image * shape.oh + oy) * shape.ow * shape.ci);
    }
  }
  products.store(dw);
}

template <int kStride>
HWY_INLINE void add_kernel_rows(const ConvShape& shape,
                                int64_t images,
                                int64_t begin,
                                int64_t end,
                                const float* x,
                                const float* dy,
                                float* dw) {
  for (int64_t ky = 0; ky < shape.kh; ++ky) {
    float* row = dw + ky * shape.kw * shape.ci;
    for_wide_lanes(begin, end, [&](auto d, auto vectors, int64_t c) HWY_ATTR {
      add_kernel_row<kStride, decltype(vectors)::value>(
          d, shape, ky, images, x + c, dy + c, row + c);
    });
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
  if (shape.kw == 3 && shape.dilation_w == 1 && shape.stride_w == 1) {
    return add_kernel_rows<1>(shape, images, begin, end, x, dy, dw);
  }
  if (shape.kw == 3 && shape.dilation_w == 1 && shape.stride_w == 2) {
    return add_kernel_rows<2>(shape, images, begin, end, x, dy, dw);
  }
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

HWY_EXPORT(depthwise_backward_weight_part);

namespace {

constexpr int64_t kMinPartFloats = 4096;

// On small maps the sums of a range of channels stay in registers for all images.
bool takes_all_images(const ConvShape& shape) {
  return shape.oh * shape.ow <= 16;
}

// Small maps are cut into channels first, which need no partial sums; large ones into images, whose
// pixels lie in memory one after another.
struct WeightGrid {
  int64_t images = 1;
  int64_t channels = 1;
};

WeightGrid weight_grid(const ConvShape& shape) {
  const int64_t floats = shape.h * shape.w * shape.ci;
  const int64_t parts =
      row_parts(shape.n * floats / kMinPartFloats, kMinPartFloats, kMinPartFloats);
  WeightGrid grid;
  while (takes_all_images(shape) && grid.channels < parts &&
         shape.ci / (2 * grid.channels) >= 128) {
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
