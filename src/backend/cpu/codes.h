#pragma once

#include <cstdint>

#include "backend/cpu/activation.h"
#include "intact/tensor/quantize.h"

// Codes as int8, where quantize.h keeps them in floats; the same codes and values bit for bit.
// "Channels" form as there. bits: 2..8.
namespace intact::cpu {

void quantize_codes(
    int64_t n, const float* x, float scale, int bits, RoundType round, int8_t* codes);
void quantize_codes_channels(int64_t outer,
                             int64_t channels,
                             int64_t inner,
                             const float* x,
                             const float* scale,
                             int bits,
                             RoundType round,
                             int8_t* codes);

/// scale[r] = max |x[r,:]| and the codes of row r, for x [rows,columns], in one read.
void abs_max_codes_rows(int64_t rows,
                        int64_t columns,
                        const float* x,
                        int bits,
                        RoundType round,
                        float* scale,
                        int8_t* codes);

/// y = the codes themselves.
void codes_as_floats(int64_t n, const int8_t* codes, float* y);

/// y = code * scale / b with b = max_code(bits).
void dequantize_codes(int64_t n, const int8_t* codes, float scale, int bits, float* y);
void dequantize_codes_channels(int64_t outer,
                               int64_t channels,
                               int64_t inner,
                               const int8_t* codes,
                               const float* scale,
                               int bits,
                               float* y);

/// multiplier[c] = (x_scale / x_b) * (w_scale[c] / w_b): what a product of codes is worth. Strides
/// of 0 take one w_scale for all.
void code_multipliers(int64_t channels,
                      float x_scale,
                      int x_bits,
                      const float* w_scale,
                      int64_t w_stride,
                      int w_bits,
                      float* multiplier);

}  // namespace intact::cpu
