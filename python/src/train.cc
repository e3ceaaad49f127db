#include <nanobind/stl/function.h>

#include "casters.h"
#include "intact/autodiff/append_backward.h"
#include "intact/train/learning_rate.h"
#include "intact/train/optimizer.h"
#include "options.h"

namespace intact::python {
namespace {

void bind_schedules(nb::module_& m) {
  m.def("constant_rate", &constant_rate, "rate"_a);
  m.def("piecewise_rate", &piecewise_rate, "boundaries"_a, "rates"_a, doc("piecewise_rate"));
  m.def("cosine_rate", &cosine_rate, "rate"_a, "steps"_a, doc("cosine_rate"));
  m.def("linear_warm_up",
        &linear_warm_up,
        "start"_a,
        "end"_a,
        "steps"_a,
        "after"_a,
        doc("linear_warm_up"));
  m.def(
      "set_learning_rate",
      [](const std::string& name, float rate, Scope* scope) {
        set_learning_rate(scope_or_global(scope), name, rate);
      },
      "name"_a,
      "rate"_a,
      "scope"_a.none() = nb::none(),
      doc("set_learning_rate"));
}

using GradientPairs = std::vector<std::pair<Var*, Var*>>;

/// (parameter, gradient) pairs.
GradientPairs to_pairs(const std::vector<ParameterGradient>& gradients) {
  GradientPairs pairs;
  for (const auto& [parameter, gradient] : gradients) {
    pairs.emplace_back(parameter, gradient);
  }
  return pairs;
}

GradientPairs minimize(Optimizer& optimizer, Var& loss) {
  return to_pairs(optimizer.minimize(loss));
}

void bind_optimizers(nb::module_& m) {
  m.def(
      "append_backward",
      [](Var& loss) { return to_pairs(append_backward(loss)); },
      "loss"_a,
      nb::rv_policy::reference,
      nb::call_policy<KeepProgram>(),
      doc("append_backward"));
  nb::class_<Optimizer>(m, "Optimizer", doc("Optimizer"))
      .def("minimize",
           &minimize,
           "loss"_a,
           nb::rv_policy::reference,
           nb::call_policy<KeepProgram>(),
           doc("Optimizer.minimize"))
      .def_prop_ro("learning_rate_name",
                   &Optimizer::learning_rate_name,
                   doc("Optimizer.learning_rate_name"));
  nb::class_<Sgd, Optimizer> sgd(m, "Sgd", doc("Sgd"));
  def_init<SgdOptions>(sgd,
                       field("learning_rate", &SgdOptions::learning_rate),
                       field("l2_decay", &SgdOptions::l2_decay));
  nb::class_<Momentum, Optimizer> momentum(m, "Momentum", doc("Momentum"));
  def_init<MomentumOptions>(momentum,
                            field("learning_rate", &MomentumOptions::learning_rate),
                            field("momentum", &MomentumOptions::momentum),
                            field("use_nesterov", &MomentumOptions::use_nesterov),
                            field("l2_decay", &MomentumOptions::l2_decay));
  nb::class_<Adam, Optimizer> adam(m, "Adam", doc("Adam"));
  def_init<AdamOptions>(adam,
                        field("learning_rate", &AdamOptions::learning_rate),
                        field("beta1", &AdamOptions::beta1),
                        field("beta2", &AdamOptions::beta2),
                        field("epsilon", &AdamOptions::epsilon),
                        field("l2_decay", &AdamOptions::l2_decay));
}

}  // namespace

void bind_train(nb::module_& m) {
  bind_schedules(m);
  bind_optimizers(m);
}

}  // namespace intact::python
