#include "backend/cpu/conv.h"

#include <algorithm>

#include "backend/cpu/conv_small.h"
#include "backend/cpu/conv_small_map.h"
#include "backend/cpu/elementwise.h"
#include "backend/cpu/gemm.h"
#include "backend/cpu/im2col.h"
#include "backend/cpu/parts.h"
#include "backend/cpu/tap_order.h"
#include "backend/cpu/transpose.h"
#include "backend/cpu/winograd.h"

// Per group g: y_g [pixels,co_g] = col_g [pixels,depth] * w_g^T, where col row p holds the inputs
// of output pixel p, ordered (ky,kx,i), and w is reordered alike: [co, kh, kw, ci/groups]. Pixels
// are taken in blocks whose col fits the workspace.
namespace intact::cpu {
namespace {

constexpr int64_t kColumnFloats = 2 << 20;  // 8 MiB: stays in the last-level cache

struct Plan {
  int64_t ci_group;
  int64_t co_group;
  int64_t taps;
  int64_t depth;         // of one col row
  int64_t rows;          // output rows (n * oh) in all
  int64_t rows_a_block;  // output rows a col block holds
};

Plan plan_of(const ConvShape& s) {
  Plan plan{.ci_group = s.ci / s.groups, .co_group = s.co / s.groups, .taps = s.kh * s.kw};
  plan.depth = plan.taps * plan.ci_group;
  plan.rows = s.n * s.oh;
  plan.rows_a_block = std::clamp<int64_t>(kColumnFloats / (plan.depth * s.ow), 1, plan.rows);
  if (plan.rows_a_block > s.oh) {
    plan.rows_a_block -= plan.rows_a_block % s.oh;
  }
  return plan;
}

int64_t weight_floats(const Plan& plan, const ConvShape& s) {
  return s.co * plan.depth;
}

// With one tap the orders (i,ky,kx) and (ky,kx,i) are the same.
bool needs_reorder(const Plan& plan) {
  return plan.taps > 1 && plan.ci_group > 1;
}

// out [co, columns, rows] from w [co, rows, columns].
void reorder_weights(
    const ConvShape& s, int64_t rows, int64_t columns, const float* w, float* out) {
  const int64_t size = rows * columns;
  for_row_parts(s.co, size, [&](int64_t begin, int64_t end) {
    for (int64_t o = begin; o < end; ++o) {
      transpose_block(rows, columns, w + o * size, columns, out + o * size, rows);
    }
  });
}

void reorder_weights(
    const ConvShape& s, int64_t rows, int64_t columns, const int8_t* w, int8_t* out) {
  const int64_t size = rows * columns;
  for_row_parts(s.co, size, [&](int64_t begin, int64_t end) {
    for (int64_t o = begin; o < end; ++o) {
      split_taps(rows, columns, w + o * size, out + o * size, rows);
    }
  });
}

// w in col order: reordered in `storage`, or itself.
template <class T>
const T* ordered_weights(const ConvShape& s, const Plan& plan, const T* w, T* storage) {
  if (!needs_reorder(plan)) {
    return w;
  }
  reorder_weights(s, plan.ci_group, plan.taps, w, storage);
  return storage;
}

// body(group, block of output rows) in order.
template <class Body>
void for_blocks(const ConvShape& s, const Plan& plan, const Body& body) {
  for (int64_t group = 0; group < s.groups; ++group) {
    for (int64_t row = 0; row < plan.rows; row += plan.rows_a_block) {
      body(group, Range{row, std::min(row + plan.rows_a_block, plan.rows)});
    }
  }
}

int64_t gemm_workspace(const ConvShape& s, const Plan& plan, ConvPass pass) {
  const auto of_pixels = [&](int64_t pixels) {
    switch (pass) {
      case ConvPass::Forward:
        return parallel_gemm_workspace_floats(pixels, plan.co_group, plan.depth);
      case ConvPass::BackwardData:
        return parallel_gemm_workspace_floats(pixels, plan.depth, plan.co_group);
      case ConvPass::BackwardWeight:
        return parallel_gemm_workspace_floats(plan.co_group, plan.depth, pixels);
    }
    return int64_t{0};
  };
  const int64_t last_rows = plan.rows % plan.rows_a_block;
  return std::max(of_pixels(plan.rows_a_block * s.ow), of_pixels(last_rows * s.ow));
}

// Floats that hold `count` elements of T, in whole cache lines.
template <class T>
int64_t floats_for(int64_t count) {
  return ceil_div(count * static_cast<int64_t>(sizeof(T)), 64) * 16;
}

// [ordered weights or their gradient][col][rest], as the gradients lay it out.
struct Areas {
  int64_t ordered;
  int64_t col;
};

template <class Weight, class Column>
Areas areas_of(const ConvShape& s, const Plan& plan) {
  return {.ordered = needs_reorder(plan) ? floats_for<Weight>(weight_floats(plan, s)) : 0,
          .col = floats_for<Column>(plan.rows_a_block * s.ow * plan.depth)};
}

template <class Weight, class Column>
int64_t workspace_floats(const ConvShape& s, ConvPass pass) {
  const Plan plan = plan_of(s);
  const Areas areas = areas_of<Weight, Column>(s, plan);
  return areas.ordered + areas.col + gemm_workspace(s, plan, pass);
}

// set_b(gemm, weights of the group).
template <class T, class SetB>
void data_gradient(const ConvShape& s,
                   const float* dy,
                   const T* w,
                   const SetB& set_b,
                   float* dx,
                   float* workspace) {
  const Plan plan = plan_of(s);
  const Areas areas = areas_of<T, float>(s, plan);
  float* col = workspace + areas.ordered;
  const T* ordered = ordered_weights(s, plan, w, reinterpret_cast<T*>(workspace));
  fill(s.n * s.h * s.w * s.ci, 0.0f, dx);
  for_blocks(s, plan, [&](int64_t group, Range rows) {
    FloatGemm gemm{.m = (rows.end - rows.begin) * s.ow,
                   .n = plan.depth,
                   .k = plan.co_group,
                   .a = dy + rows.begin * s.ow * s.co + group * plan.co_group,
                   .lda = s.co,
                   .ldb = plan.depth,
                   .c = col,
                   .ldc = plan.depth};
    set_b(gemm, ordered + group * plan.co_group * plan.depth, group * plan.co_group);
    parallel_gemm(gemm, col + areas.col);
    col2im(s, rows, group * plan.ci_group, col, dx);
  });
}

// set_b(gemm, col).
template <class T, class SetB>
void weight_gradient(const ConvShape& s,
                     const T* x,
                     const SetB& set_b,
                     const float* dy,
                     float* dw,
                     float* workspace) {
  const Plan plan = plan_of(s);
  const Areas areas = areas_of<float, T>(s, plan);
  T* col = reinterpret_cast<T*>(workspace + areas.ordered);
  float* ordered = needs_reorder(plan) ? workspace : dw;
  for_blocks(s, plan, [&](int64_t group, Range rows) {
    im2col(s, rows, group * plan.ci_group, x, col);
    FloatGemm gemm{.transpose_a = true,
                   .m = plan.co_group,
                   .n = plan.depth,
                   .k = (rows.end - rows.begin) * s.ow,
                   .a = dy + rows.begin * s.ow * s.co + group * plan.co_group,
                   .lda = s.co,
                   .ldb = plan.depth,
                   .beta = rows.begin == 0 ? 0.0f : 1.0f,
                   .c = ordered + group * plan.co_group * plan.depth,
                   .ldc = plan.depth};
    set_b(gemm, col);
    parallel_gemm(gemm, workspace + areas.ordered + areas.col);
  });
  if (needs_reorder(plan)) {
    reorder_weights(s, plan.taps, plan.ci_group, ordered, dw);
  }
}

}  // namespace

int64_t conv_workspace_floats(const ConvShape& s, ConvPass pass) {
  if (is_small_conv(s, pass)) {
    return small_conv_workspace_floats(s, pass);
  }
  if (is_small_map_conv(s)) {
    return small_map_conv_workspace_floats(s);
  }
  return is_winograd_conv(s) ? winograd_workspace_floats(s, pass)
                             : workspace_floats<float, float>(s, pass);
}

int64_t conv_codes_workspace_floats(const ConvShape& s, ConvPass pass) {
  if (is_small_map_conv(s)) {
    return small_map_conv_workspace_floats(s);
  }
  if (is_winograd_conv(s)) {
    return winograd_workspace_floats(s, pass);
  }
  return pass == ConvPass::BackwardData ? workspace_floats<int8_t, float>(s, pass)
                                        : workspace_floats<float, int8_t>(s, pass);
}

void conv_forward(const ConvShape& s, const float* x, const float* w, float* y, float* workspace) {
  if (is_small_conv(s, ConvPass::Forward)) {
    return small_conv_forward(s, x, w, y, workspace);
  }
  if (is_small_map_conv(s)) {
    return small_map_conv_forward(s, x, w, y, workspace);
  }
  if (is_winograd_conv(s)) {
    return winograd_forward(s, x, w, y, workspace);
  }
  const Plan plan = plan_of(s);
  const Areas areas = areas_of<float, float>(s, plan);
  float* col = workspace + areas.ordered;
  float* rest = col + areas.col;
  const float* ordered = ordered_weights(s, plan, w, workspace);
  for_blocks(s, plan, [&](int64_t group, Range rows) {
    im2col(s, rows, group * plan.ci_group, x, col);
    parallel_gemm(false,
                  true,
                  (rows.end - rows.begin) * s.ow,
                  plan.co_group,
                  plan.depth,
                  col,
                  plan.depth,
                  ordered + group * plan.co_group * plan.depth,
                  plan.depth,
                  0.0f,
                  y + rows.begin * s.ow * s.co + group * plan.co_group,
                  s.co,
                  rest);
  });
}

void conv_backward_data(
    const ConvShape& s, const float* dy, const float* w, float* dx, float* workspace) {
  if (is_small_map_conv(s)) {
    return small_map_conv_backward_data(s, dy, w, dx, workspace);
  }
  if (is_winograd_conv(s)) {
    return winograd_backward_data(s, dy, w, dx, workspace);
  }
  const auto set_b = [](FloatGemm& gemm, const float* weights, int64_t) { gemm.b = weights; };
  data_gradient(s, dy, w, set_b, dx, workspace);
}

void conv_backward_data_codes(
    const ConvShape& s, const float* dy, const CodedOperand& w, float* dx, float* workspace) {
  if (is_small_map_conv(s)) {
    return small_map_conv_backward_data_codes(s, dy, w, dx, workspace);
  }
  if (is_winograd_conv(s)) {
    return winograd_backward_data_codes(s, dy, w, dx, workspace);
  }
  const auto set_b = [&](FloatGemm& gemm, const int8_t* codes, int64_t first_channel) {
    gemm.set_b(codes, w);
    gemm.b_scale += first_channel * w.scale_step;
  };
  data_gradient(s, dy, w.codes, set_b, dx, workspace);
}

void conv_backward_weight(
    const ConvShape& s, const float* x, const float* dy, float* dw, float* workspace) {
  if (is_small_conv(s, ConvPass::BackwardWeight)) {
    return small_conv_backward_weight(s, x, dy, dw, workspace);
  }
  if (is_small_map_conv(s)) {
    return small_map_conv_backward_weight(s, x, dy, dw, workspace);
  }
  if (is_winograd_conv(s)) {
    return winograd_backward_weight(s, x, dy, dw, workspace);
  }
  const auto set_b = [](FloatGemm& gemm, const float* col) { gemm.b = col; };
  weight_gradient(s, x, set_b, dy, dw, workspace);
}

void conv_backward_weight_codes(
    const ConvShape& s, const CodedOperand& x, const float* dy, float* dw, float* workspace) {
  if (is_small_map_conv(s)) {
    return small_map_conv_backward_weight_codes(s, x, dy, dw, workspace);
  }
  if (is_winograd_conv(s)) {
    return winograd_backward_weight_codes(s, x, dy, dw, workspace);
  }
  const auto set_b = [&](FloatGemm& gemm, const int8_t* codes) { gemm.set_b(codes, x); };
  weight_gradient(s, x.codes, set_b, dy, dw, workspace);
}

}  // namespace intact::cpu
