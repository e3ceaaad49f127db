#pragma once

#include <string>

#include "casters.h"
#include "intact/ir/attribute.h"
#include "intact/ir/program.h"

namespace intact::python {

/// Attribute values by name, before it is known which op they are for.
struct AttributeValues {
  nb::object mapping = nb::dict();
};
/// A Var, or several, by slot name.
struct SlotVars {
  Slots slots;
};

using AttributeDict = nb::typed<nb::dict, std::string, nb::object>;

nb::object to_python(const Attribute& attribute);
AttributeDict to_python(const Attributes& attributes);

/// The values as the op's definition types them; where it does not know the name, as Python's own
/// types say. Throws: InvalidArgument for a value of another type.
Attributes to_attributes(const std::string& op_type, const AttributeValues& values);
Slots to_slots(nb::handle values);

}  // namespace intact::python

namespace nanobind::detail {

template <>
struct type_caster<intact::python::AttributeValues> {
  NB_TYPE_CASTER(intact::python::AttributeValues,
                 const_name("collections.abc.Mapping[str, object]"))

  bool from_python(handle source, uint8_t, cleanup_list*) {
    value.mapping = borrow(source);
    return hasattr(source, "items");
  }
};

template <>
struct type_caster<intact::python::SlotVars> {
  NB_TYPE_CASTER(intact::python::SlotVars,
                 const_name("collections.abc.Mapping[str, intact._intact.Var | "
                            "collections.abc.Sequence[intact._intact.Var]]"))

  bool from_python(handle source, uint8_t, cleanup_list*) {
    if (!hasattr(source, "items")) {
      return false;
    }
    value.slots = intact::python::to_slots(source);
    return true;
  }
};

}  // namespace nanobind::detail
