#include "backend/cpu/conv_small_map.h"

#include <algorithm>
#include <array>

#include "backend/cpu/parts.h"
#include "backend/cpu/tap_weights.h"

namespace intact::cpu {
namespace {

constexpr int64_t kMaxPixels = 64;
constexpr int64_t kMaxTaps = 9;
constexpr int64_t kColumns = 64;      // of a part
constexpr int64_t kWeightRows = 192;  // of a part of the weight gradient

// An output pixel and an input pixel that tap `tap` multiplies.
struct PixelPair {
  int64_t tap;
  int64_t x;
  int64_t y;
};

struct PixelPairs {
  int64_t count = 0;
  std::array<PixelPair, kMaxTaps * kMaxPixels> pairs;  // by tap, then by y

  const PixelPair* begin() const { return pairs.data(); }
  const PixelPair* end() const { return pairs.data() + count; }
};

bool has_few_pixels(const ConvShape& s) {
  return s.kh * s.kw <= kMaxTaps && s.h * s.w <= kMaxPixels && s.oh * s.ow <= kMaxPixels;
}

PixelPairs pairs_of(const ConvShape& s) {
  PixelPairs out;
  for (int64_t ky = 0; ky < s.kh; ++ky) {
    for (int64_t kx = 0; kx < s.kw; ++kx) {
      for (int64_t oy = 0; oy < s.oh; ++oy) {
        for (int64_t ox = 0; ox < s.ow; ++ox) {
          const int64_t iy = oy * s.stride_h - s.pad_top + ky * s.dilation_h;
          const int64_t ix = ox * s.stride_w - s.pad_left + kx * s.dilation_w;
          if (iy >= 0 && iy < s.h && ix >= 0 && ix < s.w) {
            out.pairs[static_cast<size_t>(out.count++)] = {
                ky * s.kw + kx, iy * s.w + ix, oy * s.ow + ox};
          }
        }
      }
    }
  }
  return out;
}

// Tensors [n, pixels, channels] that the data products read and write.
struct Side {
  int64_t pixels;
  int64_t channels;
};

int64_t depth_block(int64_t depth) {
  return std::min(depth, kFloatGemmDepth);
}

int64_t data_part_floats(int64_t depth, int64_t taps) {
  return depth_block(depth) * taps * kColumns + float_gemm_panel_floats(kFloatGemmDepth);
}

int64_t weight_part_floats(int64_t taps) {
  return taps * kWeightRows * kColumns + float_gemm_panel_floats(kFloatGemmDepth);
}

int64_t data_parts(int64_t columns) {
  return ceil_div(columns, kColumns);
}

int64_t weight_parts(const ConvShape& s) {
  return ceil_div(s.ci, kColumns) * ceil_div(s.co, kWeightRows);
}

// out = the products of `in` by the weights, a part of the columns; target(pair) and source(pair)
// are the pixels of out and in.
template <class Weights, class Source, class Target>
void multiply_columns(const PixelPairs& pairs,
                      int64_t images,
                      const Side& in_side,
                      const Side& out_side,
                      Range columns,
                      const float* in,
                      const Weights& weights,
                      const Source& source,
                      const Target& target,
                      float* out,
                      float* workspace) {
  const int64_t width = columns.end - columns.begin;
  float* panel = workspace + depth_block(in_side.channels) * weights.taps * kColumns;
  std::array<bool, kMaxPixels> is_written{};
  for (int64_t begin = 0; begin < in_side.channels; begin += kFloatGemmDepth) {
    const int64_t depth = std::min(kFloatGemmDepth, in_side.channels - begin);
    weights.copy(begin, depth, columns.begin, width, workspace);
    for (const PixelPair* first = pairs.begin(); first != pairs.end();) {
      std::array<FloatGemmRows, kMaxPixels> rows;
      int64_t count = 0;
      const int64_t tap = first->tap;
      for (; first != pairs.end() && first->tap == tap; ++first) {
        bool& accumulates = is_written[static_cast<size_t>(target(*first))];
        rows[static_cast<size_t>(count++)] = {
            .a = in + source(*first) * in_side.channels + begin,
            .c = out + target(*first) * out_side.channels + columns.begin,
            .beta = accumulates ? 1.0f : 0.0f};
        accumulates = true;
      }
      float_gemm_rows({.m = images,
                       .n = width,
                       .k = depth,
                       .lda = in_side.pixels * in_side.channels,
                       .b = workspace + tap * width,
                       .ldb = weights.taps * width,
                       .ldc = out_side.pixels * out_side.channels},
                      rows.data(),
                      count,
                      panel);
    }
  }
  for (int64_t pixel = 0; pixel < out_side.pixels; ++pixel) {
    if (is_written[static_cast<size_t>(pixel)]) {
      continue;
    }
    for (int64_t image = 0; image < images; ++image) {
      std::fill_n(
          out + (image * out_side.pixels + pixel) * out_side.channels + columns.begin, width, 0.0f);
    }
  }
}

template <class Weights, class Source, class Target>
void multiply(const ConvShape& s,
              const Side& in_side,
              const Side& out_side,
              const float* in,
              const Weights& weights,
              const Source& source,
              const Target& target,
              float* out,
              float* workspace) {
  const PixelPairs pairs = pairs_of(s);
  const int64_t parts = data_parts(out_side.channels);
  const int64_t part_floats = data_part_floats(in_side.channels, weights.taps);
  parallel_for(parts, [&](int64_t part) {
    const Range columns{part * kColumns, std::min((part + 1) * kColumns, out_side.channels)};
    multiply_columns(pairs,
                     s.n,
                     in_side,
                     out_side,
                     columns,
                     in,
                     weights,
                     source,
                     target,
                     out,
                     workspace + part * part_floats);
  });
}

template <class Weights>
void data_gradient(
    const ConvShape& s, const float* dy, const Weights& weights, float* dx, float* workspace) {
  multiply(
      s,
      {s.oh * s.ow, s.co},
      {s.h * s.w, s.ci},
      dy,
      weights,
      [](const PixelPair& pair) { return pair.y; },
      [](const PixelPair& pair) { return pair.x; },
      dx,
      workspace);
}

// set_b(gemm, offset in x).
template <class SetB>
void weight_gradient(
    const ConvShape& s, const SetB& set_b, const float* dy, float* dw, float* workspace) {
  const PixelPairs pairs = pairs_of(s);
  const int64_t taps = s.kh * s.kw;
  const int64_t column_parts = ceil_div(s.ci, kColumns);
  parallel_for(weight_parts(s), [&](int64_t part) {
    const int64_t column = part % column_parts * kColumns;
    const int64_t row = part / column_parts * kWeightRows;
    const int64_t columns = std::min(kColumns, s.ci - column);
    const int64_t rows = std::min(kWeightRows, s.co - row);
    float* sums = workspace + part * weight_part_floats(taps);  // [taps, rows, columns]
    float* panel = sums + taps * kWeightRows * kColumns;
    std::array<bool, kMaxTaps> is_written{};
    for (const PixelPair& pair : pairs) {
      bool& accumulates = is_written[static_cast<size_t>(pair.tap)];
      FloatGemm gemm{.transpose_a = true,
                     .m = rows,
                     .n = columns,
                     .k = s.n,
                     .a = dy + pair.y * s.co + row,
                     .lda = s.oh * s.ow * s.co,
                     .ldb = s.h * s.w * s.ci,
                     .beta = accumulates ? 1.0f : 0.0f,
                     .c = sums + pair.tap * rows * columns,
                     .ldc = columns};
      set_b(gemm, pair.x * s.ci + column);
      float_gemm(gemm, panel);
      accumulates = true;
    }
    for (int64_t tap = 0; tap < taps; ++tap) {
      if (!is_written[static_cast<size_t>(tap)]) {
        std::fill_n(sums + tap * rows * columns, rows * columns, 0.0f);
      }
    }
    for (int64_t r = 0; r < rows; ++r) {
      transpose_block(taps,
                      columns,
                      sums + r * columns,
                      rows * columns,
                      dw + ((row + r) * s.ci + column) * taps,
                      taps);
    }
  });
}

}  // namespace

bool is_small_map_conv(const ConvShape& s) {
  constexpr int64_t kMinChannels = 32;
  constexpr int64_t kMinImages = 16;
  constexpr int64_t kTile = 2;             // winograd.h's
  constexpr int64_t kProductsOfTile = 16;  // for kTile * kTile outputs
  if (s.groups != 1 || s.ci < kMinChannels || s.co < kMinChannels || s.n < kMinImages ||
      s.kh * s.kw == 1 || s.oh * s.ow > 16 || !has_few_pixels(s)) {
    return false;
  }
  const bool is_plain = s.stride_h == 1 && s.stride_w == 1;
  const int64_t tiles = ceil_div(s.oh, kTile) * ceil_div(s.ow, kTile);
  return !is_plain || pairs_of(s).count <= kProductsOfTile * tiles;
}

int64_t small_map_conv_workspace_floats(const ConvShape& s) {
  const int64_t taps = s.kh * s.kw;
  return std::max({data_parts(s.co) * data_part_floats(s.ci, taps),
                   data_parts(s.ci) * data_part_floats(s.co, taps),
                   weight_parts(s) * weight_part_floats(taps)});
}

void small_map_conv_forward(
    const ConvShape& s, const float* x, const float* w, float* y, float* workspace) {
  multiply(
      s,
      {s.h * s.w, s.ci},
      {s.oh * s.ow, s.co},
      x,
      ForwardWeights{w, s.ci, s.kh * s.kw},
      [](const PixelPair& pair) { return pair.x; },
      [](const PixelPair& pair) { return pair.y; },
      y,
      workspace);
}

void small_map_conv_backward_data(
    const ConvShape& s, const float* dy, const float* w, float* dx, float* workspace) {
  data_gradient(s, dy, GradientWeights{w, s.ci, s.kh * s.kw}, dx, workspace);
}

void small_map_conv_backward_data_codes(
    const ConvShape& s, const float* dy, const CodedOperand& w, float* dx, float* workspace) {
  data_gradient(s, dy, GradientCodes{w, s.ci, s.kh * s.kw}, dx, workspace);
}

void small_map_conv_backward_weight(
    const ConvShape& s, const float* x, const float* dy, float* dw, float* workspace) {
  const auto set_b = [x](FloatGemm& gemm, int64_t offset) { gemm.b = x + offset; };
  weight_gradient(s, set_b, dy, dw, workspace);
}

void small_map_conv_backward_weight_codes(
    const ConvShape& s, const CodedOperand& x, const float* dy, float* dw, float* workspace) {
  const auto set_b = [&x](FloatGemm& gemm, int64_t offset) { gemm.set_b(x.codes + offset, x); };
  weight_gradient(s, set_b, dy, dw, workspace);
}

}  // namespace intact::cpu
