#include "attributes.h"

#include "casters.h"
#include "intact/ir/op_registry.h"

namespace intact::python {
namespace {

template <class T>
Attribute convert(nb::handle value) {
  return nb::cast<T>(value);
}
template <>
Attribute convert<BlockRef>(nb::handle value) {
  return BlockRef{nb::cast<int32_t>(value)};
}

Attribute converted_like(const Attribute& like, nb::handle value) {
  return std::visit(
      [&](const auto& known) { return convert<std::decay_t<decltype(known)>>(value); }, like);
}

/// bool, int32, float32, string, or a list of one of them.
Attribute guessed(nb::handle value) {
  if (nb::isinstance<nb::bool_>(value)) {
    return nb::cast<bool>(value);
  }
  if (nb::isinstance<nb::int_>(value)) {
    return nb::cast<int32_t>(value);
  }
  if (nb::isinstance<nb::float_>(value)) {
    return nb::cast<float>(value);
  }
  if (nb::isinstance<nb::str>(value)) {
    return nb::cast<std::string>(value);
  }
  Ints ints;
  Floats floats;
  if (nb::try_cast(value, ints)) {
    return ints;
  }
  if (nb::try_cast(value, floats)) {
    return floats;
  }
  return nb::cast<Strings>(value);
}

}  // namespace

nb::object to_python(const Attribute& attribute) {
  return std::visit(
      [](const auto& value) -> nb::object {
        using T = std::decay_t<decltype(value)>;
        if constexpr (std::is_same_v<T, BlockRef>) {
          return nb::cast(value.index);
        } else if constexpr (std::is_same_v<T, Bools>) {
          nb::list items;
          for (const bool item : value) {
            items.append(item);
          }
          return items;
        } else {
          return nb::cast(value);
        }
      },
      attribute);
}

AttributeDict to_python(const Attributes& attributes) {
  AttributeDict result;
  for (const auto& [name, value] : attributes) {
    result[name.c_str()] = to_python(value);
  }
  return result;
}

Attributes to_attributes(const std::string& op_type, const AttributeValues& values) {
  const OpDef& def = op_registry().get(op_type);
  Attributes result;
  for (nb::handle item : values.mapping.attr("items")()) {
    const auto name = nb::cast<std::string>(item[0]);
    const AttrDef* known = def.find_attr(name);
    try {
      result[name] =
          known != nullptr ? converted_like(known->default_value, item[1]) : guessed(item[1]);
    } catch (const std::bad_cast&) {
      throw Error(ErrorCode::InvalidArgument,
                  op_type + ": attribute '" + name + "' cannot be " +
                      nb::cast<std::string>(nb::repr(item[1])) + "; " +
                      (known != nullptr
                           ? std::string("give a value of type ") + type_name(known->default_value)
                           : std::string("give a bool, int, float, str or a list of one of them")));
    }
  }
  return result;
}

Slots to_slots(nb::handle values) {
  Slots slots;
  for (nb::handle item : values.attr("items")()) {
    std::vector<Var*>& vars = slots[nb::cast<std::string>(item[0])];
    if (nb::isinstance<Var>(item[1])) {
      vars = {nb::cast<Var*>(item[1])};
    } else {
      vars = nb::cast<std::vector<Var*>>(item[1]);
    }
  }
  return slots;
}

}  // namespace intact::python
