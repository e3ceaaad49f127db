#include "backend/cpu/pointwise.h"

#include <algorithm>

#include "backend/cpu/gemm.h"
#include "backend/cpu/transpose.h"

namespace intact::cpu {
namespace {

// With few pixels the GEMM spends its time packing the transposed weights (72 of 110 GFLOP/s at 64
// pixels, 1024 -> 1024). Then y^T = w * x^T with both transposes done here is faster.
bool forward_transposed(const PointwiseShape& shape) {
  return shape.pixels >= 16 && shape.pixels <= 128 && shape.ci >= 256 && shape.co >= 256;
}

}  // namespace

int64_t pointwise_workspace_floats(const PointwiseShape& shape) {
  const auto [pixels, ci, co] = shape;
  const int64_t forward = forward_transposed(shape)
                              ? pixels * (ci + co) + parallel_gemm_workspace_floats(co, pixels, ci)
                              : parallel_gemm_workspace_floats(pixels, co, ci);
  return std::max({forward,
                   parallel_gemm_workspace_floats(pixels, ci, co),
                   parallel_gemm_workspace_floats(co, ci, pixels)});
}

void pointwise_forward(
    const PointwiseShape& shape, const float* x, const float* w, float* y, float* workspace) {
  const auto [pixels, ci, co] = shape;
  if (!forward_transposed(shape)) {
    parallel_gemm(false, true, pixels, co, ci, x, ci, w, ci, 0.0f, y, co, workspace);
    return;
  }
  float* x_transposed = workspace;
  float* y_transposed = x_transposed + pixels * ci;
  float* rest = y_transposed + pixels * co;
  transpose(pixels, ci, x, x_transposed);
  parallel_gemm(
      false, false, co, pixels, ci, w, ci, x_transposed, pixels, 0.0f, y_transposed, pixels, rest);
  transpose(co, pixels, y_transposed, y);
}

void pointwise_backward_data(
    const PointwiseShape& shape, const float* dy, const float* w, float* dx, float* workspace) {
  const auto [pixels, ci, co] = shape;
  parallel_gemm(false, false, pixels, ci, co, dy, co, w, ci, 0.0f, dx, ci, workspace);
}

void pointwise_backward_weight(
    const PointwiseShape& shape, const float* x, const float* dy, float* dw, float* workspace) {
  const auto [pixels, ci, co] = shape;
  parallel_gemm(true, false, co, ci, pixels, dy, co, x, ci, 0.0f, dw, ci, workspace);
}

}  // namespace intact::cpu
