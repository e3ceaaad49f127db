#include "runtime/quantizer.h"

#include <algorithm>

#include "ir/quantizer_range.h"

namespace intact {
namespace {

MovingAverage average_of(const Node& node) {
  return {.state_in = node.in("InState"),
          .accum_in = node.in("InAccum"),
          .state_out = node.out("OutState"),
          .accum_out = node.out("OutAccum"),
          .scale_out = node.out("OutScale"),
          .rate = node.attr_or<float>("moving_rate", 0.9f)};
}

Quantizer common(const Node& node) {
  return {.bits = node.attr<int32_t>("bit_length"),
          .round = static_cast<RoundType>(node.attr<int32_t>("round_type")),
          .x = node.in("X"),
          .out = node.out("Out"),
          .scale_out = node.out("OutScale"),
          .average = average_of(node)};
}

Quantizer abs_max(const Node& node) {
  Quantizer quantizer = common(node);
  quantizer.source = ScaleSource::AbsMax;
  return quantizer;
}

/// Has no effect on a scale that is given.
void set_pair_limit(const Node& node, Quantizer& quantizer) {
  quantizer.pair_limit = node.attr_or<int32_t>(kPairLimitAttribute, 0);
  if (quantizer.pair_limit > 0 && quantizer.source == ScaleSource::AbsMax) {
    quantizer.source = ScaleSource::PairLimited;
  }
}

/// In test mode the scale is what OutScale holds.
Quantizer channel_wise_abs_max(const Node& node) {
  Quantizer quantizer = abs_max(node);
  quantizer.axis = node.attr<int32_t>("quant_axis");
  if (node.attr_or<bool>("is_test", false)) {
    quantizer.source = ScaleSource::Given;
    quantizer.scale_in = quantizer.scale_out;
    quantizer.scale_out = kNoValue;
  }
  set_pair_limit(node, quantizer);
  return quantizer;
}

Quantizer moving_average(const Node& node) {
  Quantizer quantizer = common(node);
  quantizer.scale_in = node.in("InScale");
  quantizer.source = node.attr<bool>("is_test") ? ScaleSource::Given : ScaleSource::MovingAverage;
  return quantizer;
}

std::optional<Quantizer> linear(const Node& node) {
  if (node.attr<bool>("only_observer")) {
    return std::nullopt;
  }
  Quantizer quantizer = common(node);
  quantizer.out = node.out("Y");
  quantizer.axis = node.attr<int32_t>("quant_axis");
  quantizer.scale_in = node.in("Scale");
  if (node.attr<bool>("is_test")) {
    quantizer.scale_out = kNoValue;  // left alone
  } else {
    quantizer.source = quantizer.axis < 0 ? ScaleSource::MovingAverage : ScaleSource::AbsMax;
  }
  set_pair_limit(node, quantizer);
  return quantizer;
}

std::optional<Quantizer> by_kind(const std::string& kind, const Node& node) {
  if (kind == "fake_quantize_abs_max" || kind == "fake_quantize_dequantize_abs_max") {
    return abs_max(node);
  }
  if (kind == "fake_channel_wise_quantize_abs_max" ||
      kind == "fake_channel_wise_quantize_dequantize_abs_max") {
    return channel_wise_abs_max(node);
  }
  if (kind == "fake_quantize_moving_average_abs_max" ||
      kind == "fake_quantize_dequantize_moving_average_abs_max") {
    return moving_average(node);
  }
  if (kind == "quantize_linear") {
    return linear(node);
  }
  return std::nullopt;
}

bool has_scale_memory(const Graph& graph, const Quantizer& quantizer) {
  switch (quantizer.source) {
    case ScaleSource::AbsMax:
    case ScaleSource::PairLimited:
      return quantizer.scale_out != kNoValue;
    case ScaleSource::MovingAverage:
      return quantizer.average.state_in != kNoValue && quantizer.average.accum_in != kNoValue;
    case ScaleSource::Given:
      return quantizer.scale_in != kNoValue && graph[quantizer.scale_in].home != Home::Arena;
  }
  return false;
}

}  // namespace

ValueId scale_of(const Quantizer& quantizer) {
  return quantizer.scale_out != kNoValue ? quantizer.scale_out : quantizer.scale_in;
}

float MovingAverage::update(const Run& run, float abs_max) const {
  float state = *run.at(state_in);
  float accum = *run.at(accum_in);
  const float scale = update_moving_average(abs_max, rate, state, accum);
  *run.at(state_out) = state;
  *run.at(accum_out) = accum;
  *run.at(scale_out) = scale;
  return scale;
}

const std::vector<std::string>& quantizer_kinds() {
  static const std::vector<std::string> kinds = {"fake_quantize_abs_max",
                                                 "fake_quantize_dequantize_abs_max",
                                                 "fake_channel_wise_quantize_abs_max",
                                                 "fake_channel_wise_quantize_dequantize_abs_max",
                                                 "fake_quantize_moving_average_abs_max",
                                                 "fake_quantize_dequantize_moving_average_abs_max",
                                                 "quantize_linear"};
  return kinds;
}

std::optional<Quantizer> quantizer_of(const Graph& graph, const Node& node) {
  const bool gives_codes = node.kind == "quantize_codes";
  const bool is_fused = node.kind == "quantize_dequantize" || gives_codes;
  const std::string kind = is_fused ? node.attr<std::string>("quantizer") : node.kind;
  if (std::ranges::find(quantizer_kinds(), kind) == quantizer_kinds().end() ||
      graph[node.in("X")].dtype != DType::Float32 ||
      node.attr_or<int32_t>("bit_length", 8) < 2) {  // one bit has no step to divide by
    return std::nullopt;
  }
  std::optional<Quantizer> quantizer = by_kind(kind, node);
  if (!quantizer.has_value() || !has_scale_memory(graph, *quantizer)) {
    return std::nullopt;
  }
  if (quantizer->source == ScaleSource::PairLimited) {
    quantizer->pairs = pair_view(graph[quantizer->x].shape, quantizer->axis);
  }
  quantizer->dequantizes =
      !gives_codes && (is_fused || kind.find("quantize_dequantize") != std::string::npos);
  if (gives_codes) {
    quantizer->out = node.out("Codes");
  }
  return quantizer;
}

ValueChannels channels_of(const Value& value, int axis) {
  const Shape& shape = value.shape;
  if (axis < 0) {
    return {1, 1, shape.numel()};
  }
  if (axis == 1 && value.layout == Layout::Nhwc && !is_layout_free(shape)) {
    return {shape[0] * shape[2] * shape[3], shape[1], 1};
  }
  return {shape.numel(0, axis), shape[axis], shape.numel(axis + 1, shape.rank())};
}

}  // namespace intact
