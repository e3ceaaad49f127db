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

#if HWY_TARGET != HWY_SCALAR
// Columns of the 4 x 4 elements in each block (of 16 bytes) of four rows.
template <class D>
HWY_INLINE void transpose_in_blocks(D d, const VectorOf<D>* rows, VectorOf<D>* columns) {
  const hn::Repartition<double, D> pairs;
  const auto low01 = hn::BitCast(pairs, hn::InterleaveLower(d, rows[0], rows[1]));
  const auto low23 = hn::BitCast(pairs, hn::InterleaveLower(d, rows[2], rows[3]));
  const auto high01 = hn::BitCast(pairs, hn::InterleaveUpper(d, rows[0], rows[1]));
  const auto high23 = hn::BitCast(pairs, hn::InterleaveUpper(d, rows[2], rows[3]));
  columns[0] = hn::BitCast(d, hn::InterleaveLower(pairs, low01, low23));
  columns[1] = hn::BitCast(d, hn::InterleaveUpper(pairs, low01, low23));
  columns[2] = hn::BitCast(d, hn::InterleaveLower(pairs, high01, high23));
  columns[3] = hn::BitCast(d, hn::InterleaveUpper(pairs, high01, high23));
}

// y[c,r] = x[r,c] for as many rows and columns as d has lanes: inside blocks, then among them.
template <class D>
HWY_INLINE void transpose_tile(D d, const float* x, int64_t x_stride, float* y, int64_t y_stride) {
  constexpr int64_t kBlocks = hn::MaxLanes(d) / 4;
  VectorOf<D> part[kBlocks][4];  // [rows 4*i..4*i+3][j]: block k holds column 4*k+j
#pragma GCC unroll 4
  for (int64_t i = 0; i < kBlocks; ++i) {
    VectorOf<D> rows[4];
#pragma GCC unroll 4
    for (int64_t r = 0; r < 4; ++r) {
      rows[r] = hn::LoadU(d, x + (4 * i + r) * x_stride);
    }
    transpose_in_blocks(d, rows, part[i]);
  }
#pragma GCC unroll 4
  for (int64_t j = 0; j < 4; ++j) {
    float* to = y + j * y_stride;
    if constexpr (kBlocks == 1) {
      hn::StoreU(part[0][j], d, to);
    } else if constexpr (kBlocks == 2) {
      hn::StoreU(hn::ConcatLowerLower(d, part[1][j], part[0][j]), d, to);
      hn::StoreU(hn::ConcatUpperUpper(d, part[1][j], part[0][j]), d, to + 4 * y_stride);
    } else {
      const auto even = [&](int64_t i) HWY_ATTR {  // blocks 0 and 2 of parts i and i+1
        return hn::OddEvenBlocks(hn::SwapAdjacentBlocks(part[i + 1][j]), part[i][j]);
      };
      const auto odd = [&](int64_t i) HWY_ATTR {  // blocks 1 and 3
        return hn::OddEvenBlocks(part[i + 1][j], hn::SwapAdjacentBlocks(part[i][j]));
      };
      hn::StoreU(hn::ConcatLowerLower(d, even(2), even(0)), d, to);
      hn::StoreU(hn::ConcatLowerLower(d, odd(2), odd(0)), d, to + 4 * y_stride);
      hn::StoreU(hn::ConcatUpperUpper(d, even(2), even(0)), d, to + 8 * y_stride);
      hn::StoreU(hn::ConcatUpperUpper(d, odd(2), odd(0)), d, to + 12 * y_stride);
    }
  }
}
#endif

// Tiles of d's lanes; what is left at the right and below in tiles of 4, then of 1.
template <class D>
HWY_INLINE void transpose_area(D d,
                               int64_t rows,
                               int64_t columns,
                               const float* x,
                               int64_t x_stride,
                               float* y,
                               int64_t y_stride) {
  constexpr int64_t kTile = hn::MaxLanes(d);
  const int64_t whole_rows = rows / kTile * kTile;
  const int64_t whole_columns = columns / kTile * kTile;
  for (int64_t row = 0; row < whole_rows; row += kTile) {
    for (int64_t column = 0; column < whole_columns; column += kTile) {
      const float* from = x + row * x_stride + column;
      float* to = y + column * y_stride + row;
      if constexpr (kTile == 1) {
        *to = *from;
      } else {
        transpose_tile(d, from, x_stride, to, y_stride);
      }
    }
  }
  if constexpr (kTile > 1) {
    const hn::CappedTag<float, (kTile > 4 ? 4 : 1)> smaller;
    transpose_area(smaller,
                   rows,
                   columns - whole_columns,
                   x + whole_columns,
                   x_stride,
                   y + whole_columns * y_stride,
                   y_stride);
    transpose_area(smaller,
                   rows - whole_rows,
                   whole_columns,
                   x + whole_rows * x_stride,
                   x_stride,
                   y + whole_rows,
                   y_stride);
  }
}

void transpose_tiles(
    int64_t rows, int64_t columns, const float* x, int64_t x_stride, float* y, int64_t y_stride) {
  transpose_area(hn::CappedTag<float, 16>(), rows, columns, x, x_stride, y, y_stride);
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
