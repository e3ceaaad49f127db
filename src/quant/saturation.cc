#include "intact/quant/saturation.h"

#include <algorithm>
#include <optional>

#include "base/check.h"
#include "ir/quantizer_range.h"
#include "passes/sign.h"
#include "quant/deployed_layer.h"
#include "quant/fake_quant.h"
#include "quant/op_selection.h"
#include "quant/quant_trace.h"
#include "quant/weight_codes.h"
#include "tensor/pair_sum.h"

namespace intact {
namespace {

int64_t activation_range(const Op& quantizer) {
  const QuantizerRange range = quantizer_range(quantizer);
  if (range.storage == DType::UInt8) {
    return range.high;
  }
  return is_non_negative(quantizer.input("X")) ? range.high : 2 * int64_t{range.high} + 1;
}

/// The codes the weight has, or gets from its quantizer; empty when the Scope cannot tell.
std::optional<Tensor> codes_of(const Var& weight, const Op* quantizer, const Scope& scope) {
  const Tensor* stored = scope.find(weight.name());
  if (stored == nullptr || quantizer == nullptr) {
    return stored == nullptr ? std::nullopt : std::optional(*stored);
  }
  if (computes_scale(*quantizer)) {
    return weight_codes(*stored, computed_scale(*stored, *quantizer), *quantizer, {});
  }
  const char* slot = quantizer->has_input("InScale") ? "InScale" : "Scale";
  const Var& var =
      quantizer->has_input(slot) ? quantizer->input(slot) : quantizer->output("OutScale");
  const Tensor* scale = scope.find(var.name());
  return scale == nullptr ? std::nullopt
                          : std::optional(weight_codes(*stored, *scale, *quantizer, {}));
}

std::optional<PairBound> bound_of(const Op& op, const Scope& scope) {
  if (op.def().quant.weight.empty() || !op.has_input(op.def().quant.weight)) {
    return std::nullopt;
  }
  std::optional<QuantizedInput> weight;
  std::optional<QuantizedInput> activation;
  for (const QuantizedInput& input : quantized_inputs(op)) {
    (input.slot == op.def().quant.weight ? weight : activation) = input;
  }
  const Var& stored = weight ? *weight->original : op.input(op.def().quant.weight);
  const bool has_codes = weight || reads_activation_codes(op);
  if (!activation || activation->quantize == nullptr || !has_codes || !stored.is_persistable() ||
      stored.shape().rank() < 2) {
    return std::nullopt;
  }
  const std::optional<Tensor> codes = codes_of(stored, weight ? weight->quantize : nullptr, scope);
  if (!codes) {
    return std::nullopt;
  }
  PairBound bound = pair_bound(
      *codes, weight_axis(op), activation_range(*activation->quantize), is_depthwise(op));
  bound.op = op.label();
  bound.weight = stored.name();
  return bound;
}

/// The quantizer of a deployed activation, looked for through pooling and reshaping of its codes.
const Op* deployed_quantizer(const Var& codes) {
  const Op* op = codes.producers().size() == 1 ? codes.producers().front() : nullptr;
  while (op != nullptr && op->type() != "onnx_quantize_linear" && op->has_input("X")) {
    const Var& x = op->input("X");
    op = x.producers().size() == 1 ? x.producers().front() : nullptr;
  }
  return op != nullptr && op->type() == "onnx_quantize_linear" ? op : nullptr;
}

/// int8 codes count as u8 with an offset of 128.
int64_t deployed_range(const Var& codes) {
  const Op* quantizer = deployed_quantizer(codes);
  const bool is_unsigned = codes.dtype() == DType::UInt8;
  const int32_t most = quantizer == nullptr ? 255 : quantizer->attr<int32_t>("qmax");
  return is_unsigned ? std::min(most, 255) : std::min(most, 127) + 128;
}

/// An op of the deployment form, which reads onnx_dequantize_linear on both sides.
std::optional<PairBound> deployed_bound_of(const Op& op, const Scope& scope) {
  const std::optional<DeployedLayer> layer = deployed_layer(op);
  const Tensor* codes = layer ? scope.find(layer->weight_codes().name()) : nullptr;
  if (codes == nullptr || codes->dtype() != DType::Int8) {
    return std::nullopt;
  }
  PairBound bound = pair_bound(
      *codes, weight_axis(op), deployed_range(layer->activation_codes()), is_depthwise(op));
  bound.op = op.label();
  bound.weight = layer->weight_codes().name();
  return bound;
}

}  // namespace

std::optional<DeployedLayer> deployed_layer(const Op& op) {
  const std::string& weight_slot = op.def().quant.weight;
  DeployedLayer layer;
  for (const std::string& slot : quantizable_slots(op)) {
    for (const Var* var : op.input_list(slot)) {
      const Op* maker = var->producers().size() == 1 ? var->producers().front() : nullptr;
      if (maker != nullptr && maker->type() == "onnx_dequantize_linear") {
        (slot == weight_slot ? layer.weight : layer.activation) = maker;
      }
    }
  }
  const bool is_layer = layer.weight != nullptr && layer.activation != nullptr &&
                        layer.weight_codes().shape().rank() >= 2;
  return is_layer ? std::optional(layer) : std::nullopt;
}

std::string PairBound::to_text() const {
  return is_depthwise ? fmt::format("{}: depthwise, products are not paired", op)
                      : fmt::format("{}: pairs up to {} of {}, {}",
                                    op,
                                    bound(),
                                    kPairCapacity,
                                    is_safe() ? "cannot saturate" : "can saturate");
}

PairBound pair_bound(const Tensor& codes, int axis, int64_t activation_range, bool is_depthwise) {
  check(codes.shape().rank() >= 2 && (axis == 0 || axis == 1),
        "pair_bound: the codes are {} with output channels along axis {}; give a weight of two "
        "axes or more, channels along 0 or 1",
        codes.shape().to_string(),
        axis);
  return {.activation_range = activation_range,
          .largest_pair = largest_pair_sum(codes, axis),
          .is_depthwise = is_depthwise};
}

std::vector<PairBound> saturation_bounds(const Program& program, const Scope& scope) {
  std::vector<PairBound> bounds;
  for (const Op* op : program.ops()) {
    if (!op->is_forward()) {
      continue;
    }
    std::optional<PairBound> bound = bound_of(*op, scope);
    if (!bound && !op->def().quant.weight.empty()) {
      bound = deployed_bound_of(*op, scope);
    }
    if (bound) {
      bounds.push_back(std::move(*bound));
    }
  }
  return bounds;
}

}  // namespace intact
