#include "backend/cpu/integer_conv.h"

#include <algorithm>
#include <cstring>

#include "backend/cpu/parts.h"

namespace intact::cpu {
namespace {

constexpr int64_t kTilePixels = 96;  // rows of a GEMM whose inputs are gathered in cache
constexpr int64_t kParts = 16;

int64_t depth_of(const ConvShape& s) {
  return packed_weights_depth(s.kh * s.kw * s.ci);
}

int64_t pixels_of(const ConvShape& s) {
  return s.n * s.oh * s.ow;
}

bool is_pointwise(const ConvShape& s) {
  return s.kh == 1 && s.kw == 1 && s.stride_h == 1 && s.stride_w == 1 && s.oh == s.h && s.ow == s.w;
}

/// Few pixels: gather all of them, then split the GEMM by columns, too.
bool is_small(const ConvShape& s) {
  return pixels_of(s) < 2 * kTilePixels;
}

// The inputs of one output pixel in the order (ky,kx,i), then zeros up to the depth.
void gather_pixel(const IntegerConv& conv, int64_t pixel, uint8_t* row) {
  const ConvShape& s = conv.shape;
  const int64_t oy = pixel / s.ow % s.oh;
  const int64_t left = pixel % s.ow * s.stride_w - s.pad_left;
  const uint8_t* image = conv.x + pixel / s.ow / s.oh * s.h * s.w * s.ci;
  const auto padding = static_cast<uint8_t>(conv.x_zero_point);
  const bool is_run = s.dilation_w == 1 && left >= 0 && left + s.kw <= s.w;
  uint8_t* to = row;
  for (int64_t ky = 0; ky < s.kh; ++ky) {
    const int64_t y = oy * s.stride_h - s.pad_top + ky * s.dilation_h;
    const bool is_inside = y >= 0 && y < s.h;
    if (is_inside && is_run) {
      std::memcpy(to, image + (y * s.w + left) * s.ci, static_cast<size_t>(s.kw * s.ci));
      to += s.kw * s.ci;
      continue;
    }
    for (int64_t kx = 0; kx < s.kw; ++kx, to += s.ci) {
      const int64_t x = left + kx * s.dilation_w;
      if (is_inside && x >= 0 && x < s.w) {
        std::memcpy(to, image + (y * s.w + x) * s.ci, static_cast<size_t>(s.ci));
      } else {
        std::fill_n(to, s.ci, padding);
      }
    }
  }
  std::fill(to, row + depth_of(s), uint8_t{0});
}

// The GEMM of output pixels [begin,end), whose inputs are rows of `a`.
IntegerGemm gemm_of(
    const IntegerConv& conv, int64_t begin, int64_t end, const uint8_t* a, int64_t lda) {
  const int64_t n = conv.shape.co;
  return {.type = conv.type,
          .method = conv.method,
          .m = end - begin,
          .a = a,
          .lda = lda,
          .weights = {.n = n, .depth = depth_of(conv.shape), .data = conv.weights},
          .requantize = conv.requantize,
          .codes = conv.codes == nullptr ? nullptr : conv.codes + begin * n,
          .reals = conv.reals == nullptr ? nullptr : conv.reals + begin * n};
}

void gather(const IntegerConv& conv, int64_t begin, int64_t end, uint8_t* rows) {
  const int64_t depth = depth_of(conv.shape);
  for (int64_t pixel = begin; pixel < end; ++pixel) {
    gather_pixel(conv, pixel, rows + (pixel - begin) * depth);
  }
}

}  // namespace

int64_t integer_conv_workspace_bytes(const IntegerConv& conv) {
  const ConvShape& s = conv.shape;
  if (is_pointwise(s)) {
    return 0;
  }
  return depth_of(s) * (is_small(s) ? pixels_of(s) : kParts * kTilePixels);
}

void integer_conv(const IntegerConv& conv, uint8_t* workspace) {
  const ConvShape& s = conv.shape;
  const int64_t pixels = pixels_of(s);
  const int64_t depth = depth_of(s);
  if (is_pointwise(s)) {
    return parallel_integer_gemm(gemm_of(conv, 0, pixels, conv.x, s.ci));
  }
  if (is_small(s)) {
    for_row_parts(pixels, depth / 2, [&](int64_t begin, int64_t end) {
      gather(conv, begin, end, workspace + begin * depth);
    });
    return parallel_integer_gemm(gemm_of(conv, 0, pixels, workspace, depth));
  }
  const int64_t parts = std::min(kParts, pixels / kTilePixels);
  parallel_for(parts, [&](int64_t part) {
    const Range range = split_evenly(pixels, parts, part);
    uint8_t* rows = workspace + part * kTilePixels * depth;
    for (int64_t begin = range.begin; begin < range.end; begin += kTilePixels) {
      const int64_t end = std::min(begin + kTilePixels, range.end);
      gather(conv, begin, end, rows);
      integer_gemm(gemm_of(conv, begin, end, rows, depth));
    }
  });
}

}  // namespace intact::cpu
