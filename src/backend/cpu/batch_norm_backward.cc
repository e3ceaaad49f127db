#include <algorithm>

#include "backend/cpu/batch_norm.h"
#include "backend/cpu/channel_reduction.h"
#include "backend/cpu/channel_tile.h"
#include "backend/cpu/parts.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "backend/cpu/batch_norm_backward.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "backend/cpu/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace intact::cpu::HWY_NAMESPACE {

// What masks a column's gradient.
template <class D>
struct Coefficients {
  VectorOf<D> a;
  VectorOf<D> b;
};

template <Activation kActivation, class D>
HWY_INLINE Coefficients<D> load_coefficients(D d, const BatchNormBackward& in, int64_t column) {
  if (kActivation == Activation::None || in.y != nullptr) {
    return {hn::Zero(d), hn::Zero(d)};
  }
  return {hn::LoadU(d, in.a + column), hn::LoadU(d, in.b + column)};
}

// dy' at element `i`; y: null when the activation's input is to be computed again.
template <Activation kActivation, class D>
HWY_INLINE VectorOf<D> masked_gradient(
    D d, const float* dy, const float* y, VectorOf<D> x, const Coefficients<D>& of, int64_t i) {
  const auto gradient = hn::LoadU(d, dy + i);
  if constexpr (kActivation == Activation::None) {
    return gradient;
  } else {
    const auto z = y != nullptr ? hn::LoadU(d, y + i) : hn::Add(hn::Mul(of.a, x), of.b);
    return mask_gradient<kActivation>(d, z, gradient);
  }
}

// Rows are far apart in memory, so several vectors of each are read at a time.
template <Activation kActivation, int kVectors, class D>
HWY_INLINE void sums_block(D d,
                           const BatchNormBackward& in,
                           int64_t row_begin,
                           int64_t row_end,
                           int64_t stride,
                           int64_t column,
                           float* masked_dy,
                           double* sum,
                           double* product_sum) {
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  VectorOf<D> mean[kVectors];
  VectorOf<D> total[kVectors];
  VectorOf<D> product[kVectors];
  Coefficients<D> of[kVectors];
#pragma GCC unroll 4
  for (int v = 0; v < kVectors; ++v) {
    mean[v] = hn::LoadU(d, in.mean + column + v * lanes);
    of[v] = load_coefficients<kActivation>(d, in, column + v * lanes);
    total[v] = hn::Zero(d);
    product[v] = hn::Zero(d);
  }
  const float* const x_first = in.x;
  const float* const dy = in.dy;
  const float* const y = in.y;
  for (int64_t row = row_begin; row < row_end; ++row) {
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) {
      const int64_t i = row * stride + column + v * lanes;
      const auto x = hn::LoadU(d, x_first + i);
      const auto gradient = masked_gradient<kActivation>(d, dy, y, x, of[v], i);
      if (masked_dy != nullptr) {
        hn::StoreU(gradient, d, masked_dy + i);
      }
      total[v] = hn::Add(total[v], gradient);
      product[v] = hn::MulAdd(gradient, hn::Sub(x, mean[v]), product[v]);
    }
  }
#pragma GCC unroll 4
  for (int v = 0; v < kVectors; ++v) {
    add_to_doubles(d, total[v], sum + column + v * lanes);
    add_to_doubles(d, product[v], product_sum + column + v * lanes);
  }
}

void batch_norm_backward_sums_part(const BatchNormBackward& in,
                                   int64_t row_begin,
                                   int64_t row_end,
                                   int64_t column_begin,
                                   int64_t column_end,
                                   int64_t stride,
                                   float* masked_dy,
                                   double* sum,
                                   double* product_sum) {
  std::fill(sum + column_begin, sum + column_end, 0.0);
  std::fill(product_sum + column_begin, product_sum + column_end, 0.0);
  with_activation(in.activation, [&]<Activation kActivation>() HWY_ATTR {
    for (int64_t row = row_begin; row < row_end; row += kFloatSumRows) {
      const int64_t end = std::min(row + kFloatSumRows, row_end);
      for_wide_lanes(column_begin, column_end, [&](auto d, auto vectors, int64_t column) HWY_ATTR {
        sums_block<kActivation, decltype(vectors)::value>(
            d, in, row, end, stride, column, masked_dy, sum, product_sum);
      });
    }
  });
}

// dx = a * ((dy' - sum_dy/n) - (x - mean) * (inv_std * (sum_dy_xhat/n))) over elements [begin,end);
// null sums: a * dy'.
void batch_norm_backward_data_rows(const BatchNormBackward& in,
                                   int64_t begin,
                                   int64_t end,
                                   int64_t period,
                                   const float* sum_dy,
                                   const float* sum_dy_xhat,
                                   float* dx) {
  const float inverse_count = 1.0f / static_cast<float>(in.pixels);
  with_activation(in.activation, [&]<Activation kActivation>() HWY_ATTR {
    for (int64_t row = begin; row < end; row += period) {
      for_lanes(0, std::min(period, end - row), [&](auto d, int64_t column) HWY_ATTR {
        const int64_t i = row + column;
        const auto x = hn::LoadU(d, in.x + i);
        const auto of = load_coefficients<kActivation>(d, in, column);
        auto gradient = masked_gradient<kActivation>(d, in.dy, in.y, x, of, i);
        if (sum_dy != nullptr) {
          const auto inverse = hn::Set(d, inverse_count);
          const auto mean_dy = hn::Mul(hn::LoadU(d, sum_dy + column), inverse);
          const auto slope = hn::Mul(hn::LoadU(d, in.inv_std + column),
                                     hn::Mul(hn::LoadU(d, sum_dy_xhat + column), inverse));
          const auto centred = hn::Sub(x, hn::LoadU(d, in.mean + column));
          gradient = hn::Sub(hn::Sub(gradient, mean_dy), hn::Mul(centred, slope));
        }
        hn::StoreU(hn::Mul(hn::LoadU(d, in.a + column), gradient), d, dx + i);
      });
    }
  });
}

}  // namespace intact::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace intact::cpu {

HWY_EXPORT(batch_norm_backward_sums_part);
HWY_EXPORT(batch_norm_backward_data_rows);

namespace {

constexpr int64_t kStep = ChannelTile::kMaxTiledColumns;
constexpr int64_t kSpreadFloats = 4 * kStep;

// `in` with its per-channel arrays spread over a tile. storage: kSpreadFloats.
BatchNormBackward spread(const BatchNormBackward& in, const ChannelTile& tile, float* storage) {
  BatchNormBackward out = in;
  out.a = tile.spread(in.a, storage);
  out.b = tile.spread(in.b, storage + kStep);
  out.mean = tile.spread(in.mean, storage + 2 * kStep);
  out.inv_std = tile.spread(in.inv_std, storage + 3 * kStep);
  return out;
}

}  // namespace

int64_t batch_norm_backward_workspace_floats(int64_t pixels, int64_t channels) {
  const ReductionGrid grid = reduction_grid(pixels, channels);
  return 4 * grid.row_parts * grid.columns;
}

void batch_norm_backward_sums(const BatchNormBackward& in,
                              float* sum_dy,
                              float* sum_dy_xhat,
                              float* masked_dy,
                              float* workspace) {
  const ReductionGrid grid = reduction_grid(in.pixels, in.channels);
  float storage[kSpreadFloats];
  const BatchNormBackward tiled =
      grid.tile == 1 ? in : spread(in, ChannelTile(in.channels), storage);
  double* sum = reinterpret_cast<double*>(workspace);
  double* product_sum = sum + grid.row_parts * grid.columns;
  for_reduction_parts(grid, [&](int64_t row_part, Range rows, Range columns) {
    HWY_DYNAMIC_DISPATCH(batch_norm_backward_sums_part)
    (tiled,
     rows.begin,
     rows.end,
     columns.begin,
     columns.end,
     grid.columns,
     masked_dy,
     sum + row_part * grid.columns,
     product_sum + row_part * grid.columns);
  });
  combine_gradient_sums(grid, sum, product_sum, in.inv_std, sum_dy, sum_dy_xhat);
}

void batch_norm_backward_data(const BatchNormBackward& in,
                              const float* sum_dy,
                              const float* sum_dy_xhat,
                              float* dx) {
  const int64_t channels = in.channels;
  const ChannelTile tile(channels);
  float storage[kSpreadFloats + 2 * kStep];
  const BatchNormBackward tiled = spread(in, tile, storage);
  const float* sum_tiled = tile.spread(sum_dy, storage + kSpreadFloats);
  const float* product_tiled = tile.spread(sum_dy_xhat, storage + kSpreadFloats + kStep);
  for_row_parts(in.pixels, channels, [&](int64_t begin, int64_t end) {
    HWY_DYNAMIC_DISPATCH(batch_norm_backward_data_rows)
    (tiled, begin * channels, end * channels, tile.columns(), sum_tiled, product_tiled, dx);
  });
}

}  // namespace intact::cpu
#endif
