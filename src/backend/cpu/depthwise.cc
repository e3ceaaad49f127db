#include "backend/cpu/depthwise.h"

#include <algorithm>
#include <type_traits>

#include "backend/cpu/code_conv.h"
#include "backend/cpu/gather.h"
#include "backend/cpu/parts.h"
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

// The products that make up one result: a rectangle of taps. The results of a run are y_step apart
// and read x_step further each.
struct Window {
  int64_t rows = 0;
  int64_t columns = 0;
  int64_t x_row_step = 0;  // from tap to tap
  int64_t x_column_step = 0;
  int64_t w_row_step = 0;
  int64_t w_column_step = 0;
  int64_t x_step = 0;
  int64_t y_step = 0;
};

// Of the first result of a run: channels of each array.
template <class T>
struct Operands {
  int64_t channels;
  const T* x;
  const float* w;
  const float* multiplier;
  float* y;
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

// kPixels results. kRows and kColumns: of the rectangle, 0 if they are not constant.
template <int kRows, int kColumns, int kPixels, class T>
HWY_INLINE void add_windows(Window window, Operands<T> of) {
  const int64_t rows = kRows == 0 ? window.rows : kRows;
  const int64_t columns = kRows == 0 ? window.columns : kColumns;
  for_lanes(0, of.channels, [&](auto d, int64_t c) HWY_ATTR {
    VectorOf<decltype(d)> sums[kPixels];
#pragma GCC unroll 4
    for (int pixel = 0; pixel < kPixels; ++pixel) {
      sums[pixel] = hn::Zero(d);
    }
#pragma GCC unroll 3
    for (int64_t row = 0; row < rows; ++row) {
#pragma GCC unroll 3
      for (int64_t column = 0; column < columns; ++column) {
        const auto weight =
            hn::LoadU(d, of.w + row * window.w_row_step + column * window.w_column_step + c);
        const T* first = of.x + row * window.x_row_step + column * window.x_column_step + c;
#pragma GCC unroll 4
        for (int pixel = 0; pixel < kPixels; ++pixel) {
          sums[pixel] =
              hn::MulAdd(load_input(d, first + pixel * window.x_step), weight, sums[pixel]);
        }
      }
    }
#pragma GCC unroll 4
    for (int pixel = 0; pixel < kPixels; ++pixel) {
      if constexpr (std::is_same_v<T, int8_t>) {
        sums[pixel] = hn::Mul(sums[pixel], hn::LoadU(d, of.multiplier + c));
      }
      hn::StoreU(sums[pixel], d, of.y + pixel * window.y_step + c);
    }
  });
}

// A run of results.
template <int kRows, int kColumns, class T>
HWY_INLINE void add_run(const Window& window, int64_t pixels, Operands<T> of) {
  constexpr int kBlock = 4;
  for (; pixels >= kBlock; pixels -= kBlock) {
    add_windows<kRows, kColumns, kBlock>(window, of);
    of.x += kBlock * window.x_step;
    of.y += kBlock * window.y_step;
  }
  for (; pixels > 0; --pixels) {
    add_windows<kRows, kColumns, 1>(window, of);
    of.x += window.x_step;
    of.y += window.y_step;
  }
}

// call.operator()<size>() for a size of 1, 2 or 3.
template <class Call>
HWY_INLINE void with_size(int64_t size, const Call& call) {
  switch (size) {
    case 1:
      return call.template operator()<1>();
    case 2:
      return call.template operator()<2>();
    default:
      return call.template operator()<3>();
  }
}

// Kernels up to 3x3 get unrolled loops, whole inside and what is left of them at the border.
template <class T>
HWY_INLINE void apply_run(const Window& window, int64_t pixels, const Operands<T>& of) {
  const auto is_small = [](int64_t size) { return size >= 1 && size <= 3; };
  if (!is_small(window.rows) || !is_small(window.columns)) {
    return add_run<0, 0>(window, pixels, of);
  }
  with_size(window.rows, [&]<int kRows>() HWY_ATTR {
    with_size(window.columns,
              [&]<int kColumns>() HWY_ATTR { add_run<kRows, kColumns>(window, pixels, of); });
  });
}

// Rows [begin,end) of the result [n*rows, columns, C] gathered from x.
template <class T>
HWY_INLINE void gather_rows(const Gather& gather,
                            int64_t channels,
                            int64_t begin,
                            int64_t end,
                            const T* x,
                            const float* w,
                            const float* multiplier,
                            float* result) {
  const auto result_h = static_cast<int64_t>(gather.rows.size());
  const int64_t x_row = gather.source_columns * channels;
  Window window{.x_step = gather.source_step * channels, .y_step = gather.result_step * channels};
  for (int64_t row = begin; row < end; ++row) {
    const TapsOfResult& down = gather.rows[static_cast<size_t>(row % result_h)];
    window.rows = down.count;
    window.x_row_step = down.source_step * x_row;
    window.w_row_step = down.step * gather.kernel_columns * channels;
    const T* source = x + (row / result_h * gather.source_rows + down.source) * x_row;
    for (const Gather::Run& run : gather.runs) {
      window.columns = run.taps.count;
      window.x_column_step = run.taps.source_step * channels;
      window.w_column_step = run.taps.step * channels;
      apply_run<T>(window,
                   run.pixels,
                   {.channels = channels,
                    .x = source + run.taps.source * channels,
                    .w = w + (down.first * gather.kernel_columns + run.taps.first) * channels,
                    .multiplier = multiplier,
                    .y = result + (row * gather.result_columns + run.first) * channels});
    }
  }
}

void gather_float_rows(const Gather& gather,
                       int64_t channels,
                       int64_t begin,
                       int64_t end,
                       const float* x,
                       const float* w,
                       float* result) {
  gather_rows(gather, channels, begin, end, x, w, nullptr, result);
}

void gather_code_rows(const Gather& gather,
                      int64_t channels,
                      int64_t begin,
                      int64_t end,
                      const int8_t* x,
                      const float* w,
                      const float* multiplier,
                      float* result) {
  gather_rows(gather, channels, begin, end, x, w, multiplier, result);
}

}  // namespace intact::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace intact::cpu {

HWY_EXPORT(gather_float_rows);
HWY_EXPORT(gather_code_rows);

namespace {

constexpr int64_t kMinPartFloats = 4096;

// body(begin, end) on parts of the rows of n results.
template <class Body>
void for_result_rows(const Gather& gather, int64_t n, int64_t channels, const Body& body) {
  const int64_t rows = n * static_cast<int64_t>(gather.rows.size());
  const int64_t parts = row_parts(rows, gather.result_columns * channels, kMinPartFloats);
  parallel_for(parts, [&](int64_t part) {
    const Range range = split_evenly(rows, parts, part);
    body(range.begin, range.end);
  });
}

void gather_floats(const ConvShape& shape,
                   const Gather& gather,
                   const float* x,
                   const float* w,
                   float* result,
                   float* workspace) {
  transpose(shape.ci, shape.kh * shape.kw, w, workspace);
  for_result_rows(gather, shape.n, shape.ci, [&](int64_t begin, int64_t end) {
    HWY_DYNAMIC_DISPATCH(gather_float_rows)(gather, shape.ci, begin, end, x, workspace, result);
  });
}

}  // namespace

void depthwise_forward(
    const ConvShape& shape, const float* x, const float* w, float* y, float* workspace) {
  gather_floats(shape, forward_gather(shape), x, w, y, workspace);
}

void depthwise_backward_data(
    const ConvShape& shape, const float* dy, const float* w, float* dx, float* workspace) {
  gather_floats(shape, backward_gather(shape), dy, w, dx, workspace);
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
  split_taps(shape.ci, shape.kh * shape.kw, w, 1.0f, 1.0f, weights, shape.ci);
  const Gather gather = forward_gather(shape);
  for_result_rows(gather, shape.n, shape.ci, [&](int64_t begin, int64_t end) {
    HWY_DYNAMIC_DISPATCH(gather_code_rows)
    (gather, shape.ci, begin, end, x, weights, multiplier, y);
  });
}

}  // namespace intact::cpu
#endif
