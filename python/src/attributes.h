#pragma once

#include <string>

#include "bind.h"
#include "intact/ir/attribute.h"
#include "intact/ir/program.h"

namespace intact::python {

nb::object to_python(const Attribute& attribute);
nb::dict to_python(const Attributes& attributes);

/// The values as the op's definition types them; where it does not know the name, as Python's own
/// types say. Throws: InvalidArgument for a value of another type.
Attributes to_attributes(const std::string& op_type, nb::handle values);

/// A Var, or a list of them, by slot name.
Slots to_slots(nb::handle values);

}  // namespace intact::python
