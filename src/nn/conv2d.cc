#include "intact/nn/conv2d.h"

#include <cmath>

#include "base/check.h"
#include "nn/layer.h"

namespace intact::nn {
namespace {

void check_conv2d(const std::string& where, const Shape& x, const Conv2dOptions& options) {
  check(x.rank() == 4 && x[1] > 0,
        "{}: input has shape {} but must be [N,C,H,W] with known C; reshape it",
        where,
        x.to_string());
  check(options.filters > 0 && options.groups > 0,
        "{}: filters is {} and groups is {} but both must be positive; set them",
        where,
        options.filters,
        options.groups);
  check(x[1] % options.groups == 0 && options.filters % options.groups == 0,
        "{}: input {} has {} channels and filters is {}, neither may leave a rest divided by "
        "groups={}; change groups",
        where,
        x.to_string(),
        x[1],
        options.filters,
        options.groups);
}

Initializer default_weight(int64_t channels, Size2d kernel) {
  const auto count = static_cast<double>(channels * kernel.height * kernel.width);
  return Normal{0.0f, static_cast<float>(std::sqrt(2.0 / count))};
}

}  // namespace

Var& conv2d(Var& x, const Conv2dOptions& options) {
  const int64_t channels = x.shape().rank() == 4 ? x.shape()[1] : -1;
  const bool is_depthwise =
      options.use_depthwise && options.groups > 1 && options.groups == channels;
  const std::string type = is_depthwise ? "depthwise_conv2d" : "conv2d";
  Layer layer(type, options.name);
  const std::string label =
      options.weight.name.empty() ? layer.where() : type + " '" + options.weight.name + "'";
  check_conv2d(label, x.shape(), options);
  Var& weight = layer.parameter(
      options.weight,
      "w",
      {options.filters, channels / options.groups, options.kernel.height, options.kernel.width},
      default_weight(channels, options.kernel));
  Var& convolved = layer.temporary();
  layer.append({.type = type,
                .inputs = {{"Input", {&x}}, {"Filter", {&weight}}},
                .outputs = {{"Output", {&convolved}}},
                .attrs = {{"strides", options.stride.ints()},
                          {"paddings", options.padding.ints()},
                          {"padding_algorithm", options.padding_algorithm},
                          {"dilations", options.dilation.ints()},
                          {"groups", int32_t{options.groups}}}});
  Var* out = &convolved;
  if (options.bias) {
    Var& bias = layer.parameter(*options.bias, "b", {options.filters}, Constant{0.0f});
    out = &layer.add_bias(*out, bias, 1);
  }
  return layer.activate(*out, options.activation);
}

}  // namespace intact::nn
