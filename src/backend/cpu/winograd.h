#pragma once

#include "backend/cpu/conv_shape.h"
#include "backend/cpu/float_gemm.h"

// Dense 3x3 convolutions of stride 1 as F(2x2,3x3) of Winograd: a tile of 2x2 outputs is 16
// products where plain sums take 36. Inputs and outputs are added up in fours before and after,
// which costs about a bit of accuracy and is not exact for integers.
namespace intact::cpu {

/// True where it is faster: one group, many channels and tiles, and no codes in floats.
bool is_winograd_conv(const ConvShape& shape);

int64_t winograd_workspace_floats(const ConvShape& shape, ConvPass pass);

void winograd_forward(
    const ConvShape& shape, const float* x, const float* w, float* y, float* workspace);
void winograd_backward_data(
    const ConvShape& shape, const float* dy, const float* w, float* dx, float* workspace);
void winograd_backward_weight(
    const ConvShape& shape, const float* x, const float* dy, float* dw, float* workspace);

/// w, or x, as codes; x has one scale.
void winograd_backward_data_codes(
    const ConvShape& shape, const float* dy, const CodedOperand& w, float* dx, float* workspace);
void winograd_backward_weight_codes(
    const ConvShape& shape, const CodedOperand& x, const float* dy, float* dw, float* workspace);

}  // namespace intact::cpu
