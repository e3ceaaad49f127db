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

constexpr int64_t kSmallMapPixels = 16;  // outputs of an image

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

// The same for all taps of a 3x3 kernel at once: every input and gradient is read from memory once.
template <int kStride, int kVectors, class D>
class KernelProducts {
 public:
  static constexpr int kTaps = 3;

  KernelProducts(D d, const ConvShape& shape) : d_(d), channels_(shape.ci), columns_(shape.w) {
    // Outputs whose taps are all inside, and the input column that tap 0 of the first reads.
    first_whole_ = std::min(shape.ow, (shape.pad_left + kStride - 1) / kStride);
    const int64_t column = first_whole_ * kStride - shape.pad_left;
    const int64_t last = shape.w - kTaps;
    end_whole_ = column > last ? first_whole_
                               : std::min(shape.ow, first_whole_ + (last - column) / kStride + 1);
    outputs_ = shape.ow;
    pad_left_ = shape.pad_left;
  }

  HWY_INLINE void load(const float* dw) {
    for_sums([&](int tap, int v) HWY_ATTR {
      sum_[tap / kTaps][tap % kTaps][v] = hn::LoadU(d_, dw + tap * channels_ + v * kLanes);
    });
  }

  HWY_INLINE void store(float* dw) const {
    for_sums([&](int tap, int v) HWY_ATTR {
      hn::StoreU(sum_[tap / kTaps][tap % kTaps][v], d_, dw + tap * channels_ + v * kLanes);
    });
  }

  // A row of outputs and the row of inputs that the kernel's row kRow reads for it.
  template <int kRow>
  HWY_INLINE void add(const float* x, const float* dy) {
    int64_t output = 0;
    int64_t column = -pad_left_;  // of the input that tap 0 reads
    for (; output < first_whole_; ++output, column += kStride) {
      add_at_edge<kRow>(x, dy + output * channels_, column);
    }
    for (; output < end_whole_; ++output, column += kStride) {
      add_taps<kRow>(x + column * channels_, dy + output * channels_);
    }
    for (; output < outputs_; ++output, column += kStride) {
      add_at_edge<kRow>(x, dy + output * channels_, column);
    }
  }

 private:
  static constexpr int64_t kLanes = hn::MaxLanes(D());

  template <class Body>
  static HWY_INLINE void for_sums(const Body& body) {
#pragma GCC unroll 9
    for (int tap = 0; tap < kTaps * kTaps; ++tap) {
#pragma GCC unroll 2
      for (int v = 0; v < kVectors; ++v) {
        body(tap, v);
      }
    }
  }

  template <int kRow>
  HWY_INLINE void add_tap(int tap, const float* x, const VectorOf<D> (&gradient)[kVectors]) {
#pragma GCC unroll 2
    for (int v = 0; v < kVectors; ++v) {
      sum_[kRow][tap][v] =
          hn::MulAdd(hn::LoadU(d_, x + v * kLanes), gradient[v], sum_[kRow][tap][v]);
    }
  }

  HWY_INLINE void load_gradient(const float* dy, VectorOf<D> (&gradient)[kVectors]) const {
#pragma GCC unroll 2
    for (int v = 0; v < kVectors; ++v) {
      gradient[v] = hn::LoadU(d_, dy + v * kLanes);
    }
  }

  template <int kRow>
  HWY_INLINE void add_taps(const float* x, const float* dy) {
    VectorOf<D> gradient[kVectors];
    load_gradient(dy, gradient);
#pragma GCC unroll 3
    for (int tap = 0; tap < kTaps; ++tap) {
      add_tap<kRow>(tap, x + tap * channels_, gradient);
    }
  }

  template <int kRow>
  HWY_INLINE void add_at_edge(const float* x, const float* dy, int64_t column) {
    VectorOf<D> gradient[kVectors];
    load_gradient(dy, gradient);
#pragma GCC unroll 3
    for (int tap = 0; tap < kTaps; ++tap) {
      if (column + tap >= 0 && column + tap < columns_) {
        add_tap<kRow>(tap, x + (column + tap) * channels_, gradient);
      }
    }
  }

  D d_;
  int64_t channels_;
  int64_t columns_;
  int64_t outputs_;
  int64_t pad_left_;
  int64_t first_whole_;
  int64_t end_whole_;
  VectorOf<D> sum_[kTaps][kTaps][kVectors];
};

constexpr int64_t kLineFloats = 16;

// Asks for `floats` floats of each pixel of a row.
HWY_INLINE void fetch_row(int64_t pixels, int64_t channels, int64_t floats, const float* row) {
  for (int64_t pixel = 0; pixel < pixels; ++pixel) {
    for (int64_t i = 0; i < floats; i += kLineFloats) {
      __builtin_prefetch(row + pixel * channels + i, 0, 2);
    }
  }
}

// Meanwhile what the same channels of the next `images` images are computed from is fetched, if
// there are more.
template <int kStride, int kVectors, class D>
HWY_INLINE void add_kernel_products(D d,
                                    const ConvShape& shape,
                                    int64_t images,
                                    bool are_last,
                                    const float* x,
                                    const float* dy,
                                    float* dw) {
  const int64_t x_row = shape.w * shape.ci;
  const int64_t floats = kVectors * static_cast<int64_t>(hn::Lanes(d));
  const bool fetches = !are_last && shape.ci > 2 * floats;  // else the hardware sees what comes
  KernelProducts<kStride, kVectors, D> products(d, shape);
  products.load(dw);
  for (int64_t image = 0; image < images; ++image) {
    const float* x_image = x + image * shape.h * x_row;
    for (int64_t oy = 0; oy < shape.oh; ++oy) {
      const float* row = dy + (image * shape.oh + oy) * shape.ow * shape.ci;
      const int64_t iy = oy * shape.stride_h - shape.pad_top;
      if (fetches) {
        fetch_row(shape.ow, shape.ci, floats, row + images * shape.oh * shape.ow * shape.ci);
        for (int64_t y = oy * shape.stride_h; y < std::min((oy + 1) * shape.stride_h, shape.h);
             ++y) {
          fetch_row(shape.w, shape.ci, floats, x_image + (images * shape.h + y) * x_row);
        }
      }
      const auto is_inside = [&](int64_t y) { return y >= 0 && y < shape.h; };
      if (is_inside(iy)) {
        products.template add<0>(x_image + iy * x_row, row);
      }
      if (const int64_t y = iy + shape.dilation_h; is_inside(y)) {
        products.template add<1>(x_image + y * x_row, row);
      }
      if (const int64_t y = iy + 2 * shape.dilation_h; is_inside(y)) {
        products.template add<2>(x_image + y * x_row, row);
      }
    }
  }
  products.store(dw);
}

// dw [9, C] += the products of `images` images, for channels [begin,end).
template <int kStride>
HWY_INLINE void add_kernels(const ConvShape& shape,
                            int64_t images,
                            bool are_last,
                            int64_t begin,
                            int64_t end,
                            const float* x,
                            const float* dy,
                            float* dw) {
  constexpr int kVectors = kWideVectors / 2;  // nine sums for each
  const int64_t width = kVectors * lane_count();
  for (; begin + width <= end; begin += width) {
    add_kernel_products<kStride, kVectors>(
        Vector(), shape, images, are_last, x + begin, dy + begin, dw + begin);
  }
  for_lanes(begin, end, [&](auto d, int64_t c) HWY_ATTR {
    add_kernel_products<kStride, 1>(d, shape, images, are_last, x + c, dy + c, dw + c);
  });
}

// The same for a kernel of any size, tap by tap.
void add_taps_one_by_one(const ConvShape& shape,
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
  const bool is_3x3 = shape.kh == 3 && shape.kw == 3 && shape.dilation_w == 1 &&
                      (shape.stride_w == 1 || shape.stride_w == 2);
  // While sums stay in registers: of small maps several images, all of them when each tap reads
  // them anew; of large ones a single image, which stays in the cache for all its taps.
  const int64_t pixels = shape.oh * shape.ow;
  const int64_t step = is_3x3                      ? std::max<int64_t>(1, kSmallMapPixels / pixels)
                       : pixels <= kSmallMapPixels ? image_end - image_begin
                                                   : 1;
  for (int64_t image = image_begin; image < image_end; image += step) {
    const int64_t count = std::min(step, image_end - image);
    const float* x_image = x + image * shape.h * shape.w * shape.ci;
    const float* dy_image = dy + image * pixels * shape.ci;
    const bool are_last = image + 2 * step > image_end;
    if (!is_3x3) {
      add_taps_one_by_one(shape, count, channel_begin, channel_end, x_image, dy_image, dw);
    } else if (shape.stride_w == 1) {
      add_kernels<1>(shape, count, are_last, channel_begin, channel_end, x_image, dy_image, dw);
    } else {
      add_kernels<2>(shape, count, are_last, channel_begin, channel_end, x_image, dy_image, dw);
    }
  }
}

}  // namespace intact::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace intact::cpu {

HWY_EXPORT(depthwise_backward_weight_part);

namespace {

constexpr int64_t kMinPartFloats = 4096;

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
  while (shape.oh * shape.ow <= HWY_NAMESPACE::kSmallMapPixels && grid.channels < parts &&
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
