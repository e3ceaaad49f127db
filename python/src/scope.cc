#include "bind.h"
#include "casters.h"

namespace intact::python {
namespace {

/// An entry by name, as the reference system's scopes hand it out.
class ScopeEntry {
 public:
  ScopeEntry(Scope& scope, std::string name) : scope_(&scope), name_(std::move(name)) {}
  Tensor value() const { return scope_->get(name_); }
  void set(Tensor tensor) { scope_->set(name_, std::move(tensor)); }

 private:
  Scope* scope_;
  std::string name_;
};

nb::object as_array(const ScopeEntry& entry, nb::object dtype, nb::object copy) {
  const nb::object view = to_numpy(entry.value());
  const bool is_copy = !copy.is_none() && nb::cast<bool>(copy);
  return nb::module_::import_("numpy").attr(is_copy ? "array" : "asarray")(view, dtype);
}

}  // namespace

void bind_scope(nb::module_& m) {
  nb::class_<ScopeEntry>(m, "ScopeEntry", "A named tensor of a Scope.")
      .def(
          "get_tensor",
          [](ScopeEntry& self) -> ScopeEntry& { return self; },
          nb::rv_policy::reference)
      .def(
          "set",
          [](ScopeEntry& self, Tensor value, nb::handle) { self.set(std::move(value)); },
          "value"_a,
          "place"_a = nb::none())
      .def("shape", [](const ScopeEntry& self) { return self.value().shape(); })
      .def("__array__", &as_array, "dtype"_a = nb::none(), "copy"_a = nb::none());

  nb::class_<Scope>(m, "Scope", nb::is_weak_referenceable(), doc("Scope"))
      .def(nb::init<>())
      .def(
          "get",
          [](const Scope& self, const std::string& name) { return self.get(name); },
          "name"_a,
          "The live tensor: the array shares its memory. Throws: NotFound, naming the nearest.")
      .def("set", &Scope::set, "name"_a, "value"_a, "Replaces or creates; copies the value.")
      .def("erase", &Scope::erase, "name"_a)
      .def("names", &Scope::names, "Sorted.")
      .def("clone", &Scope::clone, doc("Scope.clone"))
      .def(
          "find_var",
          [](Scope& self, const std::string& name) {
            return self.contains(name) ? std::optional(ScopeEntry(self, name)) : std::nullopt;
          },
          "name"_a,
          nb::keep_alive<0, 1>(),
          "The entry of that name, or None.")
      .def(
          "var",
          [](Scope& self, const std::string& name) { return ScopeEntry(self, name); },
          "name"_a,
          nb::keep_alive<0, 1>(),
          "The entry of that name; set() creates it.")
      .def("__contains__", &Scope::contains, "name"_a)
      .def(
          "__getitem__",
          [](const Scope& self, const std::string& name) { return self.get(name); },
          "name"_a)
      .def("__setitem__", &Scope::set, "name"_a, "value"_a)
      .def("__len__", [](const Scope& self) { return self.names().size(); })
      .def("__iter__", [](const Scope& self) {
        return nb::typed<nb::iterator, std::string>(nb::iter(nb::cast(self.names())));
      });
  m.def("global_scope", &global_scope, nb::rv_policy::reference, doc("global_scope"));
}

}  // namespace intact::python
