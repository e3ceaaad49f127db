#pragma once

#include <optional>
#include <string>
#include <vector>

#include "intact/ir/attribute.h"

namespace intact {

/// A value as written, before the op's definition says which type it has.
struct Literal {
  enum class Kind { Bool, Number, String, Block };
  Kind kind = Kind::Number;
  std::string text;
};

/// type: index of the wanted alternative of Attribute; without it the text decides (5, 5L, 0.5,
/// 0.5d). Empty when the literal is no such value or does not fit.
std::optional<Attribute> to_attribute(const Literal& literal, std::optional<size_t> type);
/// The same for a list, which is empty only with a type.
std::optional<Attribute> to_attribute(const std::vector<Literal>& literals,
                                      std::optional<size_t> type);

/// type_name of the alternative with this index.
const char* attribute_type_name(size_t type);
/// Index of "ints", "floats", ... in Attribute.
std::optional<size_t> list_type(const std::string& name);

}  // namespace intact
