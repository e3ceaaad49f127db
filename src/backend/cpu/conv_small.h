#pragma once

#include "backend/cpu/conv_shape.h"

// Direct kernels for first layers: one group and few weights per output channel (3x3 over 1 or 3
// channels), where im2col and a GEMM of depth 9 or 27 would move more than they compute.
namespace intact::cpu {

/// True where the kernels below do `pass` of the shape.
bool is_small_conv(const ConvShape& shape, ConvPass pass);

int64_t small_conv_workspace_floats(const ConvShape& shape, ConvPass pass);

void small_conv_forward(
    const ConvShape& shape, const float* x, const float* w, float* y, float* workspace);

void small_conv_backward_weight(
    const ConvShape& shape, const float* x, const float* dy, float* dw, float* workspace);

}  // namespace intact::cpu
