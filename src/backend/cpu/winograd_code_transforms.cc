#include "backend/cpu/winograd_code_transforms.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "backend/cpu/winograd_code_transforms.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace intact::cpu::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using Words = hn::CappedTag<int16_t, kCodeGroup>;
using WordVector = hn::Vec<Words>;
using Sums = hn::ScalableTag<int32_t>;
using SumVector = hn::Vec<Sums>;
using Reals = hn::Rebind<float, Sums>;

inline int64_t word_count() {
  return static_cast<int64_t>(hn::Lanes(Words()));
}

HWY_INLINE WordVector load_words(const int8_t* codes) {
  return hn::PromoteTo(Words(), hn::LoadU(hn::Rebind<int8_t, Words>(), codes));
}

// v [16][tile][channels] of tiles [begin,end): B^T x B. zeros: `channels` of them.
void spread_code_inputs_target(const WinogradTiles& tiles,
                               int64_t begin,
                               int64_t end,
                               const int8_t* x,
                               const int8_t* zeros,
                               int16_t* v,
                               int64_t plane) {
  const Words d;
  const int64_t channels = tiles.channels;
  for (int64_t tile = begin; tile < end; ++tile, v += channels) {
    const TilePixels pixels(tiles, position_of(tiles, tile), x, zeros);
    const auto& from = pixels.from;
    for (int64_t i = 0; i < channels; i += word_count()) {
      WordVector t[4][4];
#pragma GCC unroll 4
      for (int c = 0; c < 4; ++c) {
        const auto a0 = load_words(from[0][c] + i);
        const auto a1 = load_words(from[1][c] + i);
        const auto a2 = load_words(from[2][c] + i);
        const auto a3 = load_words(from[3][c] + i);
        t[0][c] = hn::Sub(a0, a2);
        t[1][c] = hn::Add(a1, a2);
        t[2][c] = hn::Sub(a2, a1);
        t[3][c] = hn::Sub(a1, a3);
      }
#pragma GCC unroll 4
      for (int r = 0; r < 4; ++r) {
        int16_t* out = v + 4 * r * plane + i;
        hn::StoreU(hn::Sub(t[r][0], t[r][2]), d, out);
        hn::StoreU(hn::Add(t[r][1], t[r][2]), d, out + plane);
        hn::StoreU(hn::Sub(t[r][2], t[r][1]), d, out + 2 * plane);
        hn::StoreU(hn::Sub(t[r][1], t[r][3]), d, out + 3 * plane);
      }
    }
  }
}

// 2 G of three values.
HWY_INLINE void spread_code_weight(WordVector a, WordVector b, WordVector c, WordVector (&out)[4]) {
  const auto outer = hn::Add(a, c);
  out[0] = hn::Add(a, a);
  out[1] = hn::Add(outer, b);
  out[2] = hn::Sub(outer, b);
  out[3] = hn::Add(c, c);
}

// u [16][..][columns], `plane` words a product: 4 G w G^T of w [9, columns].
void spread_code_weights_target(int64_t columns, const int8_t* w, int16_t* u, int64_t plane) {
  const Words d;
  for (int64_t i = 0; i < columns; i += word_count()) {
    WordVector t[3][4];
#pragma GCC unroll 3
    for (int c = 0; c < 3; ++c) {
      spread_code_weight(load_words(w + c * columns + i),
                         load_words(w + (3 + c) * columns + i),
                         load_words(w + (6 + c) * columns + i),
                         t[c]);
    }
#pragma GCC unroll 4
    for (int r = 0; r < 4; ++r) {
      WordVector row[4];
      spread_code_weight(t[0][r], t[1][r], t[2][r], row);
#pragma GCC unroll 4
      for (int c = 0; c < 4; ++c) {
        hn::StoreU(row[c], d, u + (4 * r + c) * plane + i);
      }
    }
  }
}

HWY_INLINE void store_quarter(SumVector four_sums, hn::Vec<Reals> scale, float* out) {
  const Reals d;
  hn::StoreU(hn::Mul(hn::ConvertTo(d, hn::ShiftRight<2>(four_sums)), scale), d, out);
}

// y = A^T m A / 4 * multiplier of tiles [begin,end), from m [16][tile][columns].
void gather_code_outputs_target(const WinogradTiles& tiles,
                                int64_t begin,
                                int64_t end,
                                int64_t columns,
                                const int32_t* m,
                                int64_t plane,
                                const float* multiplier,
                                float* y,
                                int64_t channels) {
  const Sums d;
  for (int64_t tile = begin; tile < end; ++tile, m += columns) {
    const TilePosition at = position_of(tiles, tile);
    float* to = y + ((at.image * tiles.oh + at.oy) * tiles.ow + at.ox) * channels;
    const bool has_right = at.ox + 1 < tiles.ow;
    const bool has_lower = at.oy + 1 < tiles.oh;
    for (int64_t i = 0; i < columns; i += static_cast<int64_t>(hn::Lanes(d))) {
      SumVector t[2][4];
#pragma GCC unroll 4
      for (int c = 0; c < 4; ++c) {
        const int32_t* from = m + c * plane + i;
        const auto m1 = hn::LoadU(d, from + 4 * plane);
        const auto m2 = hn::LoadU(d, from + 8 * plane);
        t[0][c] = hn::Add(hn::Add(hn::LoadU(d, from), m1), m2);
        t[1][c] = hn::Sub(hn::Sub(m1, m2), hn::LoadU(d, from + 12 * plane));
      }
      const auto scale = hn::LoadU(Reals(), multiplier + i);
#pragma GCC unroll 2
      for (int r = 0; r < 2; ++r) {
        float* row = to + r * tiles.ow * channels + i;
        if (r == 0 || has_lower) {
          store_quarter(hn::Add(hn::Add(t[r][0], t[r][1]), t[r][2]), scale, row);
          if (has_right) {
            store_quarter(hn::Sub(hn::Sub(t[r][1], t[r][2]), t[r][3]), scale, row + channels);
          }
        }
      }
    }
  }
}

}  // namespace intact::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace intact::cpu {

HWY_EXPORT(spread_code_inputs_target);
HWY_EXPORT(spread_code_weights_target);
HWY_EXPORT(gather_code_outputs_target);

void spread_code_inputs(const WinogradTiles& tiles,
                        int64_t begin,
                        int64_t end,
                        const int8_t* x,
                        const int8_t* zeros,
                        int16_t* v,
                        int64_t plane) {
  HWY_DYNAMIC_DISPATCH(spread_code_inputs_target)(tiles, begin, end, x, zeros, v, plane);
}

void spread_code_weights(int64_t columns, const int8_t* w, int16_t* u, int64_t plane) {
  HWY_DYNAMIC_DISPATCH(spread_code_weights_target)(columns, w, u, plane);
}

void gather_code_outputs(const WinogradTiles& tiles,
                         int64_t begin,
                         int64_t end,
                         int64_t columns,
                         const int32_t* m,
                         int64_t plane,
                         const float* multiplier,
                         float* y,
                         int64_t channels) {
  HWY_DYNAMIC_DISPATCH(gather_code_outputs_target)
  (tiles, begin, end, columns, m, plane, multiplier, y, channels);
}

}  // namespace intact::cpu
#endif
