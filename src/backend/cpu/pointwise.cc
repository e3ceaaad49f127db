#include "backend/cpu/pointwise.h"

#include <algorithm>

#include "backend/cpu/gemm.h"

namespace intact::cpu {

int64_t pointwise_workspace_floats(const PointwiseShape& shape) {
  const auto [pixels, ci, co] = shape;
  return std::max({parallel_gemm_workspace_floats(pixels, co, ci),
                   parallel_gemm_workspace_floats(pixels, ci, co),
                   parallel_gemm_workspace_floats(co, ci, pixels)});
}

void pointwise_forward(
    const PointwiseShape& shape, const float* x, const float* w, float* y, float* workspace) {
  const auto [pixels, ci, co] = shape;
  parallel_gemm(false, true, pixels, co, ci, x, ci, w, ci, 0.0f, y, co, workspace);
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

void pointwise_backward_weight_activated(const PointwiseShape& shape,
                                         const float* x,
                                         const ColumnActivation& activation,
                                         const float* dy,
                                         float* dw,
                                         float* workspace) {
  const auto [pixels, ci, co] = shape;
  const FloatGemm gemm{.transpose_a = true,
                       .m = co,
                       .n = ci,
                       .k = pixels,
                       .a = dy,
                       .lda = co,
                       .b = x,
                       .ldb = ci,
                       .c = dw,
                       .ldc = ci,
                       .b_activation = activation};
  parallel_gemm(gemm, workspace);
}

void pointwise_backward_data_codes(const PointwiseShape& shape,
                                   const float* dy,
                                   const CodedOperand& w,
                                   float* dx,
                                   float* workspace) {
  const auto [pixels, ci, co] = shape;
  FloatGemm gemm{.m = pixels, .n = ci, .k = co, .a = dy, .lda = co, .ldb = ci, .c = dx, .ldc = ci};
  gemm.set_b(w.codes, w);
  parallel_gemm(gemm, workspace);
}

void pointwise_backward_weight_codes(const PointwiseShape& shape,
                                     const CodedOperand& x,
                                     const float* dy,
                                     float* dw,
                                     float* workspace) {
  const auto [pixels, ci, co] = shape;
  FloatGemm gemm{.transpose_a = true,
                 .m = co,
                 .n = ci,
                 .k = pixels,
                 .a = dy,
                 .lda = co,
                 .ldb = ci,
                 .c = dw,
                 .ldc = ci};
  gemm.set_b(x.codes, x);
  parallel_gemm(gemm, workspace);
}

}  // namespace intact::cpu
