#pragma once

#include "backend/cpu/conv_shape.h"

namespace intact::cpu {

/// Depthwise convolution: groups == ci == co = C, weights [C,1,kh,kw].
int64_t depthwise_workspace_floats(const ConvShape& shape, ConvPass pass);

/// y[n,oy,ox,c] = sum over ky,kx of x[n, oy*stride_h - pad_top + ky*dilation_h, ..., c] *
/// w[c,ky,kx].
void depthwise_forward(
    const ConvShape& shape, const float* x, const float* w, float* y, float* workspace);

/// dx [n,h,w,C] from dy [n,oh,ow,C]; writes every element of dx.
void depthwise_backward_data(
    const ConvShape& shape, const float* dy, const float* w, float* dx, float* workspace);

/// dw [C,1,kh,kw] from x and dy.
void depthwise_backward_weight(
    const ConvShape& shape, const float* x, const float* dy, float* dw, float* workspace);

}  // namespace intact::cpu
