#include "bind.h"
#include "casters.h"
#include "intact/ir/text.h"
#include "intact/ir/verify.h"
#include "intact/nn/program_guard.h"

namespace intact::python {
namespace {

/// A copy of a Program that brought its own Scope (what convert makes) has that Scope, too.
struct CopyScope {
  static void precall(PyObject**, size_t, nb::detail::cleanup_list*) {}
  static void postcall(PyObject** arguments, size_t, nb::handle copy) {
    const nb::handle self(arguments[0]);
    if (copy.is_valid() && nb::hasattr(self, "_scope")) {
      copy.attr("_scope") = self.attr("_scope");
    }
  }
};

/// ProgramGuard as a context manager.
class Guard {
 public:
  Guard(Program& main, Program& startup) : main_(&main), startup_(&startup) {}
  Guard(const Guard&) = delete;
  Guard& operator=(const Guard&) = delete;
  void enter() { guards_.push_back(std::make_unique<ProgramGuard>(*main_, *startup_)); }
  void exit() { guards_.pop_back(); }

 private:
  Program* main_;
  Program* startup_;
  std::vector<std::unique_ptr<ProgramGuard>> guards_;
};

void bind_guard(nb::module_& m) {
  nb::class_<Guard>(m, "ProgramGuard", doc("ProgramGuard"))
      .def(nb::init<Program&, Program&>(),
           "main"_a,
           "startup"_a,
           nb::keep_alive<1, 2>(),
           nb::keep_alive<1, 3>())
      .def(
          "__enter__",
          [](Guard& self) -> Guard& {
            self.enter();
            return self;
          },
          nb::rv_policy::reference)
      .def(
          "__exit__",
          [](Guard& self, nb::args) { self.exit(); },
          nb::sig("def __exit__(self, *exception: object) -> None"));
  m.def("default_main_program",
        &default_main_program,
        nb::rv_policy::reference,
        doc("default_main_program"));
  m.def("default_startup_program", &default_startup_program, nb::rv_policy::reference);
}

Scope* own_scope(nb::handle program) {
  return nb::hasattr(program, "_scope") ? nb::cast<Scope*>(program.attr("_scope")) : nullptr;
}

void set_own_scope(nb::handle program, nb::object scope) {
  program.attr("_scope") = scope;
}

std::vector<Var*> parameters(const Program& program) {
  std::vector<Var*> result;
  for (Var* var : program.block().vars()) {
    if (var->is_parameter()) {
      result.push_back(var);
    }
  }
  return result;
}

}  // namespace

void bind_program(nb::module_& m) {
  constexpr auto kInternal = nb::rv_policy::reference_internal;
  nb::class_<Program>(m, "Program", nb::dynamic_attr(), nb::is_weak_referenceable(), doc("Program"))
      .def(nb::init<>())
      .def("block", &Program::block, "index"_a = 0, kInternal)
      .def(
          "global_block", [](const Program& self) -> Block& { return self.block(); }, kInternal)
      .def_prop_ro("block_count", &Program::block_count)
      .def("ops", &Program::ops, kInternal)
      .def("var", &Program::var, "name"_a, kInternal)
      .def(
          "list_vars", [](const Program& self) { return self.block().vars(); }, kInternal)
      .def("all_parameters", &parameters, kInternal)
      .def(
          "clone",
          [](const Program& self, bool for_test) {
            return for_test ? self.clone_for_test() : self.clone();
          },
          "for_test"_a = false,
          nb::call_policy<CopyScope>(),
          doc("Program.clone"))
      .def("clone_for_test",
           &Program::clone_for_test,
           nb::call_policy<CopyScope>(),
           doc("Program.clone_for_test"))
      .def("prune",
           &Program::prune,
           "feeds"_a,
           "targets"_a,
           nb::call_policy<CopyScope>(),
           doc("Program.prune"))
      .def("unique_name", &Program::unique_name, "prefix"_a, doc("Program.unique_name"))
      .def_prop_rw("random_seed",
                   &Program::random_seed,
                   &Program::set_random_seed,
                   doc("Program.random_seed"))
      .def_prop_rw(
          "scope",
          &own_scope,
          &set_own_scope,
          nb::rv_policy::reference,
          nb::for_getter(nb::sig("def scope(self) -> Scope | None")),
          nb::for_setter(nb::sig("def scope(self, value: Scope | None, /) -> None")),
          "The Scope that was made for this Program, as convert does; None: the current one.")
      .def(
          "to_text", [](const Program& self) { return to_text(self); }, doc("to_text"))
      .def("__str__", [](const Program& self) { return to_text(self); });
  m.def("parse_program", &parse_program, "text"_a, doc("parse_program"));
  m.def("verify", &verify, "program"_a, doc("verify"));
  bind_guard(m);
}

}  // namespace intact::python
