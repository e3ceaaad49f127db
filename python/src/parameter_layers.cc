#include "parameter_layers.h"

#include "intact/nn/batch_norm.h"
#include "intact/nn/create_parameter.h"
#include "intact/nn/embedding.h"
#include "intact/nn/fc.h"
#include "intact/nn/layer_norm.h"
#include "intact/nn/prelu.h"
#include "options.h"

namespace intact::python {
namespace {

void bind_batch_norm(nb::module_& m) {
  using Options = nn::BatchNormOptions;
  def_layer_of<Options>(m,
                        "batch_norm",
                        doc("nn.batch_norm"),
                        &nn::batch_norm,
                        "x",
                        field("momentum", &Options::momentum),
                        field("epsilon", &Options::epsilon),
                        field("use_global_stats", &Options::use_global_stats),
                        field("activation", &Options::activation),
                        field("name", &Options::name),
                        field("scale", &Options::scale),
                        field("offset", &Options::offset),
                        field("mean_name", &Options::mean_name),
                        field("variance_name", &Options::variance_name));
}

void bind_fc(nb::module_& m) {
  using Options = nn::FcOptions;
  def_layer_of<Options>(m,
                        "fc",
                        doc("nn.fc"),
                        &nn::fc,
                        "x",
                        required("size", &Options::size),
                        field("num_flatten_dims", &Options::num_flatten_dims),
                        field("activation", &Options::activation),
                        field("name", &Options::name),
                        field("weight", &Options::weight),
                        field("bias", &Options::bias));
}

void bind_layer_norm(nb::module_& m) {
  using Options = nn::LayerNormOptions;
  def_layer_of<Options>(m,
                        "layer_norm",
                        doc("nn.layer_norm"),
                        &nn::layer_norm,
                        "x",
                        field("begin_norm_axis", &Options::begin_norm_axis),
                        field("epsilon", &Options::epsilon),
                        field("activation", &Options::activation),
                        field("name", &Options::name),
                        field("scale", &Options::scale),
                        field("shift", &Options::shift));
}

void bind_prelu(nb::module_& m) {
  using Options = nn::PreluOptions;
  def_layer_of<Options>(m,
                        "prelu",
                        doc("nn.prelu"),
                        &nn::prelu,
                        "x",
                        field("mode", &Options::mode),
                        field("name", &Options::name),
                        field("slope", &Options::slope));
}

void bind_embedding(nb::module_& m) {
  using Options = nn::EmbeddingOptions;
  def_layer_of<Options>(m,
                        "embedding",
                        doc("nn.embedding"),
                        &nn::embedding,
                        "ids",
                        required("rows", &Options::rows),
                        required("width", &Options::width),
                        field("padding_idx", &Options::padding_idx),
                        field("name", &Options::name),
                        field("weight", &Options::weight));
}

}  // namespace

void bind_parameter_layers(nb::module_& m) {
  bind_batch_norm(m);
  bind_layer_norm(m);
  bind_prelu(m);
  bind_embedding(m);
  bind_fc(m);
  def_layer(m,
            "create_parameter",
            &nn::create_parameter,
            "shape"_a,
            "attr"_a = nn::ParamAttr{},
            "is_bias"_a = false,
            doc("nn.create_parameter"));
}

}  // namespace intact::python
