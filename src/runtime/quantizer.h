#pragma once

#include <optional>
#include <vector>

#include "intact/tensor/quantize.h"
#include "runtime/graph.h"
#include "runtime/kernel.h"
#include "tensor/pair_sum.h"

namespace intact {

/// Moving average of an absolute maximum, as its Values. Inputs and outputs are usually the same
/// memory.
struct MovingAverage {
  ValueId state_in = kNoValue;
  ValueId accum_in = kNoValue;
  ValueId state_out = kNoValue;
  ValueId accum_out = kNoValue;
  ValueId scale_out = kNoValue;
  float rate = 0.9f;

  /// Takes one more abs_max in and returns the new scale.
  float update(const Run& run, float abs_max) const;
};

/// Where a quantizer's scale comes from.
enum class ScaleSource {
  AbsMax,         // of this tensor or channel, now
  PairLimited,    // of each channel, now, raised until neighbours keep to pair_limit
  MovingAverage,  // updated now
  Given,          // scale_in as it is
};

/// What every quantizing op is: fake_quantize_*, fake_quantize_dequantize_*, quantize_linear, and
/// the fused quantize_dequantize and quantize_codes.
struct Quantizer {
  ScaleSource source = ScaleSource::Given;
  int axis = -1;  // -1: one scale
  int bits = 8;
  int32_t pair_limit = 0;  // ops/detail/pair_limit.h
  PairView pairs = {};     // with PairLimited
  RoundType round = RoundType::TiesToEven;
  bool dequantizes = false;  // out is values, not codes (in floats; int8 for quantize_codes)
  ValueId x = kNoValue;
  ValueId out = kNoValue;
  ValueId scale_in = kNoValue;
  ValueId scale_out = kNoValue;
  MovingAverage average;
};

/// The Value that a dequantizer of its codes must read.
ValueId scale_of(const Quantizer& quantizer);

/// nullopt when the node is no quantizer of these forms.
std::optional<Quantizer> quantizer_of(const Graph& graph, const Node& node);

/// Types of ops that quantizer_of knows.
const std::vector<std::string>& quantizer_kinds();

/// Value seen as [outer, channels, inner] around `axis` of its shape, in its layout.
struct ValueChannels {
  int64_t outer = 1;
  int64_t channels = 1;
  int64_t inner = 1;
};
ValueChannels channels_of(const Value& value, int axis);

}  // namespace intact
