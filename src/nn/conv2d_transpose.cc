#include "intact/nn/conv2d_transpose.h"

#include "base/check.h"
#include "nn/layer.h"

namespace intact::nn {

Var& conv2d_transpose(Var& x, const Conv2dTransposeOptions& options) {
  Layer layer("conv2d_transpose", options.name);
  check(x.shape().rank() == 4 && x.shape()[1] > 0,
        "{}: input has shape {} but must be [N,C,H,W] with known C; reshape it",
        layer.where(),
        x.shape().to_string());
  check(options.filters > 0 && options.groups > 0 && options.filters % options.groups == 0,
        "{}: filters is {} and groups is {}; give positive ones, filters a multiple of groups",
        layer.where(),
        options.filters,
        options.groups);
  Var& weight = layer.parameter(
      options.weight,
      "w",
      {x.shape()[1], options.filters / options.groups, options.kernel.height, options.kernel.width},
      XavierUniform{});
  Var& convolved = layer.temporary();
  layer.append(
      {.type = "conv2d_transpose",
       .inputs = {{"Input", {&x}}, {"Filter", {&weight}}},
       .outputs = {{"Output", {&convolved}}},
       .attrs = {{"strides", options.stride.ints()},
                 {"paddings", options.padding.ints()},
                 {"output_size", options.output_size ? options.output_size->ints() : Ints{}},
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
