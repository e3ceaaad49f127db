#include "casters.h"
#include "intact/nn/initializer.h"
#include "intact/nn/model_options.h"
#include "intact/nn/models/lenet.h"
#include "intact/nn/models/mobilenet_v1.h"
#include "intact/nn/models/mobilenet_v2.h"
#include "intact/nn/models/registry.h"
#include "intact/nn/models/resnet.h"
#include "intact/nn/param_attr.h"
#include "options.h"

namespace intact::python {
namespace {

using nn::Initializer;
using nn::ParamAttr;

void bind_initializers(nb::module_& m) {
  nb::class_<nn::Constant>(m, "Constant", "The same value everywhere.")
      .def(nb::init<float>(), "value"_a = nn::Constant{}.value)
      .def_ro("value", &nn::Constant::value);
  nb::class_<nn::Uniform>(m, "Uniform", "U(low, high).")
      .def(nb::init<float, float>(), "low"_a = nn::Uniform{}.low, "high"_a = nn::Uniform{}.high)
      .def_ro("low", &nn::Uniform::low)
      .def_ro("high", &nn::Uniform::high);
  nb::class_<nn::Normal>(m, "Normal", "N(mean, std).")
      .def(nb::init<float, float>(), "mean"_a = nn::Normal{}.mean, "std"_a = nn::Normal{}.std)
      .def_ro("mean", &nn::Normal::mean)
      .def_ro("std", &nn::Normal::std);
  nb::class_<nn::KaimingUniform>(m, "KaimingUniform", doc("nn.KaimingUniform")).def(nb::init<>());
  nb::class_<nn::KaimingNormal>(m, "KaimingNormal", doc("nn.KaimingNormal")).def(nb::init<>());
  nb::class_<nn::XavierUniform>(m, "XavierUniform", doc("nn.XavierUniform")).def(nb::init<>());
  nb::class_<nn::XavierNormal>(m, "XavierNormal", doc("nn.XavierNormal")).def(nb::init<>());
  nb::class_<nn::TruncatedNormal>(m, "TruncatedNormal", doc("nn.TruncatedNormal"))
      .def(nb::init<float, float>(),
           "mean"_a = nn::TruncatedNormal{}.mean,
           "std"_a = nn::TruncatedNormal{}.std)
      .def_ro("mean", &nn::TruncatedNormal::mean)
      .def_ro("std", &nn::TruncatedNormal::std);
  m.def("append_initializer",
        &nn::append_initializer,
        "startup"_a,
        "var"_a,
        "initializer"_a,
        doc("nn.append_initializer"));
}

void bind_param_attr(nb::module_& m) {
  nb::class_<ParamAttr> attr(m, "ParamAttr", doc("nn.ParamAttr"));
  def_init<ParamAttr>(attr,
                      field("name", &ParamAttr::name),
                      field("initializer", &ParamAttr::initializer),
                      field("learning_rate", &ParamAttr::learning_rate),
                      field("trainable", &ParamAttr::trainable),
                      field("l2_decay", &ParamAttr::l2_decay));
  attr.def_rw("name", &ParamAttr::name)
      .def_rw("initializer", &ParamAttr::initializer)
      .def_rw("learning_rate", &ParamAttr::learning_rate)
      .def_rw("trainable", &ParamAttr::trainable)
      .def_rw("l2_decay", &ParamAttr::l2_decay);
}

using Model = Var& (*)(Var&, const nn::ModelOptions&);

void def_model(nb::module_& m, const char* name, Model model, const char* text) {
  using Options = nn::ModelOptions;
  def_layer_of<Options>(m,
                        name,
                        text,
                        model,
                        "image",
                        field("class_dim", &Options::class_dim),
                        field("scale", &Options::scale),
                        field("softmax_output", &Options::softmax_output));
}

void bind_models(nb::module_& m) {
  const nn::ModelOptions defaults;
  def_model(m, "lenet", nn::lenet, doc("nn.lenet"));
  def_model(m, "mobilenet_v1", nn::mobilenet_v1, doc("nn.mobilenet_v1"));
  def_model(m, "mobilenet_v2", nn::mobilenet_v2, doc("nn.mobilenet_v2"));
  def_model(m, "resnet18", nn::resnet18, doc("nn.resnet18"));
  def_model(m, "resnet50", nn::resnet50, doc("nn.resnet18"));
  m.def("model_names", &nn::model_names, doc("nn.model_names"));
  def_layer(
      m,
      "build_model",
      [](const std::string& name, Var& image, int class_dim, float scale, bool softmax_output)
          -> Var& {
        return nn::build_model(
            name,
            image,
            {.class_dim = class_dim, .scale = scale, .softmax_output = softmax_output});
      },
      "name"_a,
      "image"_a,
      nb::kw_only(),
      "class_dim"_a = defaults.class_dim,
      "scale"_a = defaults.scale,
      "softmax_output"_a = defaults.softmax_output,
      doc("nn.build_model"));
}

}  // namespace

void bind_nn(nb::module_& m) {
  bind_initializers(m);
  bind_param_attr(m);
  bind_models(m);
}

}  // namespace intact::python
