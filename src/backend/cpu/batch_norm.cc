#include "backend/cpu/batch_norm.h"

#include <algorithm>
#include <cmath>

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

void combine_statistics(const ReductionGrid& grid,
                        const StatisticsWorkspace& partial,
                        const float* pivot,
                        const ChannelStatistics& out) {
  const auto count = static_cast<double>(grid.rows * grid.tile);
  for (int64_t channel = 0; channel < grid.channels; ++channel) {
    const double mean = sum_partials(grid, partial.sum, channel) / count;
    const double square = sum_partials(grid, partial.square, channel) / count;
    out.mean[channel] = static_cast<float>(static_cast<double>(pivot[channel]) + mean);
    out.variance[channel] = static_cast<float>(std::max(square - mean * mean, 0.0));
    float min = partial.min[channel];
    float max = partial.max[channel];
    for (int64_t i = 0; i < grid.row_parts * grid.tile; ++i) {
      min = std::min(min, partial.min[i * grid.channels + channel]);
      max = std::max(max, partial.max[i * grid.channels + channel]);
    }
    out.min[channel] = min;
    out.max[channel] = max;
  }
}

float apply(float x, float a, float b, Activation activation) {
  const float product = a * x;
  const float z = product + b;
  const float positive = z > 0 ? z : 0.0f;
  return activation == Activation::None   ? z
         : activation == Activation::Relu ? positive
                                          : std::min(positive, 6.0f);
}

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
  combine_statistics(grid, partial, x, out);
}

void batch_norm_coefficients(int64_t channels,
                             const float* gamma,
                             const float* beta,
                             const float* mean,
                             const float* variance,
                             float epsilon,
                             float* inv_std,
                             float* a,
                             float* b) {
  for (int64_t channel = 0; channel < channels; ++channel) {
    inv_std[channel] = 1.0f / std::sqrt(variance[channel] + epsilon);
    a[channel] = gamma[channel] * inv_std[channel];
    b[channel] = beta[channel] - mean[channel] * a[channel];
  }
}

void batch_norm_update_running(int64_t channels,
                               float momentum,
                               const float* mean,
                               const float* variance,
                               float* running_mean,
                               float* running_variance) {
  const float rest = 1.0f - momentum;
  for (int64_t channel = 0; channel < channels; ++channel) {
    running_mean[channel] = running_mean[channel] * momentum + mean[channel] * rest;
    running_variance[channel] = running_variance[channel] * momentum + variance[channel] * rest;
  }
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

float abs_max_after(int64_t channels,
                    const float* min,
                    const float* max,
                    const float* a,
                    const float* b,
                    Activation activation) {
  float result = 0;
  for (int64_t channel = 0; channel < channels; ++channel) {
    const float low = apply(min[channel], a[channel], b[channel], activation);
    const float high = apply(max[channel], a[channel], b[channel], activation);
    result = std::max({result, std::fabs(low), std::fabs(high)});
  }
  return result;
}

}  // namespace intact::cpu
#endif
