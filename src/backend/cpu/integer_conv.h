#pragma once

#include <cstdint>

#include "backend/cpu/conv_shape.h"
#include "backend/cpu/integer_gemm.h"

namespace intact::cpu {

/// A convolution of all channels with all (groups were spread to zeros) as GEMMs: x [n,h,w,ci]
/// codes, weights packed from rows [co][kh][kw][ci] whose bias accounts for x_zero_point, y
/// [n,oh,ow,co].
struct IntegerConv {
  ConvShape shape;
  CodeType type = CodeType::Unsigned8;
  DotMethod method = DotMethod::Magnitudes;
  int32_t x_zero_point = 0;    // the code of padding
  const uint8_t* x = nullptr;  // may be read 3 bytes past its end
  const int8_t* weights = nullptr;
  Requantize requantize;
  uint8_t* codes = nullptr;  // one of the two is written
  float* reals = nullptr;
};

int64_t integer_conv_workspace_bytes(const IntegerConv& conv);

/// On all threads.
void integer_conv(const IntegerConv& conv, uint8_t* workspace);

}  // namespace intact::cpu
