#include "backend/cpu/code_conv.h"

#include <algorithm>

#include "backend/cpu/conv_small.h"
#include "backend/cpu/im2col.h"
#include "backend/cpu/parts.h"
#include "backend/cpu/tap_order.h"
#include "backend/cpu/winograd_codes.h"

namespace intact::cpu {
namespace {

constexpr int64_t kColumnBytes = 96 << 10;  // of a part: stays in the second-level cache
constexpr int64_t kAlignment = 64;

int64_t aligned(int64_t bytes) {
  return ceil_div(bytes, kAlignment) * kAlignment;
}

struct Layout {
  bool is_pointwise = false;
  int64_t channels_taps = 0;  // entries of a col row
  int64_t depth = 0;          // the same, padded
  int64_t rows = 0;           // output rows (n * oh)
  int64_t parts = 1;
  int64_t rows_a_block = 1;
  int64_t packed_bytes = 0;
  int64_t ordered_bytes = 0;
  int64_t block_bytes = 0;  // of one part
};

Layout layout_of(const ConvShape& s) {
  Layout out;
  out.channels_taps = s.ci * s.kh * s.kw;
  out.depth = padded_depth(out.channels_taps);
  out.is_pointwise = s.kh * s.kw == 1 && s.stride_h == 1 && s.stride_w == 1 && s.oh == s.h &&
                     s.ow == s.w && out.depth == s.ci;
  out.packed_bytes = aligned(packed_codes_bytes(s.co, out.depth));
  if (out.is_pointwise) {
    return out;
  }
  out.rows = s.n * s.oh;
  out.parts = row_parts(out.rows, s.ow * out.depth);
  const int64_t rows_a_part = ceil_div(out.rows, out.parts);
  out.rows_a_block = std::clamp<int64_t>(kColumnBytes / (s.ow * out.depth), 1, rows_a_part);
  out.block_bytes = aligned(out.rows_a_block * s.ow * out.depth);
  out.ordered_bytes = aligned(s.co * out.depth);
  return out;
}

// ordered [co, depth] in the order (ky,kx,i), 0 behind, from w [co, ci, taps].
void order_weights(const ConvShape& s, const Layout& layout, const int8_t* w, int8_t* ordered) {
  const int64_t taps = s.kh * s.kw;
  for_row_parts(s.co, layout.depth / 4, [&](int64_t begin, int64_t end) {
    for (int64_t o = begin; o < end; ++o) {
      const int8_t* from = w + o * layout.channels_taps;
      int8_t* to = ordered + o * layout.depth;
      split_taps(s.ci, taps, from, to, s.ci);
      std::fill(to + layout.channels_taps, to + layout.depth, int8_t{0});
    }
  });
}

// Output rows [rows.begin,rows.end), block by block.
void conv_rows(const ConvShape& s,
               const Layout& layout,
               Range rows,
               const int8_t* x,
               CodeGemm gemm,
               float* y,
               int8_t* col) {
  const int64_t pad = layout.depth - layout.channels_taps;
  for (int64_t row = rows.begin; row < rows.end; row += layout.rows_a_block) {
    const int64_t count = std::min(layout.rows_a_block, rows.end - row);
    for (int64_t i = 0; i < count; ++i) {
      im2col_row(s, row + i, 0, pad, x, col + i * s.ow * layout.depth);
    }
    gemm.m = count * s.ow;
    gemm.a = col;
    gemm.c = y + row * s.ow * s.co;
    code_gemm(gemm);
  }
}

}  // namespace

int64_t conv_codes_workspace_bytes(const ConvShape& s) {
  if (is_small_conv(s, ConvPass::Forward)) {
    return small_conv_codes_workspace_floats(s) * static_cast<int64_t>(sizeof(float));
  }
  if (is_winograd_codes_conv(s)) {
    return winograd_codes_workspace_bytes(s);
  }
  const Layout layout = layout_of(s);
  return layout.packed_bytes + layout.ordered_bytes + layout.parts * layout.block_bytes;
}

void conv_codes_forward(CodeRange range,
                        const ConvShape& s,
                        const int8_t* x,
                        const int8_t* w,
                        const float* multiplier,
                        float* y,
                        void* workspace) {
  if (is_small_conv(s, ConvPass::Forward)) {
    return small_conv_codes_forward(s, x, w, multiplier, y, static_cast<float*>(workspace));
  }
  if (is_winograd_codes_conv(s)) {
    return winograd_codes_forward(s, x, w, multiplier, y, workspace);
  }
  const Layout layout = layout_of(s);
  auto* packed = static_cast<int8_t*>(workspace);
  CodeGemm gemm{.range = range,
                .m = s.n * s.h * s.w,
                .n = s.co,
                .depth = layout.depth,
                .a = x,
                .lda = layout.depth,
                .packed = packed,
                .multiplier = multiplier,
                .c = y,
                .ldc = s.co};
  if (layout.is_pointwise) {
    pack_codes(s.co, layout.depth, w, packed);
    return parallel_code_gemm(gemm);
  }
  int8_t* ordered = packed + layout.packed_bytes;
  int8_t* blocks = ordered + layout.ordered_bytes;
  order_weights(s, layout, w, ordered);
  pack_codes(s.co, layout.depth, ordered, packed);
  parallel_for(layout.parts, [&](int64_t part) {
    const Range rows = split_evenly(layout.rows, layout.parts, part);
    conv_rows(s, layout, rows, x, gemm, y, blocks + part * layout.block_bytes);
  });
}

}  // namespace intact::cpu
