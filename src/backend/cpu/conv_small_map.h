#pragma once

#include "backend/cpu/conv_shape.h"
#include "backend/cpu/float_gemm.h"

// Dense convolutions of small maps (4x4, 2x2), where much of the window lies in the padding: a
// product [images, ci] x [ci, co] for each pair of an output pixel and an input pixel that it
// reads, on tensors as they lie. Plain sums.
namespace intact::cpu {

/// True where it is faster: one group, many channels and images, and few pairs.
bool is_small_map_conv(const ConvShape& shape);

int64_t small_map_conv_workspace_floats(const ConvShape& shape);

void small_map_conv_forward(
    const ConvShape& shape, const float* x, const float* w, float* y, float* workspace);
void small_map_conv_backward_data(
    const ConvShape& shape, const float* dy, const float* w, float* dx, float* workspace);
void small_map_conv_backward_weight(
    const ConvShape& shape, const float* x, const float* dy, float* dw, float* workspace);

/// w, or x, as codes: the same bits as with dequantized floats.
void small_map_conv_backward_data_codes(
    const ConvShape& shape, const float* dy, const CodedOperand& w, float* dx, float* workspace);
void small_map_conv_backward_weight_codes(
    const ConvShape& shape, const CodedOperand& x, const float* dy, float* dw, float* workspace);

}  // namespace intact::cpu
