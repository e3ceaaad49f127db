#pragma once

#include <optional>
#include <string>

#include "intact/ir/program.h"
#include "intact/ir/rewriter.h"
#include "quant/quant_context.h"

namespace intact {

/// One tensor to be quantized.
struct FakeQuantSpec {
  QuantizeType type = QuantizeType::MovingAverageAbsMax;
  int bits = 8;
  int axis = -1;  // channel axis; -1: one scale
  bool is_weight = false;
  std::optional<int32_t> zero_point = {};  // portable activation: ir/quantizer_range.h
  int32_t pair_limit = 0;                  // portable weight: ops/detail/pair_limit.h
};

FakeQuantSpec weight_spec(const QuantConfig& config, const Op& op);
FakeQuantSpec activation_spec(const QuantConfig& config, const Var& x);

/// One input channel makes one output channel: no pair of products is added in 16 bits.
bool is_depthwise(const Op& op);

/// What is quantized: x, or what a function of the user's made of `tensor`, under its name.
struct QuantSource {
  const Var& tensor;
  Var& x;
};

/// quantize and dequantize x, in front of its first reader, or of `reader` when nothing reads it
/// yet. Of tensor t:
///   V1  t.quantized = fake_*quantize_*(x); t.quantized.dequantized = fake_*dequantize_*
///   V2  t.quantized = quantize_linear(x);  t.quantized.dequantized = dequantize_linear
/// Returns t.quantized.dequantized; the same Var when t has it already.
Var& quantize_dequantize(Rewriter& rewriter,
                         const QuantContext& context,
                         const Op& reader,
                         QuantSource source,
                         FakeQuantSpec spec);

/// V1's form for ops without weights, likewise placed: t.quant_dequant =
/// fake_quantize_dequantize_moving_average_abs_max(x).
Var& fused_quantize_dequantize(Rewriter& rewriter,
                               const QuantContext& context,
                               const Op& reader,
                               QuantSource source);

/// moving_average_abs_max_scale behind op: x@scale follows the abs max of x, an output of op.
void observe(Rewriter& rewriter, const QuantContext& context, const Op& op, Var& x);

}  // namespace intact
