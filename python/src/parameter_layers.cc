#include "parameter_layers.h"

#include "casters.h"
#include "intact/nn/batch_norm.h"
#include "intact/nn/conv2d.h"
#include "intact/nn/fc.h"
#include "intact/nn/pool2d.h"
#include "intact/nn/program_guard.h"

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

void bind_batch_norm(nb::module_& m) {
  const nn::BatchNormOptions defaults;
  def_layer(
      m,
      "batch_norm",
      [](Var& x,
         float momentum,
         float epsilon,
         bool use_global_stats,
         const std::string& activation,
         const std::string& name,
         const ParamAttr& scale,
         const ParamAttr& offset,
         const std::string& mean_name,
         const std::string& variance_name) -> Var& {
        return nn::batch_norm(x,
                              {.momentum = momentum,
                               .epsilon = epsilon,
                               .use_global_stats = use_global_stats,
                               .activation = activation,
                               .name = name,
                               .scale = scale,
                               .offset = offset,
                               .mean_name = mean_name,
                               .variance_name = variance_name});
      },
      "x"_a,
      nb::kw_only(),
      "momentum"_a = defaults.momentum,
      "epsilon"_a = defaults.epsilon,
      "use_global_stats"_a = defaults.use_global_stats,
      "activation"_a = defaults.activation,
      "name"_a = defaults.name,
      "scale"_a = defaults.scale,
      "offset"_a = defaults.offset,
      "mean_name"_a = defaults.mean_name,
      "variance_name"_a = defaults.variance_name,
      doc("nn.batch_norm"));
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
        return nn::pool2d(
            x,
            {.type = to_pool_type(type),
             .kernel = to_size(kernel),
             .stride = stride.has_value() ? std::optional(to_size(*stride)) : std::nullopt,
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

void bind_fc(nb::module_& m) {
  const nn::FcOptions defaults;
  def_layer(
      m,
      "fc",
      [](Var& x,
         int size,
         int num_flatten_dims,
         const std::string& activation,
         const std::string& name,
         const ParamAttr& weight,
         const std::optional<ParamAttr>& bias) -> Var& {
        return nn::fc(x,
                      {.size = size,
                       .num_flatten_dims = num_flatten_dims,
                       .activation = activation,
                       .name = name,
                       .weight = weight,
                       .bias = bias});
      },
      "x"_a,
      nb::kw_only(),
      "size"_a,
      "num_flatten_dims"_a = defaults.num_flatten_dims,
      "activation"_a = defaults.activation,
      "name"_a = defaults.name,
      "weight"_a = defaults.weight,
      "bias"_a.none() = *defaults.bias,
      doc("nn.fc"));
}

/// A parameter of the current Programs; one of that name that exists already is shared.
Var& create_parameter(const Shape& shape,
                      const std::string& name,
                      const ParamAttr& attr,
                      DType dtype) {
  Program& main = default_main_program();
  Program& startup = default_startup_program();
  if (Var* existing = main.block().find_var(name)) {
    return *existing;
  }
  const VarOptions options = {.is_persistable = true,
                              .is_parameter = true,
                              .stop_gradient = !attr.trainable,
                              .learning_rate = attr.learning_rate,
                              .l2_decay = attr.l2_decay};
  Var& initialized = startup.block().add_var(name, dtype, shape, options);
  nn::append_initializer(startup, initialized, attr.initializer.value_or(nn::XavierUniform{}));
  return main.block().add_var(name, dtype, shape, options);
}

}  // namespace

void bind_parameter_layers(nb::module_& m) {
  bind_conv2d(m);
  bind_batch_norm(m);
  bind_pool2d(m);
  bind_fc(m);
  def_layer(m,
            "create_parameter",
            &create_parameter,
            "shape"_a,
            "name"_a,
            "attr"_a = ParamAttr{},
            "dtype"_a = DType::Float32,
            "A trainable tensor; Xavier uniform where attr has no initializer.");
}

}  // namespace intact::python
