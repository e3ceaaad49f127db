#include <nanobind/stl/function.h>

#include "casters.h"
#include "intact/autodiff/append_backward.h"
#include "intact/train/learning_rate.h"
#include "intact/train/optimizer.h"

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
  using Decay = std::optional<float>;
  const SgdOptions sgd;
  nb::class_<Sgd, Optimizer>(m, "Sgd", doc("Sgd"))
      .def(
          "__init__",
          [](Sgd* self, float learning_rate, Decay l2_decay) {
            new (self) Sgd({.learning_rate = learning_rate, .l2_decay = l2_decay});
          },
          "learning_rate"_a = sgd.learning_rate,
          "l2_decay"_a.none() = nb::none());
  const MomentumOptions momentum;
  nb::class_<Momentum, Optimizer>(m, "Momentum", doc("Momentum"))
      .def(
          "__init__",
          [](Momentum* self, float learning_rate, float mu, bool use_nesterov, Decay l2_decay) {
            new (self) Momentum({.learning_rate = learning_rate,
                                 .momentum = mu,
                                 .use_nesterov = use_nesterov,
                                 .l2_decay = l2_decay});
          },
          "learning_rate"_a = momentum.learning_rate,
          "momentum"_a = momentum.momentum,
          "use_nesterov"_a = momentum.use_nesterov,
          "l2_decay"_a.none() = nb::none());
  const AdamOptions adam;
  nb::class_<Adam, Optimizer>(m, "Adam", doc("Adam"))
      .def(
          "__init__",
          [](Adam* self,
             float learning_rate,
             float beta1,
             float beta2,
             float epsilon,
             Decay l2_decay) {
            new (self) Adam({.learning_rate = learning_rate,
                             .beta1 = beta1,
                             .beta2 = beta2,
                             .epsilon = epsilon,
                             .l2_decay = l2_decay});
          },
          "learning_rate"_a = adam.learning_rate,
          "beta1"_a = adam.beta1,
          "beta2"_a = adam.beta2,
          "epsilon"_a = adam.epsilon,
          "l2_decay"_a.none() = nb::none());
}

}  // namespace

void bind_train(nb::module_& m) {
  bind_schedules(m);
  bind_optimizers(m);
}

}  // namespace intact::python
