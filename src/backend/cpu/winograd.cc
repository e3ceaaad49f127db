#include "backend/cpu/winograd.h"

#include <algorithm>

#include "backend/cpu/parts.h"
#include "backend/cpu/tap_weights.h"
#include "backend/cpu/transpose.h"
#include "backend/cpu/winograd_transforms.h"

namespace intact::cpu {
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
        cpu::spread_inputs(tiles,
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
        cpu::spread_inputs(tiles,
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
              spread_weights(rows,
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
            gather_outputs(tiles,
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
        spread_gradients(tiles,
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
            gather_weights(columns, areas.weights + r * s.ci + column, weight_plane, scale, block);
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
  return has_winograd_form(s) && !s.holds_codes && std::min(s.ci, s.co) >= kMinWinogradChannels;
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
