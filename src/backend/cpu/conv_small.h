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

/// As conv_codes_forward, for is_small_conv(shape, Forward): sums of at most 32 products are exact
/// in floats.
int64_t small_conv_codes_workspace_floats(const ConvShape& shape);
void small_conv_codes_forward(const ConvShape& shape,
                              const int8_t* x,
                              const int8_t* w,
                              const float* multiplier,
                              float* y,
                              float* workspace);

void small_conv_backward_weight(
    const ConvShape& shape, const float* x, const float* dy, float* dw, float* workspace);

}  // namespace intact::cpu
