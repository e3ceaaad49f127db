#include <algorithm>

#include "backend/cpu/batch_norm.h"
#include "backend/cpu/channel_reduction.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "backend/cpu/batch_norm_channels.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "backend/cpu/simd-inl.h"

// What a batch norm computes once per channel, on one thread: short, but all other threads wait.
HWY_BEFORE_NAMESPACE();
namespace intact::cpu::HWY_NAMESPACE {

// body(d, c) for the channels in vectors of doubles, then one by one.
template <class Body>
HWY_INLINE void for_double_lanes(int64_t channels, const Body& body) {
  const hn::ScalableTag<double> d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  int64_t c = 0;
  for (; c + lanes <= channels; c += lanes) {
    body(d, c);
  }
  for (; c < channels; ++c) {
    body(hn::CappedTag<double, 1>(), c);
  }
}

template <class D>
using Floats = hn::Rebind<float, D>;

template <class D>
HWY_INLINE VectorOf<D> load_as_doubles(D d, const float* from) {
  return hn::PromoteTo(d, hn::LoadU(Floats<D>(), from));
}

template <class D>
HWY_INLINE void store_as_floats(D /*d*/, VectorOf<D> values, float* to) {
  const Floats<D> floats;
  hn::StoreU(hn::DemoteTo(floats, values), floats, to);
}

// The sum over the row parts and the pixels of a row, in order, for the channels from c on.
template <class D>
HWY_INLINE VectorOf<D> sum_partials(D d, const ReductionGrid& grid, const double* sums, int64_t c) {
  auto total = hn::LoadU(d, sums + c);
  for (int64_t i = 1; i < grid.row_parts * grid.tile; ++i) {
    total = hn::Add(total, hn::LoadU(d, sums + i * grid.channels + c));
  }
  return total;
}

void combine_statistics_target(const ReductionGrid& grid,
                               const StatisticsPartials& partial,
                               const float* pivot,
                               const ChannelStatistics& out) {
  for_double_lanes(grid.channels, [&](auto d, int64_t c) HWY_ATTR {
    const auto count = hn::Set(d, static_cast<double>(grid.rows * grid.tile));
    const auto mean = hn::Div(sum_partials(d, grid, partial.sum, c), count);
    const auto square = hn::Div(sum_partials(d, grid, partial.square, c), count);
    const auto difference = hn::Sub(square, hn::Mul(mean, mean));
    const auto variance = hn::IfThenZeroElse(hn::Lt(difference, hn::Zero(d)), difference);
    store_as_floats(d, hn::Add(load_as_doubles(d, pivot + c), mean), out.mean + c);
    store_as_floats(d, variance, out.variance + c);
  });
  for_lanes(0, grid.channels, [&](auto d, int64_t c) HWY_ATTR {
    auto min = hn::LoadU(d, partial.min + c);
    auto max = hn::LoadU(d, partial.max + c);
    for (int64_t i = 1; i < grid.row_parts * grid.tile; ++i) {
      min = hn::Min(min, hn::LoadU(d, partial.min + i * grid.channels + c));
      max = hn::Max(max, hn::LoadU(d, partial.max + i * grid.channels + c));
    }
    hn::StoreU(min, d, out.min + c);
    hn::StoreU(max, d, out.max + c);
  });
}

void combine_gradient_sums_target(const ReductionGrid& grid,
                                  const double* sum,
                                  const double* product_sum,
                                  const float* inv_std,
                                  float* sum_dy,
                                  float* sum_dy_xhat) {
  for_double_lanes(grid.channels, [&](auto d, int64_t c) HWY_ATTR {
    store_as_floats(d, sum_partials(d, grid, sum, c), sum_dy + c);
    const auto product = sum_partials(d, grid, product_sum, c);
    store_as_floats(d, hn::Mul(product, load_as_doubles(d, inv_std + c)), sum_dy_xhat + c);
  });
}

void inverse_std_target(int64_t channels, const float* variance, float epsilon, float* inv_std) {
  for_lanes(0, channels, [&](auto d, int64_t c) HWY_ATTR {
    const auto root = hn::Sqrt(hn::Add(hn::LoadU(d, variance + c), hn::Set(d, epsilon)));
    hn::StoreU(hn::Div(hn::Set(d, 1.0f), root), d, inv_std + c);
  });
}

void coefficients_target(int64_t channels,
                         const float* gamma,
                         const float* beta,
                         const float* mean,
                         const float* inv_std,
                         float* a,
                         float* b) {
  for_lanes(0, channels, [&](auto d, int64_t c) HWY_ATTR {
    const auto slope = hn::Mul(hn::LoadU(d, gamma + c), hn::LoadU(d, inv_std + c));
    hn::StoreU(slope, d, a + c);
    const auto moved = hn::Mul(hn::LoadU(d, mean + c), slope);
    hn::StoreU(hn::Sub(hn::LoadU(d, beta + c), moved), d, b + c);
  });
}

// running = running * momentum + batch * (1 - momentum).
void update_running_target(int64_t channels, float momentum, const float* batch, float* running) {
  for_lanes(0, channels, [&](auto d, int64_t c) HWY_ATTR {
    const auto kept = hn::Mul(hn::LoadU(d, running + c), hn::Set(d, momentum));
    const auto added = hn::Mul(hn::LoadU(d, batch + c), hn::Set(d, 1.0f - momentum));
    hn::StoreU(hn::Add(kept, added), d, running + c);
  });
}

template <Activation kActivation, class D>
HWY_INLINE VectorOf<D> abs_after(D d, const float* x, VectorOf<D> a, VectorOf<D> b) {
  return hn::Abs(activate<kActivation>(d, hn::Add(hn::Mul(a, hn::LoadU(d, x)), b)));
}

float abs_max_after_target(int64_t channels,
                           const float* min,
                           const float* max,
                           const float* a,
                           const float* b,
                           Activation activation) {
  float result = 0;
  with_activation(activation, [&]<Activation kActivation>() HWY_ATTR {
    auto most = hn::Zero(Vector());
    for_lanes(0, channels, [&](auto d, int64_t c) HWY_ATTR {
      const auto slope = hn::LoadU(d, a + c);
      const auto shift = hn::LoadU(d, b + c);
      const auto of_channels = hn::Max(abs_after<kActivation>(d, min + c, slope, shift),
                                       abs_after<kActivation>(d, max + c, slope, shift));
      if constexpr (std::is_same_v<decltype(d), Vector>) {
        most = hn::Max(most, of_channels);
      } else {
        result = std::max(result, hn::GetLane(hn::MaxOfLanes(d, of_channels)));
      }
    });
    result = std::max(result, hn::GetLane(hn::MaxOfLanes(Vector(), most)));
  });
  return result;
}

}  // namespace intact::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace intact::cpu {

HWY_EXPORT(combine_statistics_target);
HWY_EXPORT(combine_gradient_sums_target);
HWY_EXPORT(inverse_std_target);
HWY_EXPORT(coefficients_target);
HWY_EXPORT(update_running_target);
HWY_EXPORT(abs_max_after_target);

void combine_statistics(const ReductionGrid& grid,
                        const StatisticsPartials& partial,
                        const float* pivot,
                        const ChannelStatistics& out) {
  HWY_DYNAMIC_DISPATCH(combine_statistics_target)(grid, partial, pivot, out);
}

void combine_gradient_sums(const ReductionGrid& grid,
                           const double* sum,
                           const double* product_sum,
                           const float* inv_std,
                           float* sum_dy,
                           float* sum_dy_xhat) {
  HWY_DYNAMIC_DISPATCH(combine_gradient_sums_target)
  (grid, sum, product_sum, inv_std, sum_dy, sum_dy_xhat);
}

void batch_norm_inverse_std(int64_t channels, const float* variance, float epsilon, float* out) {
  HWY_DYNAMIC_DISPATCH(inverse_std_target)(channels, variance, epsilon, out);
}

void batch_norm_coefficients(int64_t channels,
                             const float* gamma,
                             const float* beta,
                             const float* mean,
                             const float* inv_std,
                             float* a,
                             float* b) {
  HWY_DYNAMIC_DISPATCH(coefficients_target)(channels, gamma, beta, mean, inv_std, a, b);
}

void batch_norm_update_running(int64_t channels,
                               float momentum,
                               const float* mean,
                               const float* variance,
                               float* running_mean,
                               float* running_variance) {
  HWY_DYNAMIC_DISPATCH(update_running_target)(channels, momentum, mean, running_mean);
  HWY_DYNAMIC_DISPATCH(update_running_target)(channels, momentum, variance, running_variance);
}

float abs_max_after(int64_t channels,
                    const float* min,
                    const float* max,
                    const float* a,
                    const float* b,
                    Activation activation) {
  return HWY_DYNAMIC_DISPATCH(abs_max_after_target)(channels, min, max, a, b, activation);
}

}  // namespace intact::cpu
#endif
