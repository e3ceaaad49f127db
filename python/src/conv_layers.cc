#include "casters.h"
#include "intact/nn/conv2d.h"
#include "intact/nn/conv2d_transpose.h"
#include "intact/nn/pool2d.h"
#include "parameter_layers.h"

namespace intact::python {
namespace {

using nn::ParamAttr;
/// One number for both, or (height, width).
using Size = std::variant<int, std::pair<int, int>>;

nn::Size2d to_size(const Size& size) {
  if (const int* both = std::get_if<int>(&size)) {
    return *both;
  }
  const auto& [height, width] = std::get<std::pair<int, int>>(size);
  return {height, width};
}

std::optional<nn::Size2d> to_optional_size(const std::optional<Size>& size) {
  return size.has_value() ? std::optional(to_size(*size)) : std::nullopt;
}

Size to_python(const nn::Size2d& size) {
  if (size.height == size.width) {
    return size.height;
  }
  return std::pair(size.height, size.width);
}

nn::PoolType to_pool_type(const std::string& name) {
  if (name == "max") {
    return nn::PoolType::Max;
  }
  if (name == "avg") {
    return nn::PoolType::Average;
  }
  throw Error(ErrorCode::InvalidArgument,
              "pool2d: type '" + name + "' is not known; use 'max' or 'avg'");
}

void bind_conv2d(nb::module_& m) {
  const nn::Conv2dOptions defaults;
  def_layer(
      m,
      "conv2d",
      [](Var& x,
         int filters,
         const Size& kernel,
         const Size& stride,
         const Size& padding,
         const std::string& padding_algorithm,
         const Size& dilation,
         int groups,
         bool use_depthwise,
         const std::string& activation,
         const std::string& name,
         const ParamAttr& weight,
         const std::optional<ParamAttr>& bias) -> Var& {
        return nn::conv2d(x,
                          {.filters = filters,
                           .kernel = to_size(kernel),
                           .stride = to_size(stride),
                           .padding = to_size(padding),
                           .padding_algorithm = padding_algorithm,
                           .dilation = to_size(dilation),
                           .groups = groups,
                           .use_depthwise = use_depthwise,
                           .activation = activation,
                           .name = name,
                           .weight = weight,
                           .bias = bias});
      },
      "x"_a,
      nb::kw_only(),
      "filters"_a,
      "kernel"_a = to_python(defaults.kernel),
      "stride"_a = to_python(defaults.stride),
      "padding"_a = to_python(defaults.padding),
      "padding_algorithm"_a = defaults.padding_algorithm,
      "dilation"_a = to_python(defaults.dilation),
      "groups"_a = defaults.groups,
      "use_depthwise"_a = defaults.use_depthwise,
      "activation"_a = defaults.activation,
      "name"_a = defaults.name,
      "weight"_a = defaults.weight,
      "bias"_a.none() = *defaults.bias,
      doc("nn.conv2d"));
}

void bind_conv2d_transpose(nb::module_& m) {
  const nn::Conv2dTransposeOptions defaults;
  def_layer(
      m,
      "conv2d_transpose",
      [](Var& x,
         int filters,
         const Size& kernel,
         const Size& stride,
         const Size& padding,
         const std::optional<Size>& output_size,
         const Size& dilation,
         int groups,
         const std::string& activation,
         const std::string& name,
         const ParamAttr& weight,
         const std::optional<ParamAttr>& bias) -> Var& {
        return nn::conv2d_transpose(x,
                                    {.filters = filters,
                                     .kernel = to_size(kernel),
                                     .stride = to_size(stride),
                                     .padding = to_size(padding),
                                     .output_size = to_optional_size(output_size),
                                     .dilation = to_size(dilation),
                                     .groups = groups,
                                     .activation = activation,
                                     .name = name,
                                     .weight = weight,
                                     .bias = bias});
      },
      "x"_a,
      nb::kw_only(),
      "filters"_a,
      "kernel"_a = to_python(defaults.kernel),
      "stride"_a = to_python(defaults.stride),
      "padding"_a = to_python(defaults.padding),
      "output_size"_a.none() = nb::none(),
      "dilation"_a = to_python(defaults.dilation),
      "groups"_a = defaults.groups,
      "activation"_a = defaults.activation,
      "name"_a = defaults.name,
      "weight"_a = defaults.weight,
      "bias"_a.none() = *defaults.bias,
      doc("nn.conv2d_transpose"));
}

void bind_pool2d(nb::module_& m) {
  const nn::Pool2dOptions defaults;
  def_layer(
      m,
      "pool2d",
      [](Var& x,
         const std::string& type,
         const Size& kernel,
         const std::optional<Size>& stride,
         const Size& padding,
         bool ceil_mode,
         bool exclusive,
         bool adaptive,
         const std::string& name) -> Var& {
        return nn::pool2d(x,
                          {.type = to_pool_type(type),
                           .kernel = to_size(kernel),
                           .stride = to_optional_size(stride),
                           .padding = to_size(padding),
                           .ceil_mode = ceil_mode,
                           .exclusive = exclusive,
                           .adaptive = adaptive,
                           .name = name});
      },
      "x"_a,
      nb::kw_only(),
      "type"_a = "max",
      "kernel"_a = to_python(defaults.kernel),
      "stride"_a.none() = nb::none(),
      "padding"_a = to_python(defaults.padding),
      "ceil_mode"_a = defaults.ceil_mode,
      "exclusive"_a = defaults.exclusive,
      "adaptive"_a = defaults.adaptive,
      "name"_a = defaults.name,
      "Pools x: [N,C,H,W] by 'max' or 'avg'. stride: the kernel where not given. adaptive: kernel "
      "is the output's size.");
  def_layer(
      m, "global_average_pool", &nn::global_average_pool, "x"_a, doc("nn.global_average_pool"));
}

}  // namespace

void bind_conv_layers(nb::module_& m) {
  bind_conv2d(m);
  bind_conv2d_transpose(m);
  bind_pool2d(m);
}

}  // namespace intact::python
