#include "backend/cpu/transpose.h"

#include <algorithm>

#include "backend/cpu/elementwise.h"
#include "backend/cpu/parts.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "backend/cpu/transpose.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "backend/cpu/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace intact::cpu::HWY_NAMESPACE {

// y[c,r] = x[r,c] for 4 x 4 elements.
HWY_INLINE void transpose_4x4(const float* x, int64_t x_stride, float* y, int64_t y_stride) {
#if HWY_TARGET == HWY_SCALAR
  for (int64_t row = 0; row < 4; ++row) {
    for (int64_t column = 0; column < 4; ++column) {
      y[column * y_stride + row] = x[row * x_stride + column];
    }
  }
#else
  const hn::FixedTag<float, 4> d;
  const hn::FixedTag<double, 2> pairs;
  const auto row0 = hn::LoadU(d, x);
  const auto row1 = hn::LoadU(d, x + x_stride);
  const auto row2 = hn::LoadU(d, x + 2 * x_stride);
  const auto row3 = hn::LoadU(d, x + 3 * x_stride);
  const auto low01 = hn::BitCast(pairs, hn::InterleaveLower(d, row0, row1));
  const auto low23 = hn::BitCast(pairs, hn::InterleaveLower(d, row2, row3));
  const auto high01 = hn::BitCast(pairs, hn::InterleaveUpper(d, row0, row1));
  const auto high23 = hn::BitCast(pairs, hn::InterleaveUpper(d, row2, row3));
  hn::StoreU(hn::BitCast(d, hn::InterleaveLower(pairs, low01, low23)), d, y);
  hn::StoreU(hn::BitCast(d, hn::InterleaveUpper(pairs, low01, low23)), d, y + y_stride);
  hn::StoreU(hn::BitCast(d, hn::InterleaveLower(pairs, high01, high23)), d, y + 2 * y_stride);
  hn::StoreU(hn::BitCast(d, hn::InterleaveUpper(pairs, high01, high23)), d, y + 3 * y_stride);
#endif
}

void transpose_tiles(
    int64_t rows, int64_t columns, const float* x, int64_t x_stride, float* y, int64_t y_stride) {
  const int64_t whole_rows = rows / 4 * 4;
  const int64_t whole_columns = columns / 4 * 4;
  // 16 rows at a time: each line of y is written whole while it is in the cache.
  for (int64_t row_block = 0; row_block < whole_rows; row_block += 16) {
    const int64_t row_end = std::min(row_block + 16, whole_rows);
    for (int64_t column = 0; column < whole_columns; column += 4) {
      for (int64_t row = row_block; row < row_end; row += 4) {
        transpose_4x4(x + row * x_stride + column, x_stride, y + column * y_stride + row, y_stride);
      }
    }
  }
  for (int64_t row = 0; row < rows; ++row) {
    for (int64_t column = row < whole_rows ? whole_columns : 0; column < columns; ++column) {
      y[column * y_stride + row] = x[row * x_stride + column];
    }
  }
}

}  // namespace intact::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace intact::cpu {

HWY_EXPORT(transpose_tiles);

void transpose_block(
    int64_t rows, int64_t columns, const float* x, int64_t x_stride, float* y, int64_t y_stride) {
  HWY_DYNAMIC_DISPATCH(transpose_tiles)(rows, columns, x, x_stride, y, y_stride);
}

namespace {

// Each of `matrices` x [rows,columns] to y [columns,rows].
void transpose_batch(int64_t matrices, int64_t rows, int64_t columns, const float* x, float* y) {
  const int64_t size = rows * columns;
  if (rows == 1 || columns == 1) {
    return copy(matrices * size, x, y);
  }
  // Cut the rows only when there are too few matrices to share out.
  constexpr int64_t kRowUnit = 16;
  const int64_t cuts = matrices >= 16 ? 1 : row_parts(ceil_div(rows, kRowUnit), kRowUnit * columns);
  for_row_parts(matrices * cuts, size / cuts, [&](int64_t begin, int64_t end) {
    for (int64_t piece = begin; piece < end; ++piece) {
      const float* from = x + piece / cuts * size;
      float* to = y + piece / cuts * size;
      const Range part = split_in_units(rows, kRowUnit, cuts, piece % cuts);
      transpose_block(part.end - part.begin,
                      columns,
                      from + part.begin * columns,
                      columns,
                      to + part.begin,
                      rows);
    }
  });
}

}  // namespace

void transpose(int64_t rows, int64_t columns, const float* x, float* y) {
  transpose_batch(1, rows, columns, x, y);
}

void nchw_to_nhwc(int64_t n, int64_t c, int64_t hw, const float* x, float* y) {
  transpose_batch(n, c, hw, x, y);
}

void nhwc_to_nchw(int64_t n, int64_t c, int64_t hw, const float* x, float* y) {
  transpose_batch(n, hw, c, x, y);
}

}  // namespace intact::cpu
#endif
