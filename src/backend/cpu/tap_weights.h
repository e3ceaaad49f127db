#pragma once

#include <cstdint>

#include "backend/cpu/float_gemm.h"
#include "backend/cpu/tap_order.h"
#include "backend/cpu/transpose.h"

// A convolution's weights w [co,ci,taps] as the second matrix of its products, one a tap: copy()
// writes rows [row, row + row_count) and columns [column, column + columns) of all of them as
// [row_count, taps, columns].
namespace intact::cpu {

/// y = x * w: rows are input channels, columns output channels.
struct ForwardWeights {
  const float* w;
  int64_t ci;
  int64_t taps;
  static constexpr bool kIsOfGradient = false;

  void copy(int64_t row, int64_t row_count, int64_t column, int64_t columns, float* out) const {
    const float* from = w + (column * ci + row) * taps;
    transpose_block(columns, row_count * taps, from, ci * taps, out, columns);
  }
};

/// dx = dy * w: rows are output channels, columns input channels.
struct GradientWeights {
  const float* w;
  int64_t ci;
  int64_t taps;
  static constexpr bool kIsOfGradient = true;

  void copy(int64_t row, int64_t row_count, int64_t column, int64_t columns, float* out) const {
    for (int64_t r = 0; r < row_count; ++r) {
      const float* from = w + ((row + r) * ci + column) * taps;
      transpose_block(columns, taps, from, taps, out + r * taps * columns, columns);
    }
  }
};

/// The same of codes.
struct GradientCodes {
  const CodedOperand& w;
  int64_t ci;
  int64_t taps;
  static constexpr bool kIsOfGradient = true;

  void copy(int64_t row, int64_t row_count, int64_t column, int64_t columns, float* out) const {
    for (int64_t r = 0; r < row_count; ++r) {
      const int8_t* from = w.codes + ((row + r) * ci + column) * taps;
      const float scale = w.scale[(row + r) * w.scale_step];
      split_taps(columns, taps, from, scale, w.max, out + r * taps * columns, columns);
    }
  }
};

}  // namespace intact::cpu
