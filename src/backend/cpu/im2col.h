#pragma once

#include <algorithm>
#include <cstdint>

#include "backend/cpu/conv_shape.h"
#include "base/parallel.h"

// col holds, for each output pixel of the output rows [rows.begin,rows.end) of n*oh, the inputs it
// reads in the order (ky,kx,i): [pixels, kh*kw*(ci/groups)]. Both run on all threads.
namespace intact::cpu {

/// first_channel: where the group's input channels begin. Inputs in the padding are 0. T: float, or
/// int8_t for codes.
template <class T>
void im2col(const ConvShape& shape, const Range& rows, int64_t first_channel, const T* x, T* col);

/// dx += the transpose of im2col applied to col, for the group's channels.
void col2im(
    const ConvShape& shape, const Range& rows, int64_t first_channel, const float* col, float* dx);

/// col entries of one output row; each pixel's are followed by `pad` zeros. Copies runs of kx whose
/// inputs are adjacent (dilation 1, all channels) at once.
template <class T>
void im2col_row(
    const ConvShape& s, int64_t row, int64_t first_channel, int64_t pad, const T* x, T* col) {
  const int64_t channels = s.ci / s.groups;
  const T* image = x + row / s.oh * s.h * s.w * s.ci + first_channel;
  const bool is_run = s.dilation_w == 1 && channels == s.ci;
  for (int64_t ox = 0; ox < s.ow; ++ox) {
    const int64_t ix0 = ox * s.stride_w - s.pad_left;
    for (int64_t ky = 0; ky < s.kh; ++ky) {
      const int64_t iy = row % s.oh * s.stride_h - s.pad_top + ky * s.dilation_h;
      if (iy < 0 || iy >= s.h) {
        col = std::fill_n(col, s.kw * channels, T{});
        continue;
      }
      const T* x_row = image + iy * s.w * s.ci;
      if (is_run && ix0 >= 0 && ix0 + s.kw <= s.w) {
        col = std::copy_n(x_row + ix0 * s.ci, s.kw * channels, col);
        continue;
      }
      for (int64_t kx = 0; kx < s.kw; ++kx) {
        const int64_t ix = ix0 + kx * s.dilation_w;
        col = ix >= 0 && ix < s.w ? std::copy_n(x_row + ix * s.ci, channels, col)
                                  : std::fill_n(col, channels, T{});
      }
    }
    col = std::fill_n(col, pad, T{});
  }
}

}  // namespace intact::cpu
