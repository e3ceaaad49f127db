#pragma once

#include <cstdint>

#include "backend/cpu/activation.h"
#include "intact/tensor/quantize.h"

// Results equal quantize_code and dequantize_code of intact/tensor/quantize.h bit for bit, with
// b = max_code(bits) and inverse = inverse_scale(scale). "Channels" form: a tensor seen as
// [outer,channels,inner], scale[c] for each channel: axis 0 of [C,inner] is outer = 1; axis 1 of a
// [rows,C] matrix is outer = rows, inner = 1; NHWC channels alike.
namespace intact::cpu {

/// max |x|, exact; 0 for n = 0.
float abs_max(int64_t n, const float* x);

/// scale[c] = max |x[:,c,:]|.
void abs_max_channels(int64_t outer, int64_t channels, int64_t inner, const float* x, float* scale);

/// y = dequantize(quantize(x)). y may be x, here and below.
void quantize_dequantize(
    int64_t n, const float* x, float scale, int bits, RoundType round, float* y);
void quantize_dequantize_channels(int64_t outer,
                                  int64_t channels,
                                  int64_t inner,
                                  const float* x,
                                  const float* scale,
                                  int bits,
                                  RoundType round,
                                  float* y);

/// y = the code, a float that holds an integer.
void quantize(int64_t n, const float* x, float scale, int bits, RoundType round, float* y);
void quantize_channels(int64_t outer,
                       int64_t channels,
                       int64_t inner,
                       const float* x,
                       const float* scale,
                       int bits,
                       RoundType round,
                       float* y);

/// y = code * scale / max_range; max_range is b = max_code(bits) in the usual case.
void dequantize(int64_t n, const float* codes, float scale, float max_range, float* y);
void dequantize_channels(int64_t outer,
                         int64_t channels,
                         int64_t inner,
                         const float* codes,
                         const float* scale,
                         float max_range,
                         float* y);

}  // namespace intact::cpu
