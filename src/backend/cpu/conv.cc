#include "backend/cpu/conv.h"

#include <algorithm>

#include "backend/cpu/conv_small.h"
#include "backend/cpu/elementwise.h"
#include "backend/cpu/gemm.h"
#include "backend/cpu/im2col.h"
#include "backend/cpu/parts.h"
#include "backend/cpu/transpose.h"

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

// out [co, taps, ci_group] from w [co, ci_group, taps], or back.
void reorder_weights(
    const ConvShape& s, int64_t from_rows, int64_t from_columns, const float* w, float* out) {
  const int64_t size = from_rows * from_columns;
  for_row_parts(s.co, size, [&](int64_t begin, int64_t end) {
    for (int64_t o = begin; o < end; ++o) {
      transpose_block(
          from_rows, from_columns, w + o * size, from_columns, out + o * size, from_rows);
    }
  });
}

// w in col order: reordered in `storage`, or itself.
const float* ordered_weights(const ConvShape& s, const Plan& plan, const float* w, float* storage) {
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

}  // namespace

int64_t conv_workspace_floats(const ConvShape& s, ConvPass pass) {
  if (is_small_conv(s, pass)) {
    return small_conv_workspace_floats(s, pass);
  }
  const Plan plan = plan_of(s);
  return weight_floats(plan, s) + plan.rows_a_block * s.ow * plan.depth +
         gemm_workspace(s, plan, pass);
}

void conv_forward(const ConvShape& s, const float* x, const float* w, float* y, float* workspace) {
  if (is_small_conv(s, ConvPass::Forward)) {
    return small_conv_forward(s, x, w, y, workspace);
  }
  const Plan plan = plan_of(s);
  float* col = workspace + weight_floats(plan, s);
  float* rest = col + plan.rows_a_block * s.ow * plan.depth;
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
  const Plan plan = plan_of(s);
  float* col = workspace + weight_floats(plan, s);
  float* rest = col + plan.rows_a_block * s.ow * plan.depth;
  const float* ordered = ordered_weights(s, plan, w, workspace);
  fill(s.n * s.h * s.w * s.ci, 0.0f, dx);
  for_blocks(s, plan, [&](int64_t group, Range rows) {
    parallel_gemm(false,
                  false,
                  (rows.end - rows.begin) * s.ow,
                  plan.depth,
                  plan.co_group,
                  dy + rows.begin * s.ow * s.co + group * plan.co_group,
                  s.co,
                  ordered + group * plan.co_group * plan.depth,
                  plan.depth,
                  0.0f,
                  col,
                  plan.depth,
                  rest);
    col2im(s, rows, group * plan.ci_group, col, dx);
  });
}

void conv_backward_weight(
    const ConvShape& s, const float* x, const float* dy, float* dw, float* workspace) {
  if (is_small_conv(s, ConvPass::BackwardWeight)) {
    return small_conv_backward_weight(s, x, dy, dw, workspace);
  }
  const Plan plan = plan_of(s);
  float* col = workspace + weight_floats(plan, s);
  float* rest = col + plan.rows_a_block * s.ow * plan.depth;
  float* ordered = needs_reorder(plan) ? workspace : dw;
  for_blocks(s, plan, [&](int64_t group, Range rows) {
    im2col(s, rows, group * plan.ci_group, x, col);
    parallel_gemm(true,
                  false,
                  plan.co_group,
                  plan.depth,
                  (rows.end - rows.begin) * s.ow,
                  dy + rows.begin * s.ow * s.co + group * plan.co_group,
                  s.co,
                  col,
                  plan.depth,
                  rows.begin == 0 ? 0.0f : 1.0f,
                  ordered + group * plan.co_group * plan.depth,
                  plan.depth,
                  rest);
  });
  if (needs_reorder(plan)) {
    reorder_weights(s, plan.taps, plan.ci_group, ordered, dw);
  }
}

}  // namespace intact::cpu
