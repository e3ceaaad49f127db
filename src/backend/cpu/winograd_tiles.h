#pragma once

#include <cstdint>

#include "backend/cpu/parts.h"

// What the transforms of winograd.cc share with its loops.
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

struct TilePosition {
  int64_t image;
  int64_t oy;
  int64_t ox;
};

inline TilePosition position_of(const WinogradTiles& tiles, int64_t tile) {
  const int64_t row = tile / tiles.columns();
  return {row / tiles.rows(), row % tiles.rows() * 2, tile % tiles.columns() * 2};
}

}  // namespace intact::cpu
