#include <algorithm>

#include "backend/cpu/channel_tile.h"
#include "backend/cpu/parts.h"
#include "backend/cpu/quantize.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "backend/cpu/batch_norm_quantize.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "backend/cpu/quantize-inl.h"
#include "backend/cpu/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace intact::cpu::HWY_NAMESPACE {

template <Activation kActivation, RoundType kRound>
HWY_INLINE void fused_rows(int64_t begin,
                           int64_t end,
                           int64_t period,
                           const float* x,
                           const float* a,
                           const float* b,
                           float scale,
                           int bits,
                           float* activation_out,
                           float* y) {
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
      hn::StoreU(real_of(d, code, scales, largest), d, y + row + column);
    });
  }
}

void scale_shift_quantize_rows(int64_t begin,
                               int64_t end,
                               int64_t period,
                               const float* x,
                               const float* a,
                               const float* b,
                               Activation activation,
                               float scale,
                               int bits,
                               RoundType round,
                               float* activation_out,
                               float* y) {
  with_activation(activation, [&]<Activation kActivation>() HWY_ATTR {
    with_round(round, [&]<RoundType kRound>() HWY_ATTR {
      fused_rows<kActivation, kRound>(begin, end, period, x, a, b, scale, bits, activation_out, y);
    });
  });
}

}  // namespace intact::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace intact::cpu {

HWY_EXPORT(scale_shift_quantize_rows);

void scale_shift_activation_quantize_dequantize(int64_t pixels,
                                                int64_t channels,
                                                const float* x,
                                                const float* a,
                                                const float* b,
                                                Activation activation,
                                                float scale,
                                                int bits,
                                                RoundType round,
                                                float* activation_out,
                                                float* y) {
  const ChannelTile tile(channels);
  float a_storage[ChannelTile::kMaxTiledColumns];
  float b_storage[ChannelTile::kMaxTiledColumns];
  const float* a_tiled = tile.spread(a, a_storage);
  const float* b_tiled = tile.spread(b, b_storage);
  for_row_parts(pixels, channels, [&](int64_t begin, int64_t end) {
    HWY_DYNAMIC_DISPATCH(scale_shift_quantize_rows)
    (begin * channels,
     end * channels,
     tile.columns(),
     x,
     a_tiled,
     b_tiled,
     activation,
     scale,
     bits,
     round,
     activation_out,
     y);
  });
}

}  // namespace intact::cpu
#endif
