#include "backend/cpu/batch_norm_quantize.h"

#include <algorithm>
#include <type_traits>

#include "backend/cpu/channel_tile.h"
#include "backend/cpu/parts.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "backend/cpu/batch_norm_quantize.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "backend/cpu/quantize-inl.h"
#include "backend/cpu/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace intact::cpu::HWY_NAMESPACE {

// Out: float for values, int8_t for codes.
template <Activation kActivation, RoundType kRound, class Out>
HWY_INLINE void fused_rows(int64_t begin,
                           int64_t end,
                           int64_t period,
                           const float* x,
                           const float* a,
                           const float* b,
                           float scale,
                           int bits,
                           float* activation_out,
                           Out* y) {
  const auto largest = static_cast<float>(max_code(bits));
  const float factor = largest * inverse_scale(scale);
  for (int64_t row = begin; row < end; row += period) {
    for_lanes(0, std::min(period, end - row), [&](auto d, int64_t column) HWY_ATTR {
      const auto product = hn::Mul(hn::LoadU(d, a + column), hn::LoadU(d, x + row + column));
      const auto z = hn::Add(product, hn::LoadU(d, b + column));
      const auto value = activate<kActivation>(d, z);
      const auto scales = hn::Set(d, scale);
      const auto code = code_of<kRound>(d, value, scales, hn::Set(d, factor), largest);
      if (activation_out != nullptr) {
        hn::StoreU(value, d, activation_out + row + column);
      }
      if constexpr (std::is_same_v<Out, int8_t>) {
        store_codes(d, code, y + row + column);
      } else {
        hn::StoreU(real_of(d, code, scales, largest), d, y + row + column);
      }
    });
  }
}

template <class Out>
HWY_INLINE void fused_rows(int64_t begin,
                           int64_t end,
                           int64_t period,
                           const BatchNormQuantize& q,
                           const float* a,
                           const float* b,
                           Out* y) {
  with_activation(q.activation, [&]<Activation kActivation>() HWY_ATTR {
    with_round(q.round, [&]<RoundType kRound>() HWY_ATTR {
      fused_rows<kActivation, kRound>(
          begin, end, period, q.x, a, b, q.scale, q.bits, q.activation_out, y);
    });
  });
}

void fused_value_rows(int64_t begin,
                      int64_t end,
                      int64_t period,
                      const BatchNormQuantize& q,
                      const float* a,
                      const float* b,
                      float* y) {
  fused_rows(begin, end, period, q, a, b, y);
}

void fused_code_rows(int64_t begin,
                     int64_t end,
                     int64_t period,
                     const BatchNormQuantize& q,
                     const float* a,
                     const float* b,
                     int8_t* codes) {
  fused_rows(begin, end, period, q, a, b, codes);
}

}  // namespace intact::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace intact::cpu {

HWY_EXPORT(fused_value_rows);
HWY_EXPORT(fused_code_rows);

namespace {

// rows(begin, end, period, a, b): elements [begin,end) in rows of `period`, with a and b as long.
template <class Rows>
void for_tiled_rows(const BatchNormQuantize& pass, const Rows& rows) {
  const ChannelTile tile(pass.channels);
  float a_storage[ChannelTile::kMaxTiledColumns];
  float b_storage[ChannelTile::kMaxTiledColumns];
  const float* a = tile.spread(pass.a, a_storage);
  const float* b = tile.spread(pass.b, b_storage);
  for_row_parts(pass.pixels, pass.channels, [&](int64_t begin, int64_t end) {
    rows(begin * pass.channels, end * pass.channels, tile.columns(), a, b);
  });
}

}  // namespace

void batch_norm_values(const BatchNormQuantize& pass, float* y) {
  for_tiled_rows(pass,
                 [&](int64_t begin, int64_t end, int64_t period, const float* a, const float* b) {
                   HWY_DYNAMIC_DISPATCH(fused_value_rows)(begin, end, period, pass, a, b, y);
                 });
}

void batch_norm_codes(const BatchNormQuantize& pass, int8_t* codes) {
  for_tiled_rows(pass,
                 [&](int64_t begin, int64_t end, int64_t period, const float* a, const float* b) {
                   HWY_DYNAMIC_DISPATCH(fused_code_rows)(begin, end, period, pass, a, b, codes);
                 });
}

}  // namespace intact::cpu
#endif
