#include "backend/cpu/winograd.h"

#include <algorithm>

#include "backend/cpu/parts.h"
#include "backend/cpu/tap_weights.h"
#include "backend/cpu/transpose.h"
#include "backend/cpu/winograd_tiles.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "backend/cpu/winograd.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "backend/cpu/quantize-inl.h"
#include "backend/cpu/simd-inl.h"

// The transforms. Spread values are [16 products][tile or weight][channels], `plane` floats a
// product.
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
HWY_INLINE void spread_inputs(const WinogradTiles& tiles,
                              int64_t begin,
                              int64_t end,
                              const T* x,
                              const T* zeros,
                              float* v,
                              int64_t plane) {
  const int64_t channels = tiles.channels;
  for (int64_t tile = begin; tile < end; ++tile, v += channels) {
    const TilePosition at = position_of(tiles, tile);
    const T* from[4][4];
    for (int64_t r = 0; r < 4; ++r) {
      const int64_t iy = at.oy - tiles.pad_top + r;
      for (int64_t c = 0; c < 4; ++c) {
        const int64_t ix = at.ox - tiles.pad_left + c;
        const bool is_inside = iy >= 0 && iy < tiles.h && ix >= 0 && ix < tiles.w;
        from[r][c] = is_inside ? x + ((at.image * tiles.h + iy) * tiles.w + ix) * channels : zeros;
      }
    }
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
        hn::StoreU(o0, d, out);
        hn::StoreU(o1, d, out + plane);
        hn::StoreU(o2, d, out + 2 * plane);
        hn::StoreU(o3, d, out + 3 * plane);
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
  spread_inputs(tiles, begin, end, x, zeros, v, plane);
}
void spread_code_inputs(const WinogradTiles& tiles,
                        int64_t begin,
                        int64_t end,
                        const int8_t* x,
                        const int8_t* zeros,
                        float* v,
                        int64_t plane) {
  spread_inputs(tiles, begin, end, x, zeros, v, plane);
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
        hn::StoreU(o0, d, out);
        hn::StoreU(o1, d, out + plane);
        hn::StoreU(o2, d, out + 2 * plane);
        hn::StoreU(o3, d, out + 3 * plane);
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
        hn::StoreU(o0, d, out);
        hn::StoreU(o1, d, out + plane);
        hn::StoreU(o2, d, out + 2 * plane);
        hn::StoreU(o3, d, out + 3 * plane);
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

namespace {

constexpr int64_t kWeightFloats = 1 << 20;  // of spread weights at a time: 4 MiB
constexpr int64_t kTileFloats = 2 << 20;    // of spread inputs and outputs

// WinogradTiles and output channels are taken in blocks: tiles outside, channels inside.
struct Blocks {
  int64_t tiles = 0;     // a block
  int64_t channels = 0;  // a block
  int64_t panel = 0;     // floats of one product's
};

Blocks blocks_of(const WinogradTiles& tiles, int64_t out_channels, int64_t depth_limit) {
  Blocks blocks;
  const int64_t fitting = kWeightFloats / (kWinogradProducts * tiles.channels) / 64 * 64;
  blocks.channels = std::clamp<int64_t>(fitting, std::min<int64_t>(64, out_channels), out_channels);
  const int64_t floats_a_tile = kWinogradProducts * (tiles.channels + blocks.channels);
  blocks.tiles = std::clamp<int64_t>(kTileFloats / floats_a_tile / 6 * 6, 6, tiles.count());
  blocks.panel = float_gemm_panel_floats(depth_limit > 0 ? depth_limit : blocks.tiles);
  return blocks;
}

// [zeros][spread inputs][spread outputs][spread weights][panels]
struct Areas {
  float* zeros;
  float* inputs;
  float* outputs;
  float* weights;
  float* panels;
};

int64_t aligned(int64_t floats) {
  return ceil_div(floats, 16) * 16;
}

int64_t zero_floats(const WinogradTiles& tiles, int64_t out_channels) {
  return aligned(std::max(tiles.channels, out_channels));
}

int64_t area_floats(const WinogradTiles& tiles, int64_t out_channels, const Blocks& blocks) {
  return zero_floats(tiles, out_channels) +
         aligned(kWinogradProducts * blocks.tiles * tiles.channels) +
         aligned(kWinogradProducts * blocks.tiles * blocks.channels) +
         aligned(kWinogradProducts * tiles.channels * blocks.channels) +
         kWinogradProducts * blocks.panel;
}

Areas areas_of(const WinogradTiles& tiles,
               int64_t out_channels,
               const Blocks& blocks,
               float* workspace) {
  Areas areas{};
  areas.zeros = workspace;
  areas.inputs = areas.zeros + zero_floats(tiles, out_channels);
  areas.outputs = areas.inputs + aligned(kWinogradProducts * blocks.tiles * tiles.channels);
  areas.weights = areas.outputs + aligned(kWinogradProducts * blocks.tiles * blocks.channels);
  areas.panels = areas.weights + aligned(kWinogradProducts * tiles.channels * blocks.channels);
  std::fill(areas.zeros, areas.inputs, 0.0f);
  return areas;
}

WinogradTiles input_tiles(const ConvShape& s) {
  return {.n = s.n,
          .h = s.h,
          .w = s.w,
          .channels = s.ci,
          .pad_top = s.pad_top,
          .pad_left = s.pad_left,
          .oh = s.oh,
          .ow = s.ow};
}

// The data gradient is a convolution of dy with flipped weights.
WinogradTiles gradient_tiles(const ConvShape& s) {
  return {.n = s.n,
          .h = s.oh,
          .w = s.ow,
          .channels = s.co,
          .pad_top = 2 - s.pad_top,
          .pad_left = 2 - s.pad_left,
          .oh = s.h,
          .ow = s.w};
}

void spread_inputs(
    const WinogradTiles& tiles, Range range, const float* x, const Areas& areas, int64_t plane) {
  for_row_parts(
      range.end - range.begin, kWinogradProducts * tiles.channels, [&](int64_t begin, int64_t end) {
        HWY_DYNAMIC_DISPATCH(spread_float_inputs)
        (tiles,
         range.begin + begin,
         range.begin + end,
         x,
         areas.zeros,
         areas.inputs + begin * tiles.channels,
         plane);
      });
}

void spread_inputs(
    const WinogradTiles& tiles, Range range, const int8_t* x, const Areas& areas, int64_t plane) {
  for_row_parts(
      range.end - range.begin, kWinogradProducts * tiles.channels, [&](int64_t begin, int64_t end) {
        HWY_DYNAMIC_DISPATCH(spread_code_inputs)
        (tiles,
         range.begin + begin,
         range.begin + end,
         x,
         reinterpret_cast<const int8_t*>(areas.zeros),
         areas.inputs + begin * tiles.channels,
         plane);
      });
}

// Calls body(first row, rows, first column, columns) on small blocks of a matrix of weights, rows
// in parallel.
constexpr int64_t kBlockRows = 8;
constexpr int64_t kBlockColumns = 64;
template <class Body>
void for_weight_blocks(int64_t rows, int64_t columns, const Body& body) {
  const int64_t units = ceil_div(rows, kBlockRows);
  for_row_parts(units, kBlockRows * kWinogradProducts * columns, [&](int64_t begin, int64_t end) {
    for (int64_t unit = begin; unit < end; ++unit) {
      const int64_t row = unit * kBlockRows;
      for (int64_t column = 0; column < columns; column += kBlockColumns) {
        body(row,
             std::min(kBlockRows, rows - row),
             column,
             std::min(kBlockColumns, columns - column));
      }
    }
  });
}

// y = the convolution of x; `out_channels` of them.
template <class Weights>
void convolve(const WinogradTiles& tiles,
              int64_t out_channels,
              const float* x,
              const Weights& weights,
              float* y,
              float* workspace) {
  const Blocks blocks = blocks_of(tiles, out_channels, tiles.channels);
  const Areas areas = areas_of(tiles, out_channels, blocks, workspace);
  const int64_t depth = tiles.channels;
  const int64_t input_plane = blocks.tiles * depth;
  const int64_t output_plane = blocks.tiles * blocks.channels;
  const int64_t weight_plane = depth * blocks.channels;
  for (int64_t tile = 0; tile < tiles.count(); tile += blocks.tiles) {
    const Range range{tile, std::min(tile + blocks.tiles, tiles.count())};
    spread_inputs(tiles, range, x, areas, input_plane);
    for (int64_t first = 0; first < out_channels; first += blocks.channels) {
      const int64_t channels = std::min(blocks.channels, out_channels - first);
      if (tile == 0 || blocks.channels < out_channels) {
        for_weight_blocks(
            depth, channels, [&](int64_t row, int64_t rows, int64_t column, int64_t columns) {
              float block[kBlockRows * kWinogradTaps * kBlockColumns];
              weights.copy(row, rows, first + column, columns, block);
              HWY_DYNAMIC_DISPATCH(spread_weights)
              (rows,
               columns,
               Weights::kIsOfGradient,
               block,
               areas.weights + row * channels + column,
               channels,
               weight_plane);
            });
      }
      parallel_for(kWinogradProducts, [&](int64_t product) {
        float_gemm({.m = range.end - range.begin,
                    .n = channels,
                    .k = depth,
                    .a = areas.inputs + product * input_plane,
                    .lda = depth,
                    .b = areas.weights + product * weight_plane,
                    .ldb = channels,
                    .c = areas.outputs + product * output_plane,
                    .ldc = channels},
                   areas.panels + product * blocks.panel);
      });
      for_row_parts(
          range.end - range.begin, kWinogradProducts * channels, [&](int64_t begin, int64_t end) {
            HWY_DYNAMIC_DISPATCH(gather_outputs)
            (tiles,
             range.begin + begin,
             range.begin + end,
             channels,
             areas.outputs + begin * channels,
             output_plane,
             y + first,
             out_channels);
          });
    }
  }
}

// dw of x, times scale.
template <class T>
void weight_gradient(
    const ConvShape& s, const T* x, float scale, const float* dy, float* dw, float* workspace) {
  const WinogradTiles tiles = input_tiles(s);
  const Blocks blocks = blocks_of(tiles, s.co, 0);
  const Areas areas = areas_of(tiles, s.co, blocks, workspace);
  const int64_t input_plane = blocks.tiles * s.ci;
  const int64_t output_plane = blocks.tiles * blocks.channels;
  const int64_t weight_plane = s.ci * blocks.channels;
  for (int64_t first = 0; first < s.co; first += blocks.channels) {
    const int64_t channels = std::min(blocks.channels, s.co - first);
    for (int64_t tile = 0; tile < tiles.count(); tile += blocks.tiles) {
      const Range range{tile, std::min(tile + blocks.tiles, tiles.count())};
      const int64_t count = range.end - range.begin;
      if (first == 0 || blocks.tiles < tiles.count()) {
        spread_inputs(tiles, range, x, areas, input_plane);
      }
      for_row_parts(count, kWinogradProducts * channels, [&](int64_t begin, int64_t end) {
        HWY_DYNAMIC_DISPATCH(spread_gradients)
        (tiles,
         range.begin + begin,
         range.begin + end,
         channels,
         dy + first,
         s.co,
         areas.zeros,
         areas.outputs + begin * channels,
         output_plane);
      });
      parallel_for(kWinogradProducts, [&](int64_t product) {
        float_gemm({.transpose_a = true,
                    .m = channels,
                    .n = s.ci,
                    .k = count,
                    .a = areas.outputs + product * output_plane,
                    .lda = channels,
                    .b = areas.inputs + product * input_plane,
                    .ldb = s.ci,
                    .beta = tile == 0 ? 0.0f : 1.0f,
                    .c = areas.weights + product * weight_plane,
                    .ldc = s.ci},
                   areas.panels + product * blocks.panel);
      });
    }
    for_weight_blocks(
        channels, s.ci, [&](int64_t row, int64_t rows, int64_t column, int64_t columns) {
          float block[kWinogradTaps * kBlockColumns];
          for (int64_t r = row; r < row + rows; ++r) {
            HWY_DYNAMIC_DISPATCH(gather_weights)
            (columns, areas.weights + r * s.ci + column, weight_plane, scale, block);
            transpose_block(kWinogradTaps,
                            columns,
                            block,
                            columns,
                            dw + ((first + r) * s.ci + column) * kWinogradTaps,
                            kWinogradTaps);
          }
        });
  }
}

}  // namespace

bool is_winograd_conv(const ConvShape& s) {
  constexpr int64_t kMinChannels = 32;
  constexpr int64_t kMinTiles = 48;
  const bool is_square = s.kh == 3 && s.kw == 3 && s.stride_h == 1 && s.stride_w == 1 &&
                         s.dilation_h == 1 && s.dilation_w == 1;
  const bool is_padded_little = std::max({s.pad_top, s.pad_bottom, s.pad_left, s.pad_right}) <= 2;
  return is_square && is_padded_little && s.groups == 1 && !s.holds_codes && s.ci >= kMinChannels &&
         s.co >= kMinChannels && input_tiles(s).count() >= kMinTiles;
}

int64_t winograd_workspace_floats(const ConvShape& s, ConvPass pass) {
  const bool is_data = pass == ConvPass::BackwardData;
  const WinogradTiles tiles = is_data ? gradient_tiles(s) : input_tiles(s);
  const int64_t out_channels = is_data ? s.ci : s.co;
  const int64_t depth = pass == ConvPass::BackwardWeight ? 0 : tiles.channels;
  return area_floats(tiles, out_channels, blocks_of(tiles, out_channels, depth));
}

void winograd_forward(
    const ConvShape& s, const float* x, const float* w, float* y, float* workspace) {
  convolve(input_tiles(s), s.co, x, ForwardWeights{w, s.ci, kWinogradTaps}, y, workspace);
}

void winograd_backward_data(
    const ConvShape& s, const float* dy, const float* w, float* dx, float* workspace) {
  convolve(gradient_tiles(s), s.ci, dy, GradientWeights{w, s.ci, kWinogradTaps}, dx, workspace);
}

void winograd_backward_data_codes(
    const ConvShape& s, const float* dy, const CodedOperand& w, float* dx, float* workspace) {
  convolve(gradient_tiles(s), s.ci, dy, GradientCodes{w, s.ci, kWinogradTaps}, dx, workspace);
}

void winograd_backward_weight(
    const ConvShape& s, const float* x, const float* dy, float* dw, float* workspace) {
  weight_gradient(s, x, 1.0f, dy, dw, workspace);
}

void winograd_backward_weight_codes(
    const ConvShape& s, const CodedOperand& x, const float* dy, float* dw, float* workspace) {
  weight_gradient(s, x.codes, x.scale[0] / x.max, dy, dw, workspace);
}

}  // namespace intact::cpu
#endif
