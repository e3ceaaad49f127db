#include "backend/cpu/im2col.h"

#include <algorithm>

#include "backend/cpu/parts.h"

namespace intact::cpu {
namespace {

// Adds to the input row iy of image n all col entries of output rows `rows` that read it, in the
// order (ky, ox, kx).
void col2im_row(const ConvShape& s,
                const Range& rows,
                int64_t n,
                int64_t iy,
                int64_t first_channel,
                const float* col,
                float* dx) {
  const int64_t channels = s.ci / s.groups;
  const int64_t depth = s.kh * s.kw * channels;
  float* dx_row = dx + (n * s.h + iy) * s.w * s.ci + first_channel;
  for (int64_t ky = 0; ky < s.kh; ++ky) {
    const int64_t scaled = iy + s.pad_top - ky * s.dilation_h;
    const int64_t row = n * s.oh + scaled / s.stride_h;
    if (scaled < 0 || scaled % s.stride_h != 0 || scaled / s.stride_h >= s.oh || row < rows.begin ||
        row >= rows.end) {
      continue;
    }
    const float* col_row = col + (row - rows.begin) * s.ow * depth + ky * s.kw * channels;
    for (int64_t ox = 0; ox < s.ow; ++ox) {
      for (int64_t kx = 0; kx < s.kw; ++kx) {
        const int64_t ix = ox * s.stride_w - s.pad_left + kx * s.dilation_w;
        if (ix < 0 || ix >= s.w) {
          continue;
        }
        const float* from = col_row + ox * depth + kx * channels;
        float* to = dx_row + ix * s.ci;
        for (int64_t i = 0; i < channels; ++i) {
          to[i] += from[i];
        }
      }
    }
  }
}

}  // namespace

template <class T>
void im2col(const ConvShape& s, const Range& rows, int64_t first_channel, const T* x, T* col) {
  const int64_t row_floats = s.ow * s.kh * s.kw * (s.ci / s.groups);
  for_row_parts(rows.end - rows.begin, row_floats, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      im2col_row(s, rows.begin + row, first_channel, 0, x, col + row * row_floats);
    }
  });
}

template void im2col(const ConvShape&, const Range&, int64_t, const float*, float*);
template void im2col(const ConvShape&, const Range&, int64_t, const int8_t*, int8_t*);

void col2im(
    const ConvShape& s, const Range& rows, int64_t first_channel, const float* col, float* dx) {
  const int64_t first_image = rows.begin / s.oh;
  const int64_t images = ceil_div(rows.end, s.oh) - first_image;
  const int64_t row_floats = s.w * s.kh * s.kw * (s.ci / s.groups);
  for_row_parts(images * s.h, row_floats, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      col2im_row(s, rows, first_image + row / s.h, row % s.h, first_channel, col, dx);
    }
  });
}

}  // namespace intact::cpu
