#pragma once

#include <nanobind/nanobind.h>

#include <string_view>
#include <utility>

#include "intact/base/error.h"
#include "intact/ir/program.h"
#include "intact/ir/scope.h"
#include "python_docs.h"

// Parts of a Program are never copied: Python has references, which keep it alive.
namespace nanobind::detail {
template <>
struct is_copy_constructible<intact::Var> : std::false_type {};
template <>
struct is_copy_constructible<intact::Op> : std::false_type {};
template <>
struct is_copy_constructible<intact::Block> : std::false_type {};
}  // namespace nanobind::detail

namespace intact::python {

namespace nb = nanobind;
using namespace nb::literals;

/// The header's comment of a declaration: "Executor.run". A name that has none does not compile.
consteval const char* doc(std::string_view name) {
  for (const Doc& entry : kDocs) {
    if (name == entry.name) {
      return entry.text;
    }
  }
  throw "no public header documents this name";
}

/// Call policy of what returns Vars of the current main Program: they keep it alive.
struct KeepProgram {
  static void precall(PyObject**, size_t, nb::detail::cleanup_list*) {}
  static void postcall(PyObject**, size_t, nb::handle result);
};

/// Binds a function that appends to the current main Program and returns a Var of it.
template <class Function, class... Extra>
void def_layer(nb::module_& m, const char* name, Function&& function, const Extra&... extra) {
  m.def(name,
        std::forward<Function>(function),
        nb::rv_policy::reference,
        nb::call_policy<KeepProgram>(),
        extra...);
}

/// nullptr is global_scope().
inline Scope& scope_or_global(Scope* scope) {
  return scope != nullptr ? *scope : global_scope();
}

using ReleaseGil = nb::call_guard<nb::gil_scoped_release>;

// One file a room; module.cc calls them in this order, since defaults need their types bound.
void bind_errors(nb::module_& m);
void bind_base(nb::module_& m);
void bind_ir(nb::module_& m);
void bind_program(nb::module_& m);
void bind_scope(nb::module_& m);
void bind_data(nb::module_& m);
void bind_loader(nb::module_& m);
void bind_runtime(nb::module_& m);
void bind_interop(nb::module_& m);
void bind_nn(nb::module_& m);
void bind_layers(nb::module_& m);
void bind_quant(nb::module_& m);
void bind_quant_post(nb::module_& m);
void bind_quant_weights(nb::module_& m);
void bind_train(nb::module_& m);
void bind_loops(nb::module_& m);

}  // namespace intact::python
