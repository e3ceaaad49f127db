#include "casters.h"
#include "intact/nn/conv2d.h"
#include "intact/nn/conv2d_transpose.h"
#include "intact/nn/pool2d.h"
#include "options.h"
#include "parameter_layers.h"
#include "size2d.h"

namespace nanobind::detail {

/// "max" or "avg".
template <>
struct type_caster<intact::nn::PoolType> {
  NB_TYPE_CASTER(intact::nn::PoolType, const_name("str"))

  bool from_python(handle source, uint8_t, cleanup_list*) {
    std::string name;
    if (!try_cast(source, name)) {
      return false;
    }
    if (name != "max" && name != "avg") {
      throw intact::Error(intact::ErrorCode::InvalidArgument,
                          "pool2d: type '" + name + "' is not known; use 'max' or 'avg'");
    }
    value = name == "max" ? intact::nn::PoolType::Max : intact::nn::PoolType::Average;
    return true;
  }
  static handle from_cpp(intact::nn::PoolType type, rv_policy, cleanup_list*) {
    return str(type == intact::nn::PoolType::Max ? "max" : "avg").release();
  }
};

}  // namespace nanobind::detail

namespace intact::python {
namespace {

void bind_conv2d(nb::module_& m) {
  using Options = nn::Conv2dOptions;
  def_layer_of<Options>(m,
                        "conv2d",
                        doc("nn.conv2d"),
                        &nn::conv2d,
                        "x",
                        required("filters", &Options::filters),
                        field("kernel", &Options::kernel),
                        field("stride", &Options::stride),
                        field("padding", &Options::padding),
                        field("padding_algorithm", &Options::padding_algorithm),
                        field("dilation", &Options::dilation),
                        field("groups", &Options::groups),
                        field("use_depthwise", &Options::use_depthwise),
                        field("activation", &Options::activation),
                        field("name", &Options::name),
                        field("weight", &Options::weight),
                        field("bias", &Options::bias));
}

void bind_conv2d_transpose(nb::module_& m) {
  using Options = nn::Conv2dTransposeOptions;
  def_layer_of<Options>(m,
                        "conv2d_transpose",
                        doc("nn.conv2d_transpose"),
                        &nn::conv2d_transpose,
                        "x",
                        required("filters", &Options::filters),
                        field("kernel", &Options::kernel),
                        field("stride", &Options::stride),
                        field("padding", &Options::padding),
                        field("output_size", &Options::output_size),
                        field("dilation", &Options::dilation),
                        field("groups", &Options::groups),
                        field("activation", &Options::activation),
                        field("name", &Options::name),
                        field("weight", &Options::weight),
                        field("bias", &Options::bias));
}

void bind_pool2d(nb::module_& m) {
  using Options = nn::Pool2dOptions;
  def_layer_of<Options>(
      m,
      "pool2d",
      "Pools x: [N,C,H,W] by 'max' or 'avg'. stride: the kernel where not given. adaptive: kernel "
      "is the output's size.",
      &nn::pool2d,
      "x",
      field("type", &Options::type),
      field("kernel", &Options::kernel),
      field("stride", &Options::stride),
      field("padding", &Options::padding),
      field("ceil_mode", &Options::ceil_mode),
      field("exclusive", &Options::exclusive),
      field("adaptive", &Options::adaptive),
      field("name", &Options::name));
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
