#include "intact/nn/layer_norm.h"

#include "base/check.h"
#include "nn/layer.h"

namespace intact::nn {

Var& layer_norm(Var& x, const LayerNormOptions& options) {
  Layer layer("layer_norm", options.name);
  const int axis = options.begin_norm_axis;
  check(axis >= 1 && axis < x.shape().rank(),
        "{}: begin_norm_axis is {} but the input has shape {}; give 1 to rank-1",
        layer.where(),
        axis,
        x.shape().to_string());
  const Shape elements{x.shape().numel(axis, x.shape().rank())};
  Slots inputs = {{"X", {&x}}};
  if (options.scale) {
    inputs["Scale"] = {&layer.parameter(*options.scale, "w", elements, Constant{1.0f})};
  }
  if (options.shift) {
    inputs["Bias"] = {&layer.parameter(*options.shift, "b", elements, Constant{0.0f})};
  }
  Var& mean = layer.temporary();
  Var& variance = layer.temporary();
  Var& y = layer.temporary();
  for (Var* statistic : {&mean, &variance}) {
    statistic->set_stop_gradient(true);
  }
  layer.append({.type = "layer_norm",
                .inputs = std::move(inputs),
                .outputs = {{"Y", {&y}}, {"Mean", {&mean}}, {"Variance", {&variance}}},
                .attrs = {{"begin_norm_axis", int32_t{axis}}, {"epsilon", options.epsilon}}});
  return layer.activate(y, options.activation);
}

}  // namespace intact::nn
