#pragma once

#include "backend/cpu/conv_shape.h"
#include "backend/cpu/float_gemm.h"

namespace intact::cpu {

/// Floats of scratch the function of `pass` needs.
int64_t conv_workspace_floats(const ConvShape& shape, ConvPass pass);

/// y[n,oy,ox,o] = sum over ky,kx,i of x[n, oy*stride_h - pad_top + ky*dilation_h, ..., g*cig + i] *
/// w[o,i,ky,kx] with cig = ci/groups and g = o / (co/groups). Any groups; for groups == ci == co
/// use depthwise.h, for 1x1 with stride 1, no padding and one group use pointwise.h.
void conv_forward(
    const ConvShape& shape, const float* x, const float* w, float* y, float* workspace);

/// dx from dy [n,oh,ow,co]; writes every element of dx.
void conv_backward_data(
    const ConvShape& shape, const float* dy, const float* w, float* dx, float* workspace);

/// dw [co,ci/groups,kh,kw] from x and dy.
void conv_backward_weight(
    const ConvShape& shape, const float* x, const float* dy, float* dw, float* workspace);

/// The gradients above with w, or x, as codes, dequantized block by block. The same bits as with
/// dequantized floats, but for shapes that winograd.h takes: there x's scale is applied last, and
/// results are equal up to rounding. Not for shapes that conv_small.h takes. The scratch is no
/// larger.
void conv_backward_data_codes(
    const ConvShape& shape, const float* dy, const CodedOperand& w, float* dx, float* workspace);
void conv_backward_weight_codes(
    const ConvShape& shape, const CodedOperand& x, const float* dy, float* dw, float* workspace);
int64_t conv_codes_workspace_floats(const ConvShape& shape, ConvPass pass);

}  // namespace intact::cpu
