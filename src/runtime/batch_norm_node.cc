#include "runtime/batch_norm_node.h"

namespace intact {
namespace {

void put(ValueSlots& slots, const std::string& slot, ValueId id) {
  if (id != kNoValue) {
    slots[slot].push_back(id);
  }
}

}  // namespace

bool uses_running_statistics(const Node& node) {
  const bool is_test = node.attr<bool>("is_test") && !node.attr<bool>("trainable_statistics");
  return is_test || node.attr<bool>("use_global_stats");
}

void add_observer(Node& batch_norm, ObservedPoint point, const Node& observer) {
  put(batch_norm.inputs, "ObservedState", observer.in("InState"));
  put(batch_norm.inputs, "ObservedAccum", observer.in("InAccum"));
  put(batch_norm.outputs, "ObservedOutScale", observer.out("OutScale"));
  put(batch_norm.outputs, "ObservedOutState", observer.out("OutState"));
  put(batch_norm.outputs, "ObservedOutAccum", observer.out("OutAccum"));
  Ints points = batch_norm.attr_or<Ints>("observed_points", {});
  points.push_back(static_cast<int32_t>(point));
  batch_norm.attrs["observed_points"] = points;
  Floats rates = batch_norm.attr_or<Floats>("observed_rates", {});
  rates.push_back(observer.attr<float>("moving_rate"));
  batch_norm.attrs["observed_rates"] = rates;
}

std::vector<BatchNormObserver> batch_norm_observers(const Node& batch_norm) {
  std::vector<BatchNormObserver> observers;
  const Ints points = batch_norm.attr_or<Ints>("observed_points", {});
  const Floats rates = batch_norm.attr_or<Floats>("observed_rates", {});
  for (size_t i = 0; i < points.size(); ++i) {
    observers.push_back({.point = static_cast<ObservedPoint>(points[i]),
                         .average = {.state_in = batch_norm.in("ObservedState", i),
                                     .accum_in = batch_norm.in("ObservedAccum", i),
                                     .state_out = batch_norm.out("ObservedOutState", i),
                                     .accum_out = batch_norm.out("ObservedOutAccum", i),
                                     .scale_out = batch_norm.out("ObservedOutScale", i),
                                     .rate = rates[i]}});
  }
  return observers;
}

void set_quantizer(Node& batch_norm, const Quantizer& quantizer) {
  put(batch_norm.inputs, "QuantScale", quantizer.scale_in);
  put(batch_norm.inputs, "QuantState", quantizer.average.state_in);
  put(batch_norm.inputs, "QuantAccum", quantizer.average.accum_in);
  put(batch_norm.outputs, "Quantized", quantizer.out);
  put(batch_norm.outputs, "QuantOutScale", quantizer.scale_out);
  put(batch_norm.outputs, "QuantOutState", quantizer.average.state_out);
  put(batch_norm.outputs, "QuantOutAccum", quantizer.average.accum_out);
  batch_norm.attrs["quant_source"] = static_cast<int32_t>(quantizer.source);
  batch_norm.attrs["quant_bits"] = static_cast<int32_t>(quantizer.bits);
  batch_norm.attrs["quant_round"] = static_cast<int32_t>(quantizer.round);
  batch_norm.attrs["quant_rate"] = quantizer.average.rate;
}

std::optional<Quantizer> batch_norm_quantizer(const Node& batch_norm) {
  if (!batch_norm.attrs.contains("quant_source")) {
    return std::nullopt;
  }
  return Quantizer{.source = static_cast<ScaleSource>(batch_norm.attr<int32_t>("quant_source")),
                   .bits = batch_norm.attr<int32_t>("quant_bits"),
                   .round = static_cast<RoundType>(batch_norm.attr<int32_t>("quant_round")),
                   .dequantizes = true,
                   .x = batch_norm.out("Y"),
                   .out = batch_norm.out("Quantized"),
                   .scale_in = batch_norm.in("QuantScale"),
                   .scale_out = batch_norm.out("QuantOutScale"),
                   .average = {.state_in = batch_norm.in("QuantState"),
                               .accum_in = batch_norm.in("QuantAccum"),
                               .state_out = batch_norm.out("QuantOutState"),
                               .accum_out = batch_norm.out("QuantOutAccum"),
                               .scale_out = batch_norm.out("QuantOutScale"),
                               .rate = batch_norm.attr<float>("quant_rate")}};
}

}  // namespace intact
