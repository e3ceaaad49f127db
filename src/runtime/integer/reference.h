#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "backend/cpu/conv_shape.h"
#include "backend/cpu/integer_elementwise.h"
#include "backend/cpu/integer_pool.h"
#include "backend/cpu/requantize.h"

// The integer program's arithmetic as plain loops: what the fast kernels are held to with ==.
namespace intact::integer {

/// A stored code as a number.
inline int32_t code_value(cpu::CodeType type, uint8_t stored) {
  return type == cpu::CodeType::Signed8 ? static_cast<int8_t>(stored) : stored;
}

/// acc = bias[o] + sum (x - x_zero_point) * w over the window inside x; x NHWC, w OIHW, y NHWC, as
/// codes or, when `codes` is null, as reals.
struct ReferenceConv {
  cpu::ConvShape shape;
  cpu::CodeType type = cpu::CodeType::Unsigned8;
  int32_t x_zero_point = 0;
  const uint8_t* x = nullptr;
  const int8_t* w = nullptr;
  const int32_t* bias = nullptr;
  cpu::Requantize requantize;
  uint8_t* codes = nullptr;
  float* reals = nullptr;
};
void reference_conv(const ReferenceConv& conv);

/// Stored code to stored code.
using CodeTable = std::array<uint8_t, 256>;
/// quantize(dequantize(code)) for every code.
CodeTable requantize_table(const cpu::CodeScale& from, const cpu::CodeScale& to);

/// Stored codes of every product: code a times code b at [256 * a + b].
/// clamp(rint(fl32(fl32((a - z_a) * (b - z_b) * m) + z_y)), lo, hi), m = fl32(fl32(s_a * s_b) /
/// s_y). Source: ONNX Runtime's QLinearMul, which adds the zero point before it rounds.
std::vector<uint8_t> product_table(const cpu::CodeScale& a,
                                   const cpu::CodeScale& b,
                                   const cpu::CodeScale& y);

void reference_quantize(int64_t n, const float* x, const cpu::CodeScale& scale, uint8_t* codes);
void reference_dequantize(int64_t n, const uint8_t* codes, const cpu::CodeScale& scale, float* y);
void reference_add(
    int64_t n, const uint8_t* a, const uint8_t* b, const cpu::CodeAdd& add, uint8_t* y);
void reference_max_pool(const cpu::PoolShape& shape,
                        cpu::CodeType type,
                        const uint8_t* x,
                        uint8_t* y);
void reference_average_pool(const cpu::PoolShape& shape,
                            const cpu::AverageCodes& average,
                            const uint8_t* x,
                            uint8_t* y);

}  // namespace intact::integer
