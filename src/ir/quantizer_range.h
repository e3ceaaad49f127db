#pragma once

#include "intact/ir/program.h"
#include "intact/tensor/quantize.h"

namespace intact {

/// On activation quantizers of the portable profile: what the deployed form adds to a code to get
/// its u8 code. 0: the tensor is never negative, codes are 0..255 of `bit_length` 9. 128: codes are
/// -128..127 of `bit_length` 8.
inline constexpr const char* kZeroPointAttribute = "zero_point";

/// On weight quantizers of the portable profile: the most that the absolute codes of two neighbours
/// may add up to (ops/detail/pair_limit.h).
inline constexpr const char* kPairLimitAttribute = "pair_limit";

/// Which stored integers a quantizing op stands for: stored = clamp(code + zero_point, low, high),
/// real = (stored - zero_point) * scale / levels.
struct QuantizerRange {
  DType storage = DType::Int8;
  int32_t zero_point = 0;
  int32_t low = -127;
  int32_t high = 127;
  int32_t levels = 127;  // step = scale / levels
};

/// Reads it off a fake_*quantize_* or quantize_linear op. u8 in the portable profile; else signed
/// codes of bit_length, where rounding rule 0 has one more below.
inline QuantizerRange quantizer_range(const Op& quantizer) {
  QuantizerRange range;
  range.levels = max_code(quantizer.attr_or<int32_t>("bit_length", 8));
  if (quantizer.has_attr(kZeroPointAttribute)) {
    range.storage = DType::UInt8;
    range.zero_point = quantizer.attr<int32_t>(kZeroPointAttribute);
    range.low = 0;
    range.high = 255;
    return range;
  }
  const bool is_linear = quantizer.type() == "quantize_linear";
  const auto rule =
      static_cast<RoundType>(quantizer.attr_or<int32_t>("round_type", is_linear ? 0 : 1));
  range.high = range.levels;
  range.low = rule == RoundType::TiesToEven ? -range.levels - 1 : -range.levels;
  range.storage = range.levels <= 127 ? DType::Int8 : DType::Int32;
  return range;
}

}  // namespace intact
