#pragma once

#include <optional>
#include <tuple>
#include <utility>

#include "bind.h"
#include "casters.h"

// Options structs as keyword arguments: each member is named once, its default is the struct's.

namespace intact::python {

template <class Options, class T>
struct Field {
  using Value = T;
  const char* name;
  T Options::*member;
};
/// One without a default.
template <class Options, class T>
struct RequiredField : Field<Options, T> {};

template <class Options, class T>
Field<Options, T> field(const char* name, T Options::*member) {
  return {name, member};
}
template <class Options, class T>
RequiredField<Options, T> required(const char* name, T Options::*member) {
  return {{name, member}};
}

template <class T>
constexpr bool kIsOptional = false;
template <class T>
constexpr bool kIsOptional<std::optional<T>> = true;

template <class Options, class T>
nb::arg_v to_argument(const Field<Options, T>& one) {
  return nb::arg(one.name).none(kIsOptional<T>) = Options{}.*(one.member);
}
template <class Options, class T>
nb::arg to_argument(const RequiredField<Options, T>& one) {
  return nb::arg(one.name);
}

/// The struct with these values.
template <class Options, class... Fields>
Options with_values(const std::tuple<Fields...>& fields, typename Fields::Value&... values) {
  Options options;
  std::apply([&](const auto&... one) { ((options.*(one.member) = std::move(values)), ...); },
             fields);
  return options;
}

/// Binds a layer of one Var: name(input, *, fields...).
template <class Options, class... Fields>
void def_layer_of(nb::module_& m,
                  const char* name,
                  const char* text,
                  Var& (*layer)(Var&, const Options&),
                  const char* input,
                  const Fields&... fields) {
  def_layer(
      m,
      name,
      [layer, all = std::tuple(fields...)](Var& x, typename Fields::Value... values) -> Var& {
        return layer(x, with_values<Options>(all, values...));
      },
      nb::arg(input),
      nb::kw_only(),
      to_argument(fields)...,
      text);
}

/// Binds a constructor: Class(fields...).
template <class Options, class Class, class... Base, class... Fields>
void def_init(nb::class_<Class, Base...>& type, const Fields&... fields) {
  type.def(
      "__init__",
      [all = std::tuple(fields...)](Class* self, typename Fields::Value... values) {
        new (self) Class(with_values<Options>(all, values...));
      },
      to_argument(fields)...);
}

}  // namespace intact::python
