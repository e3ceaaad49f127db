#include "casters.h"
#include "intact/ir/interpret.h"
#include "intact/runtime/executor.h"
#include "intact/runtime/integer_model.h"

namespace intact::python {
namespace {

void bind_places(nb::module_& m) {
  nb::class_<CpuPlace>(m, "CpuPlace", "The processor's cores.")
      .def(nb::init<>())
      .def("__repr__", [](const CpuPlace&) { return "CpuPlace()"; });
  nb::class_<CudaPlace>(m, "CudaPlace", doc("CudaPlace"))
      .def(nb::init<int>(), "device"_a = 0)
      .def_ro("device", &CudaPlace::device)
      .def("__repr__",
           [](const CudaPlace& self) { return "CudaPlace(" + std::to_string(self.device) + ")"; });
}

void bind_profile(nb::module_& m) {
  nb::class_<ProfileRow>(m, "ProfileRow", doc("ProfileRow"))
      .def_ro("name", &ProfileRow::name)
      .def_ro("kind", &ProfileRow::kind)
      .def_ro("kernel", &ProfileRow::kernel)
      .def_ro("calls", &ProfileRow::calls)
      .def_ro("seconds", &ProfileRow::seconds)
      .def_ro("flops", &ProfileRow::flops)
      .def_ro("bytes", &ProfileRow::bytes);
}

void bind_executor(nb::module_& m) {
  const ExecutorOptions defaults;
  nb::class_<Executor>(m, "Executor", doc("Executor"))
      .def(
          "__init__",
          [](Executor* self,
             Place place,
             bool use_reference,
             std::vector<std::string> disabled_fusions,
             bool profile) {
            new (self) Executor(place,
                                {.use_reference = use_reference,
                                 .disabled_fusions = std::move(disabled_fusions),
                                 .profile = profile});
          },
          "place"_a = CpuPlace{},
          nb::kw_only(),
          "use_reference"_a = defaults.use_reference,
          "disabled_fusions"_a = defaults.disabled_fusions,
          "profile"_a = defaults.profile,
          doc("Executor.Executor"))
      .def(
          "run",
          [](Executor& self,
             const Program& program,
             const Feeds& feeds,
             const std::vector<std::string>& fetches,
             Scope* scope,
             const std::string& guard_finite) {
            return self.run(program,
                            feeds.tensors,
                            fetches,
                            scope_or_global(scope),
                            {.guard_finite = guard_finite});
          },
          "program"_a,
          "feeds"_a = nb::dict(),
          "fetches"_a = std::vector<std::string>{},
          "scope"_a.none() = nb::none(),
          nb::kw_only(),
          "guard_finite"_a = "",
          ReleaseGil(),
          doc("Executor.run"))
      .def_prop_rw(
          "run_index", &Executor::run_index, &Executor::set_run_index, doc("Executor.run_index"))
      .def(
          "describe",
          [](Executor& self,
             const Program& program,
             const Feeds& feeds,
             const std::vector<std::string>& fetches,
             Scope* scope) {
            return self.describe(program, feeds.tensors, fetches, scope_or_global(scope));
          },
          "program"_a,
          "feeds"_a = nb::dict(),
          "fetches"_a = std::vector<std::string>{},
          "scope"_a.none() = nb::none(),
          ReleaseGil(),
          doc("Executor.describe"))
      .def("profile", &Executor::profile, doc("Executor.profile"))
      .def_prop_ro("compile_count", &Executor::compile_count, doc("Executor.compile_count"))
      .def_prop_ro(
          "peak_arena_bytes", &Executor::peak_arena_bytes, doc("Executor.peak_arena_bytes"));
  m.def("plan_fusions", &plan_fusions, doc("plan_fusions"));
  m.def(
      "find_first_nonfinite",
      [](const Program& program, const Feeds& feeds, Scope* scope, uint64_t run_index) {
        return find_first_nonfinite(program, feeds.tensors, scope_or_global(scope), run_index);
      },
      "program"_a,
      "feeds"_a,
      "scope"_a.none() = nb::none(),
      "run_index"_a = 0,
      ReleaseGil(),
      doc("find_first_nonfinite"));
}

void bind_integer_model(nb::module_& m) {
  const IntegerSessionOptions defaults;
  nb::class_<IntegerModel>(m, "IntegerModel", doc("IntegerModel"))
      .def_static("compile",
                  nb::overload_cast<const Program&,
                                    const Scope&,
                                    const std::vector<std::string>&,
                                    const std::vector<std::string>&>(&IntegerModel::compile),
                  "program"_a,
                  "scope"_a,
                  "feeds"_a,
                  "fetches"_a,
                  ReleaseGil(),
                  doc("IntegerModel.compile"))
      .def_prop_ro("feeds", &IntegerModel::feeds)
      .def_prop_ro("fetches", &IntegerModel::fetches)
      .def("describe", &IntegerModel::describe, doc("IntegerModel.describe"))
      .def("float_ops", &IntegerModel::float_ops, doc("IntegerModel.float_ops"));
  nb::class_<IntegerSession>(m, "IntegerSession", doc("IntegerSession"))
      .def(
          "__init__",
          [](IntegerSession* self, const IntegerModel& model, bool use_reference, bool keep_codes) {
            new (self)
                IntegerSession(model, {.use_reference = use_reference, .keep_codes = keep_codes});
          },
          "model"_a,
          nb::kw_only(),
          "use_reference"_a = defaults.use_reference,
          "keep_codes"_a = defaults.keep_codes)
      .def(
          "run",
          [](IntegerSession& self, const Feeds& feeds) { return self.run(feeds.tensors); },
          "feeds"_a,
          ReleaseGil(),
          doc("IntegerSession.run"))
      .def("codes", &IntegerSession::codes, doc("IntegerSession.codes"))
      .def("arena_bytes", &IntegerSession::arena_bytes, doc("IntegerSession.arena_bytes"));
}

}  // namespace

void bind_runtime(nb::module_& m) {
  bind_places(m);
  bind_profile(m);
  bind_executor(m);
  bind_integer_model(m);
  m.def(
      "interpret",
      [](const Program& program,
         const Feeds& feeds,
         const std::vector<std::string>& fetches,
         Scope* scope) {
        return interpret(program, feeds.tensors, fetches, scope_or_global(scope));
      },
      "program"_a,
      "feeds"_a = nb::dict(),
      "fetches"_a = std::vector<std::string>{},
      "scope"_a.none() = nb::none(),
      ReleaseGil(),
      doc("interpret"));
}

}  // namespace intact::python
