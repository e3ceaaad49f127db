#include "parameter_layers.h"

#include "casters.h"
#include "intact/nn/batch_norm.h"
#include "intact/nn/create_parameter.h"
#include "intact/nn/embedding.h"
#include "intact/nn/fc.h"
#include "intact/nn/layer_norm.h"
#include "intact/nn/prelu.h"

namespace intact::python {
namespace {

using nn::ParamAttr;
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

void bind_layer_norm(nb::module_& m) {
  const nn::LayerNormOptions defaults;
  def_layer(
      m,
      "layer_norm",
      [](Var& x,
         int begin_norm_axis,
         float epsilon,
         const std::string& activation,
         const std::string& name,
         const std::optional<ParamAttr>& scale,
         const std::optional<ParamAttr>& shift) -> Var& {
        return nn::layer_norm(x,
                              {.begin_norm_axis = begin_norm_axis,
                               .epsilon = epsilon,
                               .activation = activation,
                               .name = name,
                               .scale = scale,
                               .shift = shift});
      },
      "x"_a,
      nb::kw_only(),
      "begin_norm_axis"_a = defaults.begin_norm_axis,
      "epsilon"_a = defaults.epsilon,
      "activation"_a = defaults.activation,
      "name"_a = defaults.name,
      "scale"_a.none() = *defaults.scale,
      "shift"_a.none() = *defaults.shift,
      doc("nn.layer_norm"));
}

void bind_prelu(nb::module_& m) {
  const nn::PreluOptions defaults;
  def_layer(
      m,
      "prelu",
      [](Var& x, const std::string& mode, const std::string& name, const ParamAttr& slope) -> Var& {
        return nn::prelu(x, {.mode = mode, .name = name, .slope = slope});
      },
      "x"_a,
      nb::kw_only(),
      "mode"_a = defaults.mode,
      "name"_a = defaults.name,
      "slope"_a = defaults.slope,
      doc("nn.prelu"));
}

void bind_embedding(nb::module_& m) {
  const nn::EmbeddingOptions defaults;
  def_layer(
      m,
      "embedding",
      [](Var& ids,
         int64_t rows,
         int64_t width,
         int64_t padding_idx,
         const std::string& name,
         const ParamAttr& weight) -> Var& {
        return nn::embedding(ids,
                             {.rows = rows,
                              .width = width,
                              .padding_idx = padding_idx,
                              .name = name,
                              .weight = weight});
      },
      "ids"_a,
      nb::kw_only(),
      "rows"_a,
      "width"_a,
      "padding_idx"_a = defaults.padding_idx,
      "name"_a = defaults.name,
      "weight"_a = defaults.weight,
      doc("nn.embedding"));
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
            "attr"_a = ParamAttr{},
            "is_bias"_a = false,
            doc("nn.create_parameter"));
}

}  // namespace intact::python
