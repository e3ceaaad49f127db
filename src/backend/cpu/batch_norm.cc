#include "backend/cpu/batch_norm.h"

#include <algorithm>

#include "backend/cpu/channel_reduction.h"
#include "backend/cpu/channel_tile.h"
#include "backend/cpu/parts.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "backend/cpu/batch_norm.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "backend/cpu/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace intact::cpu::HWY_NAMESPACE {

// One block of rows x kVectors vectors of d: the float sums go to the double sums of `out`.
template <int kVectors, class D>
HWY_INLINE void statistics_block(D d,
                                 int64_t rows,
                                 int64_t stride,
                                 const float* x,
                                 const float* pivot,
                                 const StatisticsPartials& out,
                                 int64_t column) {
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  VectorOf<D> shift[kVectors];
  VectorOf<D> sum[kVectors];
  VectorOf<D> square[kVectors];
  VectorOf<D> min[kVectors];
  VectorOf<D> max[kVectors];
#pragma GCC unroll 4
  for (int v = 0; v < kVectors; ++v) {
    const int64_t i = column + v * lanes;
    shift[v] = hn::LoadU(d, pivot + i);
    sum[v] = hn::Zero(d);
    square[v] = hn::Zero(d);
    min[v] = hn::LoadU(d, out.min + i);
    max[v] = hn::LoadU(d, out.max + i);
  }
  for (int64_t row = 0; row < rows; ++row) {
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) {
      const auto value = hn::LoadU(d, x + row * stride + column + v * lanes);
      const auto shifted = hn::Sub(value, shift[v]);
      sum[v] = hn::Add(sum[v], shifted);
      square[v] = hn::MulAdd(shifted, shifted, square[v]);
      min[v] = hn::Min(min[v], value);
      max[v] = hn::Max(max[v], value);
    }
  }
#pragma GCC unroll 4
  for (int v = 0; v < kVectors; ++v) {
    const int64_t i = column + v * lanes;
    hn::StoreU(min[v], d, out.min + i);
    hn::StoreU(max[v], d, out.max + i);
    add_to_doubles(d, sum[v], out.sum + i);
    add_to_doubles(d, square[v], out.square + i);
  }
}

void statistics_part(int64_t rows,
                     int64_t column_begin,
                     int64_t column_end,
                     int64_t stride,
                     const float* x,
                     const float* pivot,
                     const StatisticsPartials& out) {
  for (int64_t column = column_begin; column < column_end; ++column) {
    out.sum[column] = out.square[column] = 0;
    out.min[column] = out.max[column] = x[column];
  }
  for (int64_t row = 0; row < rows; row += kFloatSumRows) {
    const int64_t block = std::min(kFloatSumRows, rows - row);
    for_wide_lanes(column_begin, column_end, [&](auto d, auto vectors, int64_t column) HWY_ATTR {
      statistics_block<decltype(vectors)::value>(
          d, block, stride, x + row * stride, pivot, out, column);
    });
  }
}

void scale_shift_rows(int64_t begin,
                      int64_t end,
                      int64_t period,
                      const float* x,
                      const float* a,
                      const float* b,
                      const float* residual,
                      Activation activation,
                      float* y) {
  with_activation(activation, [&]<Activation kActivation>() HWY_ATTR {
    for (int64_t row = begin; row < end; row += period) {
      for_lanes(0, std::min(period, end - row), [&](auto d, int64_t column) HWY_ATTR {
        const auto product = hn::Mul(hn::LoadU(d, a + column), hn::LoadU(d, x + row + column));
        auto z = hn::Add(product, hn::LoadU(d, b + column));
        if (residual != nullptr) {
          z = hn::Add(z, hn::LoadU(d, residual + row + column));
        }
        hn::StoreU(activate<kActivation>(d, z), d, y + row + column);
      });
    }
  });
}

}  // namespace intact::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace intact::cpu {

HWY_EXPORT(statistics_part);
HWY_EXPORT(scale_shift_rows);

namespace {

// The workspace: pivots [columns], then for each array all row parts.
struct StatisticsWorkspace {
  double* sum;
  double* square;
  float* min;
  float* max;
  float* pivot;

  StatisticsWorkspace(const ReductionGrid& grid, float* workspace) {
    const int64_t size = grid.row_parts * grid.columns;
    sum = reinterpret_cast<double*>(workspace);
    square = sum + size;
    min = reinterpret_cast<float*>(square + size);
    max = min + size;
    pivot = max + size;
  }

  StatisticsPartials of_part(int64_t offset) const {
    return {sum + offset, square + offset, min + offset, max + offset};
  }
};

}  // namespace

int64_t batch_norm_statistics_workspace_floats(int64_t pixels, int64_t channels) {
  const ReductionGrid grid = reduction_grid(pixels, channels);
  return (6 * grid.row_parts + 1) * grid.columns;
}

void batch_norm_statistics(int64_t pixels,
                           int64_t channels,
                           const float* x,
                           const ChannelStatistics& out,
                           float* workspace) {
  const ReductionGrid grid = reduction_grid(pixels, channels);
  const StatisticsWorkspace partial(grid, workspace);
  for (int64_t i = 0; i < grid.tile; ++i) {
    std::copy(x, x + channels, partial.pivot + i * channels);
  }
  for_reduction_parts(grid, [&](int64_t row_part, Range rows, Range columns) {
    HWY_DYNAMIC_DISPATCH(statistics_part)
    (rows.end - rows.begin,
     columns.begin,
     columns.end,
     grid.columns,
     x + rows.begin * grid.columns,
     partial.pivot,
     partial.of_part(row_part * grid.columns));
  });
  combine_statistics(grid, partial.of_part(0), x, out);
}

void scale_shift_activation(int64_t pixels,
                            int64_t channels,
                            const float* x,
                            const float* a,
                            const float* b,
                            const float* residual,
                            Activation activation,
                            float* y) {
  const ChannelTile tile(channels);
  float a_storage[ChannelTile::kMaxTiledColumns];
  float b_storage[ChannelTile::kMaxTiledColumns];
  const float* a_tiled = tile.spread(a, a_storage);
  const float* b_tiled = tile.spread(b, b_storage);
  for_row_parts(pixels, channels, [&](int64_t begin, int64_t end) {
    HWY_DYNAMIC_DISPATCH(scale_shift_rows)
    (begin * channels,
     end * channels,
     tile.columns(),
     x,
     a_tiled,
     b_tiled,
     residual,
     activation,
     y);
  });
}

}  // namespace intact::cpu
#endif
