#include "attributes.h"
#include "casters.h"
#include "intact/ir/op_registry.h"
#include "intact/nn/accuracy.h"
#include "intact/nn/activation.h"
#include "intact/nn/cross_entropy.h"
#include "intact/nn/data.h"
#include "intact/nn/dropout.h"
#include "intact/nn/elementwise.h"
#include "intact/nn/matmul.h"
#include "intact/nn/program_guard.h"
#include "intact/nn/reduce.h"
#include "intact/nn/shape_ops.h"
#include "options.h"
#include "parameter_layers.h"

namespace intact::python {
namespace {

/// Appends an op of any type, with a new temporary in each output slot that must be filled and
/// `list_size` of them in a slot that takes a list.
std::vector<Var*> append(const std::string& type,
                         Slots inputs,
                         const Attributes& attrs,
                         int list_size) {
  Program& main = default_main_program();
  const OpDef& def = op_registry().get(type);
  const std::string name = main.unique_name(type) + ".tmp";
  std::vector<Var*> results;
  Slots outputs;
  for (const SlotDef& slot : def.outputs) {
    const int count = slot.is_optional ? 0 : (slot.is_list ? list_size : 1);
    for (int i = 0; i < count; ++i) {
      Var& out = main.block().add_var(main.unique_name(name), DType::Float32, Shape{});
      outputs[slot.name].push_back(&out);
      if (!slot.is_intermediate) {
        results.push_back(&out);
      }
    }
  }
  main.block().append_op(
      {.type = type, .inputs = std::move(inputs), .outputs = std::move(outputs), .attrs = attrs});
  return results;
}

using Binary = Var& (*)(Var&, Var&, int);

/// Binds x OP y and x OP number.
template <class Scalar>
void def_operator(nb::class_<Var>& var, const char* name, Binary function, Scalar scalar) {
  const nb::call_policy<KeepProgram> keep;
  var.def(
      name,
      [function](Var& x, Var& y) -> Var& { return function(x, y, -1); },
      nb::is_operator(),
      nb::rv_policy::reference,
      keep);
  var.def(name, scalar, nb::is_operator(), nb::rv_policy::reference, keep);
}

void def_elementwise(nb::module_& m, const char* name, Binary function) {
  def_layer(m, name, function, "x"_a, "y"_a, "axis"_a = -1, doc("nn.elementwise_add"));
}

void bind_operators(nb::module_& m) {
  auto var = nb::borrow<nb::class_<Var>>(nb::type<Var>());
  const nb::call_policy<KeepProgram> keep;
  const auto plus = [](Var& x, float y) -> Var& { return nn::scale(x, 1.0f, y); };
  const auto times = [](Var& x, float y) -> Var& { return nn::scale(x, y); };
  def_operator(var, "__add__", &nn::elementwise_add, plus);
  def_operator(var, "__sub__", &nn::elementwise_sub, [](Var& x, float y) -> Var& {
    return nn::scale(x, 1.0f, -y);
  });
  def_operator(var, "__mul__", &nn::elementwise_mul, times);
  def_operator(var, "__truediv__", &nn::elementwise_div, [](Var& x, float y) -> Var& {
    return nn::scale(x, 1.0f / y);
  });
  var.def("__radd__", plus, nb::is_operator(), nb::rv_policy::reference, keep);
  var.def("__rmul__", times, nb::is_operator(), nb::rv_policy::reference, keep);
  var.def(
      "__rsub__",
      [](Var& x, float y) -> Var& { return nn::scale(x, -1.0f, y); },
      nb::is_operator(),
      nb::rv_policy::reference,
      keep);
  var.def(
      "__neg__",
      [](Var& x) -> Var& { return nn::scale(x, -1.0f); },
      nb::rv_policy::reference,
      keep);
  def_elementwise(m, "elementwise_add", &nn::elementwise_add);
  def_elementwise(m, "elementwise_sub", &nn::elementwise_sub);
  def_elementwise(m, "elementwise_mul", &nn::elementwise_mul);
  def_elementwise(m, "elementwise_div", &nn::elementwise_div);
  def_elementwise(m, "elementwise_max", &nn::elementwise_max);
  def_elementwise(m, "elementwise_min", &nn::elementwise_min);
  def_layer(m, "scale", &nn::scale, "x"_a, "scale"_a, "bias"_a = 0.0f, doc("nn.scale"));
  def_layer(m, "cast", &nn::cast, "x"_a, "dtype"_a, doc("nn.cast"));
}

void bind_activations(nb::module_& m) {
  def_layer(m, "relu", &nn::relu, "x"_a);
  def_layer(m, "relu6", &nn::relu6, "x"_a);
  def_layer(m, "sigmoid", &nn::sigmoid, "x"_a);
  def_layer(m, "tanh", &nn::tanh, "x"_a);
  def_layer(m, "leaky_relu", &nn::leaky_relu, "x"_a, "alpha"_a = 0.02f);
  def_layer(m, "softmax", &nn::softmax, "x"_a, "axis"_a = -1);
  def_layer(
      m,
      "activation",
      [](Var& x, const std::string& type, const AttributeValues& attrs) -> Var& {
        return nn::activation(x, type, to_attributes(type, attrs));
      },
      "x"_a,
      "type"_a,
      "attrs"_a = nb::dict(),
      doc("nn.activation"));
}

void bind_shapes(nb::module_& m) {
  def_layer(m, "reshape", &nn::reshape, "x"_a, "shape"_a, doc("nn.reshape"));
  def_layer(
      m, "flatten", &nn::flatten, "x"_a, "start_axis"_a = 1, "stop_axis"_a = -1, doc("nn.flatten"));
  def_layer(m, "transpose", &nn::transpose, "x"_a, "permutation"_a, doc("nn.transpose"));
  def_layer(m, "concat", &nn::concat, "parts"_a, "axis"_a = 0);
  def_layer(m, "mean", &nn::mean, "x"_a, doc("nn.mean"));
  def_layer(m,
            "reduce_sum",
            &nn::reduce_sum,
            "x"_a,
            "axes"_a = Ints{},
            "keep_dims"_a = false,
            doc("nn.reduce_sum"));
  def_layer(m, "reduce_mean", &nn::reduce_mean, "x"_a, "axes"_a, "keep_dims"_a = false);
  def_layer(
      m,
      "matmul",
      [](Var& x, Var& y, bool transpose_x, bool transpose_y) -> Var& {
        return nn::matmul(x, y, {.transpose_x = transpose_x, .transpose_y = transpose_y});
      },
      "x"_a,
      "y"_a,
      nb::kw_only(),
      "transpose_x"_a = nn::MatmulOptions{}.transpose_x,
      "transpose_y"_a = nn::MatmulOptions{}.transpose_y,
      doc("nn.matmul"));
}

void bind_losses(nb::module_& m) {
  const nn::CrossEntropyOptions defaults;
  def_layer(
      m,
      "cross_entropy",
      [](Var& x,
         Var& label,
         bool soft_label,
         int ignore_index,
         int axis,
         bool use_softmax,
         bool mean) -> Var& {
        return nn::cross_entropy(x,
                                 label,
                                 {.soft_label = soft_label,
                                  .ignore_index = ignore_index,
                                  .axis = axis,
                                  .use_softmax = use_softmax,
                                  .reduction = mean ? nn::Reduction::Mean : nn::Reduction::None});
      },
      "x"_a,
      "label"_a,
      nb::kw_only(),
      "soft_label"_a = defaults.soft_label,
      "ignore_index"_a = defaults.ignore_index,
      "axis"_a = defaults.axis,
      "use_softmax"_a = defaults.use_softmax,
      "mean"_a = defaults.reduction == nn::Reduction::Mean,
      doc("nn.cross_entropy"));
  def_layer(m, "accuracy", &nn::accuracy, "x"_a, "label"_a, "k"_a = 1, doc("nn.accuracy"));
  m.def(
      "topk",
      [](Var& x, int k) {
        const nn::TopK result = nn::topk(x, k);
        return std::pair<Var*, Var*>(&result.values, &result.indices);
      },
      "x"_a,
      "k"_a,
      nb::rv_policy::reference,
      nb::call_policy<KeepProgram>(),
      doc("nn.topk"));
  using Options = nn::DropoutOptions;
  def_layer_of<Options>(m,
                        "dropout",
                        doc("nn.dropout"),
                        &nn::dropout,
                        "x",
                        field("probability", &Options::probability),
                        field("upscale_in_train", &Options::upscale_in_train));
}

}  // namespace

void bind_layers(nb::module_& m) {
  def_layer(m, "data", &nn::data, "name"_a, "shape"_a, "dtype"_a = DType::Float32, doc("nn.data"));
  bind_operators(m);
  bind_activations(m);
  bind_shapes(m);
  bind_losses(m);
  bind_conv_layers(m);
  bind_parameter_layers(m);
  m.def(
      "append",
      [](const std::string& type,
         const SlotVars& inputs,
         const AttributeValues& attrs,
         int list_size) {
        return append(type, inputs.slots, to_attributes(type, attrs), list_size);
      },
      "type"_a,
      "inputs"_a,
      "attrs"_a = nb::dict(),
      "list_size"_a = 0,
      nb::rv_policy::reference,
      nb::call_policy<KeepProgram>(),
      "Appends an op of any type to the current main Program and returns its outputs: a new "
      "temporary for each output slot that must be filled, list_size of them where it is a list.");
}

}  // namespace intact::python
