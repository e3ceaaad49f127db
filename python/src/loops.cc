#include "intact/train/loops.h"

#include <nanobind/stl/function.h>

#include "casters.h"

namespace intact::python {
namespace {

using OnIteration = std::function<void(const Iteration&)>;

/// Calls `on_iteration` and lets Ctrl-C end the loop.
OnIteration interruptible(OnIteration on_iteration) {
  return [on_iteration = std::move(on_iteration)](const Iteration& iteration) {
    const nb::gil_scoped_acquire gil;
    if (PyErr_CheckSignals() != 0) {
      throw nb::python_error();
    }
    if (on_iteration) {
      on_iteration(iteration);
    }
  };
}

void bind_results(nb::module_& m) {
  nb::class_<Iteration>(m, "Iteration", doc("Iteration"))
      .def_ro("index", &Iteration::index)
      .def_ro("count", &Iteration::count)
      .def_ro("top1", &Iteration::top1)
      .def_ro("top5", &Iteration::top5)
      .def_ro("loss", &Iteration::loss)
      .def_ro("images", &Iteration::images)
      .def_ro("seconds", &Iteration::seconds);
  nb::class_<Metrics>(m, "Metrics", doc("Metrics"))
      .def_ro("top1", &Metrics::top1)
      .def_ro("top5", &Metrics::top5)
      .def_ro("loss", &Metrics::loss)
      .def_ro("images", &Metrics::images)
      .def_ro("iterations", &Metrics::iterations)
      .def_ro("seconds", &Metrics::seconds)
      .def("__repr__", [](const Metrics& self) {
        return "<Metrics top1=" + std::to_string(self.top1) + " top5=" + std::to_string(self.top5) +
               " loss=" + std::to_string(self.loss) + " images=" + std::to_string(self.images) +
               ">";
      });
  nb::class_<EpochResult>(m, "EpochResult", "Metrics of a loop and where to go on.")
      .def_ro("metrics", &EpochResult::metrics)
      .def_ro("next_iteration", &EpochResult::next_iteration)
      .def_ro("is_complete", &EpochResult::is_complete);
}

}  // namespace

void bind_loops(nb::module_& m) {
  bind_results(m);
  m.def(
      "train_epoch",
      [](Executor& executor,
         const Program& program,
         DataLoader& loader,
         std::string top1,
         std::string top5,
         std::string loss,
         Scope* scope,
         OnIteration on_iteration,
         int64_t first_iteration,
         LearningRateSchedule schedule,
         std::string learning_rate,
         int64_t first_step) {
        return train_epoch(executor,
                           program,
                           loader,
                           {.top1 = std::move(top1),
                            .top5 = std::move(top5),
                            .loss = std::move(loss),
                            .scope = &scope_or_global(scope),
                            .on_iteration = interruptible(std::move(on_iteration)),
                            .first_iteration = first_iteration,
                            .schedule = std::move(schedule),
                            .learning_rate = std::move(learning_rate),
                            .first_step = first_step});
      },
      "executor"_a,
      "program"_a,
      "loader"_a,
      nb::kw_only(),
      "top1"_a = "",
      "top5"_a = "",
      "loss"_a = "",
      "scope"_a.none() = nb::none(),
      "on_iteration"_a.none() = nb::none(),
      "first_iteration"_a = 0,
      "schedule"_a.none() = nb::none(),
      "learning_rate"_a = "",
      "first_step"_a = 0,
      ReleaseGil(),
      doc("train_epoch"));
  m.def(
      "evaluate",
      [](Executor& executor,
         const Program& program,
         DataLoader& loader,
         std::string top1,
         std::string top5,
         std::string loss,
         Scope* scope,
         OnIteration on_iteration) {
        return evaluate(executor,
                        program,
                        loader,
                        {.top1 = std::move(top1),
                         .top5 = std::move(top5),
                         .loss = std::move(loss),
                         .scope = &scope_or_global(scope),
                         .on_iteration = interruptible(std::move(on_iteration))});
      },
      "executor"_a,
      "program"_a,
      "loader"_a,
      nb::kw_only(),
      "top1"_a = "",
      "top5"_a = "",
      "loss"_a = "",
      "scope"_a.none() = nb::none(),
      "on_iteration"_a.none() = nb::none(),
      ReleaseGil(),
      doc("evaluate"));
  m.def(
      "evaluate_integers",
      [](const Program& program,
         DataLoader& loader,
         std::string top1,
         std::string top5,
         std::string loss,
         Scope* scope,
         OnIteration on_iteration) {
        return evaluate_integers(program,
                                 loader,
                                 {.top1 = std::move(top1),
                                  .top5 = std::move(top5),
                                  .loss = std::move(loss),
                                  .scope = &scope_or_global(scope),
                                  .on_iteration = interruptible(std::move(on_iteration))});
      },
      "program"_a,
      "loader"_a,
      nb::kw_only(),
      "top1"_a = "",
      "top5"_a = "",
      "loss"_a = "",
      "scope"_a.none() = nb::none(),
      "on_iteration"_a.none() = nb::none(),
      ReleaseGil(),
      doc("evaluate_integers"));
}

}  // namespace intact::python
