#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "intact/ir/program.h"
#include "intact/ir/scope.h"
#include "intact/tensor/tensor.h"

namespace intact {

/// How large a sum of two u8 * s8 products of one layer can get. CPUs without VNNI add such pairs
/// in 16 bits, saturating at 32767.
struct PairBound {
  std::string op;                // Op::label()
  std::string weight;            // name of the float weight, or of its stored codes
  int64_t activation_range = 0;  // largest stored activation code, as u8
  int64_t largest_pair = 0;      // largest |q0| + |q1| of neighbours; 0: products are not paired
  bool is_depthwise = false;     // one input channel each: runtimes do not pair them

  int64_t bound() const { return is_depthwise ? 0 : activation_range * largest_pair; }
  bool is_safe() const { return bound() <= 32767; }
  /// "conv2d 'c1': pairs up to 64770 of 32767, can saturate".
  std::string to_text() const;
};

/// From a weight's codes, which have their output channels along `axis`. Throws: InvalidArgument
/// for codes below rank 2 or another axis than 0 and 1.
PairBound pair_bound(const Tensor& codes, int axis, int64_t activation_range, bool is_depthwise);

/// One entry for each op of a quantized Program, before or after convert, that multiplies
/// activation codes by weight codes `scope` has. Signed activations count as u8 with an offset.
std::vector<PairBound> saturation_bounds(const Program& program, const Scope& scope);

/// How many sums of two products of one layer leave 16 bits on data.
struct PairCount {
  std::string op;          // Op::label()
  int64_t saturating = 0;  // below -32768 or above 32767
  int64_t pairs = 0;       // all; 0: not counted (transposed convolution, pooled codes)

  PairCount& operator+=(const PairCount& other);
};

/// One entry for each layer of a Program in deployment form that saturation_bounds() finds unsafe,
/// in its order. codes: of one batch, by the names of the quantizers' outputs, as
/// IntegerSession::codes() gives them. The products of one output are taken in the order [taps,
/// inputs], two at a time; int8 codes as u8 = code + 128; padding as the zero point.
/// Throws: InvalidArgument when a quantizer's codes are missing.
std::vector<PairCount> count_saturating_pairs(const Program& deployed,
                                              const Scope& scope,
                                              const TensorMap& codes);

}  // namespace intact
