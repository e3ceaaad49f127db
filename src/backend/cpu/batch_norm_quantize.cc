#include <algorithm>
#include <type_traits>

#include "backend/cpu/channel_tile.h"
#include "backend/cpu/codes.h"
#include "backend/cpu/fused_quantize.h"
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
                           const FusedQuantize& q,
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
                      const FusedQuantize& q,
                      const float* a,
                      const float* b,
                      float* y) {
  fused_rows(begin, end, period, q, a, b, y);
}

void fused_code_rows(int64_t begin,
                     int64_t end,
                     int64_t period,
                     const FusedQuantize& q,
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

// body(begin, end, period, a, b): elements [begin,end) in rows of `period`, with a and b as long.
template <class Body>
void for_tiled_rows(
    int64_t pixels, int64_t channels, const float* a, const float* b, const Body& body) {
  const ChannelTile tile(channels);
  float a_storage[ChannelTile::kMaxTiledColumns];
  float b_storage[ChannelTile::kMaxTiledColumns];
  const float* a_tiled = tile.spread(a, a_storage);
  const float* b_tiled = tile.spread(b, b_storage);
  for_row_parts(pixels, channels, [&](int64_t begin, int64_t end) {
    body(begin * channels, end * channels, tile.columns(), a_tiled, b_tiled);
  });
}

}  // namespace

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
  const FusedQuantize q{.x = x,
                        .activation = activation,
                        .scale = scale,
                        .bits = bits,
                        .round = round,
                        .activation_out = activation_out};
  for_tiled_rows(
      pixels,
      channels,
      a,
      b,
      [&](int64_t begin, int64_t end, int64_t period, const float* a_tiled, const float* b_tiled) {
        HWY_DYNAMIC_DISPATCH(fused_value_rows)(begin, end, period, q, a_tiled, b_tiled, y);
      });
}

void scale_shift_activation_codes(int64_t pixels,
                                  int64_t channels,
                                  const float* x,
                                  const float* a,
                                  const float* b,
                                  Activation activation,
                                  float scale,
                                  int bits,
                                  RoundType round,
                                  float* activation_out,
                                  int8_t* codes) {
  const FusedQuantize q{.x = x,
                        .activation = activation,
                        .scale = scale,
                        .bits = bits,
                        .round = round,
                        .activation_out = activation_out};
  for_tiled_rows(
      pixels,
      channels,
      a,
      b,
      [&](int64_t begin, int64_t end, int64_t period, const float* a_tiled, const float* b_tiled) {
        HWY_DYNAMIC_DISPATCH(fused_code_rows)(begin, end, period, q, a_tiled, b_tiled, codes);
      });
}

}  // namespace intact::cpu
#endif
