#pragma once

#include <algorithm>
#include <cstdint>

#include "backend/cpu/conv_shape.h"
#include "backend/cpu/parts.h"

// The transforms of F(2x2,3x3). Spread values are [16 products][tile or weight][channels], `plane`
// floats a product; zeros: as many as there are channels.
namespace intact::cpu {

inline constexpr int64_t kWinogradProducts = 16;  // of a tile: 4x4
inline constexpr int64_t kWinogradTaps = 9;

/// What tiles read: `map` is [n,h,w,channels]; tile (ty,tx) of an image begins at row 2*ty -
/// pad_top and column 2*tx - pad_left, and gives the outputs (2*ty, 2*tx) and on of oh x ow.
struct WinogradTiles {
  int64_t n = 0;
  int64_t h = 0;
  int64_t w = 0;
  int64_t channels = 0;
  int64_t pad_top = 0;
  int64_t pad_left = 0;
  int64_t oh = 0;
  int64_t ow = 0;

  int64_t rows() const { return ceil_div(oh, 2); }
  int64_t columns() const { return ceil_div(ow, 2); }
  int64_t count() const { return n * rows() * columns(); }
};

/// What y's tiles read of x.
inline WinogradTiles input_tiles(const ConvShape& s) {
  return {.n = s.n,
          .h = s.h,
          .w = s.w,
          .channels = s.ci,
          .pad_top = s.pad_top,
          .pad_left = s.pad_left,
          .oh = s.oh,
          .ow = s.ow};
}

/// True for what F(2x2,3x3) can compute: 3x3, stride 1, one group, and tiles enough.
inline bool has_winograd_form(const ConvShape& s) {
  constexpr int64_t kMinTiles = 48;
  const bool is_square = s.kh == 3 && s.kw == 3 && s.stride_h == 1 && s.stride_w == 1 &&
                         s.dilation_h == 1 && s.dilation_w == 1;
  const bool is_padded_little = std::max({s.pad_top, s.pad_bottom, s.pad_left, s.pad_right}) <= 2;
  return is_square && is_padded_little && s.groups == 1 && input_tiles(s).count() >= kMinTiles;
}

/// Channels on both sides from which the products outweigh the transforms.
inline constexpr int64_t kMinWinogradChannels = 32;

struct TilePosition {
  int64_t image;
  int64_t oy;
  int64_t ox;
};

inline TilePosition position_of(const WinogradTiles& tiles, int64_t tile) {
  const int64_t row = tile / tiles.columns();
  return {row / tiles.rows(), row % tiles.rows() * 2, tile % tiles.columns() * 2};
}

/// The 16 pixels of x that the tile at `at` reads, or `zeros` outside.
template <class T>
struct TilePixels {
  const T* from[4][4];

  TilePixels(const WinogradTiles& tiles, const TilePosition& at, const T* x, const T* zeros) {
    for (int64_t r = 0; r < 4; ++r) {
      const int64_t iy = at.oy - tiles.pad_top + r;
      for (int64_t c = 0; c < 4; ++c) {
        const int64_t ix = at.ox - tiles.pad_left + c;
        const bool is_inside = iy >= 0 && iy < tiles.h && ix >= 0 && ix < tiles.w;
        from[r][c] =
            is_inside ? x + ((at.image * tiles.h + iy) * tiles.w + ix) * tiles.channels : zeros;
      }
    }
  }
};

/// v of tiles [begin,end) from x: B^T x B. Codes stay whole numbers.
void spread_inputs(const WinogradTiles& tiles,
                   int64_t begin,
                   int64_t end,
                   const float* x,
                   const float* zeros,
                   float* v,
                   int64_t plane);
void spread_inputs(const WinogradTiles& tiles,
                   int64_t begin,
                   int64_t end,
                   const int8_t* x,
                   const int8_t* zeros,
                   float* v,
                   int64_t plane);
/// u, rows of `ldu` floats, from w [rows, 9, columns], whose taps are read backwards when flipped.
void spread_weights(int64_t rows,
                    int64_t columns,
                    bool is_flipped,
                    const float* w,
                    float* u,
                    int64_t ldu,
                    int64_t plane);
/// y of tiles [begin,end) from m [16][tile][columns]: A^T m A. y has `channels` a pixel.
void gather_outputs(const WinogradTiles& tiles,
                    int64_t begin,
                    int64_t end,
                    int64_t columns,
                    const float* m,
                    int64_t plane,
                    float* y,
                    int64_t channels);
/// m [16][tile][columns] of tiles [begin,end) from dy, which has `channels` a pixel.
void spread_gradients(const WinogradTiles& tiles,
                      int64_t begin,
                      int64_t end,
                      int64_t columns,
                      const float* dy,
                      int64_t channels,
                      const float* zeros,
                      float* m,
                      int64_t plane);
/// dw [9, columns] = scale * (G^T u G) of one row of u.
void gather_weights(int64_t columns, const float* u, int64_t plane, float scale, float* dw);

}  // namespace intact::cpu
