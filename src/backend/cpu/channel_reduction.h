#pragma once

#include <algorithm>
#include <cstdint>

#include "backend/cpu/batch_norm.h"
#include "backend/cpu/parts.h"

namespace intact::cpu {

/// How a reduction over the pixels of [pixels,channels] is cut: rows (of `tile` pixels each) into
/// row_parts, columns into column_parts. Every row part leaves one partial result per column.
struct ReductionGrid {
  int64_t channels = 0;
  int64_t tile = 1;  // pixels viewed as one row, so that few channels still fill vectors
  int64_t rows = 0;
  int64_t columns = 0;
  int64_t row_parts = 1;
  int64_t column_parts = 1;
};

/// Rows summed in float before the sum is added to a double.
constexpr int64_t kFloatSumRows = 64;

inline ReductionGrid reduction_grid(int64_t pixels, int64_t channels) {
  ReductionGrid grid{.channels = channels};
  grid.tile = channels < 64 && channels % 16 != 0 && pixels % 16 == 0 ? 16 : 1;
  grid.rows = pixels / grid.tile;
  grid.columns = channels * grid.tile;
  const int64_t parts = row_parts(pixels, channels);
  while (grid.row_parts < parts && grid.rows / (2 * grid.row_parts) >= kFloatSumRows) {
    grid.row_parts *= 2;
  }
  while (grid.row_parts * grid.column_parts < parts &&
         grid.columns / (2 * grid.column_parts) >= 64) {
    grid.column_parts *= 2;
  }
  return grid;
}

/// Statistics of one row part, each [columns]: sums of x - pivot and of its square, and extremes.
struct StatisticsPartials {
  double* sum = nullptr;
  double* square = nullptr;
  float* min = nullptr;
  float* max = nullptr;
};

/// body(row part, rows, columns) for every part of the grid, on all threads.
template <class Body>
void for_reduction_parts(const ReductionGrid& grid, const Body& body) {
  parallel_for(grid.row_parts * grid.column_parts, [&](int64_t part) {
    const int64_t row_part = part / grid.column_parts;
    const Range rows = split_evenly(grid.rows, grid.row_parts, row_part);
    const Range columns =
        split_in_units(grid.columns, 16, grid.column_parts, part % grid.column_parts);
    body(row_part, rows, columns);
  });
}

/// Statistics of all pixels from those of the row parts, which lie one after another.
void combine_statistics(const ReductionGrid& grid,
                        const StatisticsPartials& partial,
                        const float* pivot,
                        const ChannelStatistics& out);

/// The gradients of beta and gamma from sums [row_parts, columns] of dy' and dy'*(x-mean).
void combine_gradient_sums(const ReductionGrid& grid,
                           const double* sum,
                           const double* product_sum,
                           const float* inv_std,
                           float* sum_dy,
                           float* sum_dy_xhat);

}  // namespace intact::cpu
