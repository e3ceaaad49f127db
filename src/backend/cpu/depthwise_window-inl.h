// Results that are each the sum of products of a rectangle of taps, four pixels at a time.
#if defined(INTACT_BACKEND_CPU_DEPTHWISE_WINDOW_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef INTACT_BACKEND_CPU_DEPTHWISE_WINDOW_INL_H_
#undef INTACT_BACKEND_CPU_DEPTHWISE_WINDOW_INL_H_
#else
#define INTACT_BACKEND_CPU_DEPTHWISE_WINDOW_INL_H_
#endif

#include "backend/cpu/gather.h"
#include "backend/cpu/simd-inl.h"

// Weights are floats [kh*kw, C], so that a tap multiplies vectors of channels. A Source is read by
// load(d, index) as floats, a Sink takes a sum by store(d, sum, channel, index).
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

// Of the first result of a run: its place in each array.
template <class Source, class Sink>
struct Operands {
  int64_t channels;
  Source source;
  int64_t x;
  const float* w;
  Sink sink;
  int64_t y;
};

// kPixels results. kRows and kColumns: of the rectangle, 0 if they are not constant.
template <int kRows, int kColumns, int kPixels, class Source, class Sink>
HWY_INLINE void add_windows(Window window, Operands<Source, Sink> of) {
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
        const int64_t x = of.x + row * window.x_row_step + column * window.x_column_step + c;
#pragma GCC unroll 4
        for (int pixel = 0; pixel < kPixels; ++pixel) {
          sums[pixel] =
              hn::MulAdd(of.source.load(d, x + pixel * window.x_step), weight, sums[pixel]);
        }
      }
    }
#pragma GCC unroll 4
    for (int pixel = 0; pixel < kPixels; ++pixel) {
      of.sink.store(d, sums[pixel], c, of.y + pixel * window.y_step + c);
    }
  });
}

// A run of results.
template <int kRows, int kColumns, class Source, class Sink>
HWY_INLINE void add_run(const Window& window, int64_t pixels, Operands<Source, Sink> of) {
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

constexpr int kLargestUnrolled = 3;

// call.operator()<size>() for a size of kSmallest..kLargestUnrolled.
template <int kSmallest, class Call>
HWY_INLINE void with_size(int64_t size, const Call& call) {
  if constexpr (kSmallest < kLargestUnrolled) {
    if (size > kSmallest) {
      return with_size<kSmallest + 1>(size, call);
    }
  }
  call.template operator()<kSmallest>();
}

// Rectangles of kSmallest to kLargestUnrolled taps a side, which is what 3x3 kernels read inside
// and at the border, get unrolled loops.
template <int kSmallest, class Source, class Sink>
HWY_INLINE void apply_run(const Window& window, int64_t pixels, const Operands<Source, Sink>& of) {
  if constexpr (kSmallest <= kLargestUnrolled) {
    const auto is_small = [](int64_t size) {
      return size >= kSmallest && size <= kLargestUnrolled;
    };
    if (is_small(window.rows) && is_small(window.columns)) {
      return with_size<kSmallest>(window.rows, [&]<int kRows>() HWY_ATTR {
        with_size<kSmallest>(window.columns, [&]<int kColumns>() HWY_ATTR {
          add_run<kRows, kColumns>(window, pixels, of);
        });
      });
    }
  }
  add_run<0, 0>(window, pixels, of);
}

// Rows [begin,end) of the result [n*rows, columns, C].
template <int kSmallest, class Source, class Sink>
HWY_INLINE void gather_rows(const Gather& gather,
                            int64_t channels,
                            int64_t begin,
                            int64_t end,
                            const Source& source,
                            const float* w,
                            const Sink& sink) {
  const auto result_h = static_cast<int64_t>(gather.rows.size());
  const int64_t x_row = gather.source_columns * channels;
  Window window{.x_step = gather.source_step * channels, .y_step = gather.result_step * channels};
  for (int64_t row = begin; row < end; ++row) {
    const TapsOfResult& down = gather.rows[static_cast<size_t>(row % result_h)];
    window.rows = down.count;
    window.x_row_step = down.source_step * x_row;
    window.w_row_step = down.step * gather.kernel_columns * channels;
    const int64_t x = (row / result_h * gather.source_rows + down.source) * x_row;
    for (const Gather::Run& run : gather.runs) {
      window.columns = run.taps.count;
      window.x_column_step = run.taps.source_step * channels;
      window.w_column_step = run.taps.step * channels;
      apply_run<kSmallest, Source, Sink>(
          window,
          run.pixels,
          {.channels = channels,
           .source = source,
           .x = x + run.taps.source * channels,
           .w = w + (down.first * gather.kernel_columns + run.taps.first) * channels,
           .sink = sink,
           .y = (row * gather.result_columns + run.first) * channels});
    }
  }
}

}  // namespace intact::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
