#pragma once

#include <cstdint>

#include "backend/cpu/code_gemm.h"
#include "backend/cpu/conv_shape.h"

// Forward convolutions of int8 codes: y[..,o] = float(sum of x*w, exact in 32 bits) *
// multiplier[o]. x [n,h,w,ci]; w [co,ci,kh,kw], codes -127..127. `workspace`: the given number of
// bytes, aligned to 64.
namespace intact::cpu {

/// groups == 1, any window.
int64_t conv_codes_workspace_bytes(const ConvShape& shape);
void conv_codes_forward(CodeRange range,
                        const ConvShape& shape,
                        const int8_t* x,
                        const int8_t* w,
                        const float* multiplier,
                        float* y,
                        void* workspace);

/// groups == ci == co, kh*kw <= 64. The sums are held in floats, which is exact up to 2^24.
int64_t depthwise_codes_workspace_bytes(const ConvShape& shape);
void depthwise_codes_forward(const ConvShape& shape,
                             const int8_t* x,
                             const int8_t* w,
                             const float* multiplier,
                             float* y,
                             void* workspace);

}  // namespace intact::cpu
