#pragma once

#include <cstdint>

#include "backend/cpu/code_gemm.h"
#include "backend/cpu/conv_shape.h"

// F(2x2,3x3) of Winograd on codes, exact: inputs of a tile are added up to 10 bits, four times the
// spread weights take 11, products of pairs are summed in 32, and a sum of 16 such is four times
// that of plain products, so that it is divided by four without a rest.
namespace intact::cpu {

/// True where it is faster than plain products: 3x3, stride 1, one group, many channels and tiles,
/// and a CPU that takes two instructions for sums of products of 8 bits (one without VNNI).
bool is_winograd_codes_conv(const ConvShape& shape);

int64_t winograd_codes_workspace_bytes(const ConvShape& shape);

/// As conv_codes_forward, for is_winograd_codes_conv(shape). x: codes -128..127.
void winograd_codes_forward(const ConvShape& shape,
                            const int8_t* x,
                            const int8_t* w,
                            const float* multiplier,
                            float* y,
                            void* workspace);

}  // namespace intact::cpu
