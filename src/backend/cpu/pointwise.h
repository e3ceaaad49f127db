#pragma once

#include <cstdint>

#include "backend/cpu/float_gemm.h"

namespace intact::cpu {

/// 1x1 convolution with stride 1 (or a fully connected layer): x is [pixels,ci], y is [pixels,co],
/// w is [co,ci] (Paddle's OIHW with kh = kw = 1).
struct PointwiseShape {
  int64_t pixels = 0;
  int64_t ci = 0;
  int64_t co = 0;
};

/// Scratch that is enough for any of the three functions below.
int64_t pointwise_workspace_floats(const PointwiseShape& shape);

/// y[p,o] = sum_i x[p,i] * w[o,i].
void pointwise_forward(
    const PointwiseShape& shape, const float* x, const float* w, float* y, float* workspace);

/// dx[p,i] = sum_o dy[p,o] * w[o,i].
void pointwise_backward_data(
    const PointwiseShape& shape, const float* dy, const float* w, float* dx, float* workspace);

/// dw[o,i] = sum_p dy[p,o] * x[p,i].
void pointwise_backward_weight(
    const PointwiseShape& shape, const float* x, const float* dy, float* dw, float* workspace);

/// The weight gradient of a convolution whose input is act(slope[i]*x + shift[i]), computed again
/// while x is packed; the same bits as from the stored input.
void pointwise_backward_weight_activated(const PointwiseShape& shape,
                                         const float* x,
                                         const ColumnActivation& activation,
                                         const float* dy,
                                         float* dw,
                                         float* workspace);

/// The gradients above with w, or x, as codes, dequantized block by block.
void pointwise_backward_data_codes(const PointwiseShape& shape,
                                   const float* dy,
                                   const CodedOperand& w,
                                   float* dx,
                                   float* workspace);
void pointwise_backward_weight_codes(const PointwiseShape& shape,
                                     const CodedOperand& x,
                                     const float* dy,
                                     float* dw,
                                     float* workspace);

}  // namespace intact::cpu
