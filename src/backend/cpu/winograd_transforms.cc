#include "backend/cpu/winograd_transforms.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "backend/cpu/winograd_transforms.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "backend/cpu/quantize-inl.h"
#include "backend/cpu/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace intact::cpu::HWY_NAMESPACE {

template <class D>
HWY_INLINE VectorOf<D> load_values(D d, const float* from) {
  return hn::LoadU(d, from);
}
template <class D>
HWY_INLINE VectorOf<D> load_values(D d, const int8_t* from) {
  return load_float_codes(d, from);
}

// Four products of a row, to as many planes.
template <class D, class V>
HWY_INLINE void store_row(D d, V o0, V o1, V o2, V o3, float* out, int64_t plane) {
  hn::StoreU(o0, d, out);
  hn::StoreU(o1, d, out + plane);
  hn::StoreU(o2, d, out + 2 * plane);
  hn::StoreU(o3, d, out + 3 * plane);
}

// B^T of four values.
template <class V>
HWY_INLINE void spread_input(V a, V b, V c, V e, V& o0, V& o1, V& o2, V& o3) {
  o0 = hn::Sub(a, c);
  o1 = hn::Add(b, c);
  o2 = hn::Sub(c, b);
  o3 = hn::Sub(b, e);
}

// v of tiles [begin,end) from x; codes stay whole numbers. zeros: `channels` of them.
template <class T>
HWY_INLINE void spread_tiles(const WinogradTiles& tiles,
                             int64_t begin,
                             int64_t end,
                             const T* x,
                             const T* zeros,
                             float* v,
                             int64_t plane) {
  const int64_t channels = tiles.channels;
  for (int64_t tile = begin; tile < end; ++tile, v += channels) {
    const TilePixels pixels(tiles, position_of(tiles, tile), x, zeros);
    const auto& from = pixels.from;
    for_lanes(0, channels, [&](auto d, int64_t i) HWY_ATTR {
      VectorOf<decltype(d)> t[4][4];
#pragma GCC unroll 4
      for (int c = 0; c < 4; ++c) {
        spread_input(load_values(d, from[0][c] + i),
                     load_values(d, from[1][c] + i),
                     load_values(d, from[2][c] + i),
                     load_values(d, from[3][c] + i),
                     t[0][c],
                     t[1][c],
                     t[2][c],
                     t[3][c]);
      }
#pragma GCC unroll 4
      for (int r = 0; r < 4; ++r) {
        VectorOf<decltype(d)> o0, o1, o2, o3;
        spread_input(t[r][0], t[r][1], t[r][2], t[r][3], o0, o1, o2, o3);
        float* out = v + 4 * r * plane + i;
        store_row(d, o0, o1, o2, o3, out, plane);
      }
    });
  }
}

void spread_float_inputs(const WinogradTiles& tiles,
                         int64_t begin,
                         int64_t end,
                         const float* x,
                         const float* zeros,
                         float* v,
                         int64_t plane) {
  spread_tiles(tiles, begin, end, x, zeros, v, plane);
}
void spread_code_inputs(const WinogradTiles& tiles,
                        int64_t begin,
                        int64_t end,
                        const int8_t* x,
                        const int8_t* zeros,
                        float* v,
                        int64_t plane) {
  spread_tiles(tiles, begin, end, x, zeros, v, plane);
}

// G of three values.
template <class D, class V>
HWY_INLINE void spread_weight(D d, V a, V b, V c, V& o0, V& o1, V& o2, V& o3) {
  const auto half = hn::Set(d, 0.5f);
  const auto outer = hn::Add(a, c);
  o0 = a;
  o1 = hn::Mul(half, hn::Add(outer, b));
  o2 = hn::Mul(half, hn::Sub(outer, b));
  o3 = c;
}

// u rows of `ldu` floats from w [rows, 9, columns], whose taps are read backwards when flipped.
void spread_weights(int64_t rows,
                    int64_t columns,
                    bool is_flipped,
                    const float* w,
                    float* u,
                    int64_t ldu,
                    int64_t plane) {
  const int64_t step = is_flipped ? -columns : columns;
  for (int64_t row = 0; row < rows; ++row) {
    const float* first = w + row * kWinogradTaps * columns + (is_flipped ? 8 * columns : 0);
    for_lanes(0, columns, [&](auto d, int64_t i) HWY_ATTR {
      VectorOf<decltype(d)> t[4][3];
      const float* tap = first + i;
#pragma GCC unroll 3
      for (int c = 0; c < 3; ++c) {
        spread_weight(d,
                      hn::LoadU(d, tap + c * step),
                      hn::LoadU(d, tap + (3 + c) * step),
                      hn::LoadU(d, tap + (6 + c) * step),
                      t[0][c],
                      t[1][c],
                      t[2][c],
                      t[3][c]);
      }
#pragma GCC unroll 4
      for (int r = 0; r < 4; ++r) {
        VectorOf<decltype(d)> o0, o1, o2, o3;
        spread_weight(d, t[r][0], t[r][1], t[r][2], o0, o1, o2, o3);
        float* out = u + 4 * r * plane + row * ldu + i;
        store_row(d, o0, o1, o2, o3, out, plane);
      }
    });
  }
}

// y of tiles [begin,end) from m [16][tile][columns]: A^T m A. y has `channels` a pixel.
void gather_outputs(const WinogradTiles& tiles,
                    int64_t begin,
                    int64_t end,
                    int64_t columns,
                    const float* m,
                    int64_t plane,
                    float* y,
                    int64_t channels) {
  for (int64_t tile = begin; tile < end; ++tile, m += columns) {
    const TilePosition at = position_of(tiles, tile);
    float* to = y + ((at.image * tiles.oh + at.oy) * tiles.ow + at.ox) * channels;
    const bool has_right = at.ox + 1 < tiles.ow;
    const bool has_lower = at.oy + 1 < tiles.oh;
    float* lower = to + tiles.ow * channels;
    for_lanes(0, columns, [&](auto d, int64_t i) HWY_ATTR {
      VectorOf<decltype(d)> t[2][4];
#pragma GCC unroll 4
      for (int c = 0; c < 4; ++c) {
        const float* from = m + c * plane + i;
        const auto m1 = hn::LoadU(d, from + 4 * plane);
        const auto m2 = hn::LoadU(d, from + 8 * plane);
        t[0][c] = hn::Add(hn::Add(hn::LoadU(d, from), m1), m2);
        t[1][c] = hn::Sub(hn::Sub(m1, m2), hn::LoadU(d, from + 12 * plane));
      }
      const auto left = [&](int r) HWY_ATTR { return hn::Add(hn::Add(t[r][0], t[r][1]), t[r][2]); };
      const auto right = [&](int r)
                             HWY_ATTR { return hn::Sub(hn::Sub(t[r][1], t[r][2]), t[r][3]); };
      hn::StoreU(left(0), d, to + i);
      if (has_right) {
        hn::StoreU(right(0), d, to + channels + i);
      }
      if (has_lower) {
        hn::StoreU(left(1), d, lower + i);
        if (has_right) {
          hn::StoreU(right(1), d, lower + channels + i);
        }
      }
    });
  }
}

// A of two values.
template <class D, class V>
HWY_INLINE void spread_gradient(D d, V a, V b, V& o0, V& o1, V& o2, V& o3) {
  o0 = a;
  o1 = hn::Add(a, b);
  o2 = hn::Sub(a, b);
  o3 = hn::Sub(hn::Zero(d), b);
}

// m [16][tile][columns] of tiles [begin,end) from dy, which has `channels` a pixel.
void spread_gradients(const WinogradTiles& tiles,
                      int64_t begin,
                      int64_t end,
                      int64_t columns,
                      const float* dy,
                      int64_t channels,
                      const float* zeros,
                      float* m,
                      int64_t plane) {
  for (int64_t tile = begin; tile < end; ++tile, m += columns) {
    const TilePosition at = position_of(tiles, tile);
    const float* upper = dy + ((at.image * tiles.oh + at.oy) * tiles.ow + at.ox) * channels;
    const float* lower = at.oy + 1 < tiles.oh ? upper + tiles.ow * channels : zeros;
    const bool has_right = at.ox + 1 < tiles.ow;
    const float* upper_right = has_right ? upper + channels : zeros;
    const float* lower_right = has_right && lower != zeros ? lower + channels : zeros;
    for_lanes(0, columns, [&](auto d, int64_t i) HWY_ATTR {
      VectorOf<decltype(d)> t[4][2];
      spread_gradient(
          d, hn::LoadU(d, upper + i), hn::LoadU(d, lower + i), t[0][0], t[1][0], t[2][0], t[3][0]);
      spread_gradient(d,
                      hn::LoadU(d, upper_right + i),
                      hn::LoadU(d, lower_right + i),
                      t[0][1],
                      t[1][1],
                      t[2][1],
                      t[3][1]);
#pragma GCC unroll 4
      for (int r = 0; r < 4; ++r) {
        VectorOf<decltype(d)> o0, o1, o2, o3;
        spread_gradient(d, t[r][0], t[r][1], o0, o1, o2, o3);
        float* out = m + 4 * r * plane + i;
        store_row(d, o0, o1, o2, o3, out, plane);
      }
    });
  }
}

// G^T of four values.
template <class D, class V>
HWY_INLINE void gather_weight(D d, V a, V b, V c, V e, V& o0, V& o1, V& o2) {
  const auto half = hn::Set(d, 0.5f);
  const auto even = hn::Mul(half, hn::Add(b, c));
  o0 = hn::Add(a, even);
  o1 = hn::Mul(half, hn::Sub(b, c));
  o2 = hn::Add(even, e);
}

// dw [9, columns] = scale * (G^T u G) of one row of u.
void gather_weights(int64_t columns, const float* u, int64_t plane, float scale, float* dw) {
  for_lanes(0, columns, [&](auto d, int64_t i) HWY_ATTR {
    VectorOf<decltype(d)> t[3][4];
#pragma GCC unroll 4
    for (int c = 0; c < 4; ++c) {
      const float* from = u + c * plane + i;
      gather_weight(d,
                    hn::LoadU(d, from),
                    hn::LoadU(d, from + 4 * plane),
                    hn::LoadU(d, from + 8 * plane),
                    hn::LoadU(d, from + 12 * plane),
                    t[0][c],
                    t[1][c],
                    t[2][c]);
    }
    const auto factor = hn::Set(d, scale);
#pragma GCC unroll 3
    for (int r = 0; r < 3; ++r) {
      VectorOf<decltype(d)> o0, o1, o2;
      gather_weight(d, t[r][0], t[r][1], t[r][2], t[r][3], o0, o1, o2);
      float* out = dw + 3 * r * columns + i;
      hn::StoreU(hn::Mul(factor, o0), d, out);
      hn::StoreU(hn::Mul(factor, o1), d, out + columns);
      hn::StoreU(hn::Mul(factor, o2), d, out + 2 * columns);
    }
  });
}

}  // namespace intact::cpu::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace intact::cpu {

HWY_EXPORT(spread_float_inputs);
HWY_EXPORT(spread_code_inputs);
HWY_EXPORT(spread_weights);
HWY_EXPORT(gather_outputs);
HWY_EXPORT(spread_gradients);
HWY_EXPORT(gather_weights);

void spread_inputs(const WinogradTiles& tiles,
                   int64_t begin,
                   int64_t end,
                   const float* x,
                   const float* zeros,
                   float* v,
                   int64_t plane) {
  HWY_DYNAMIC_DISPATCH(spread_float_inputs)(tiles, begin, end, x, zeros, v, plane);
}

void spread_inputs(const WinogradTiles& tiles,
                   int64_t begin,
                   int64_t end,
                   const int8_t* x,
                   const int8_t* zeros,
                   float* v,
                   int64_t plane) {
  HWY_DYNAMIC_DISPATCH(spread_code_inputs)(tiles, begin, end, x, zeros, v, plane);
}

void spread_weights(int64_t rows,
                    int64_t columns,
                    bool is_flipped,
                    const float* w,
                    float* u,
                    int64_t ldu,
                    int64_t plane) {
  HWY_DYNAMIC_DISPATCH(spread_weights)(rows, columns, is_flipped, w, u, ldu, plane);
}

void gather_outputs(const WinogradTiles& tiles,
                    int64_t begin,
                    int64_t end,
                    int64_t columns,
                    const float* m,
                    int64_t plane,
                    float* y,
                    int64_t channels) {
  HWY_DYNAMIC_DISPATCH(gather_outputs)(tiles, begin, end, columns, m, plane, y, channels);
}

void spread_gradients(const WinogradTiles& tiles,
                      int64_t begin,
                      int64_t end,
                      int64_t columns,
                      const float* dy,
                      int64_t channels,
                      const float* zeros,
                      float* m,
                      int64_t plane) {
  HWY_DYNAMIC_DISPATCH(spread_gradients)(tiles, begin, end, columns, dy, channels, zeros, m, plane);
}

void gather_weights(int64_t columns, const float* u, int64_t plane, float scale, float* dw) {
  HWY_DYNAMIC_DISPATCH(gather_weights)(columns, u, plane, scale, dw);
}

}  // namespace intact::cpu
#endif
