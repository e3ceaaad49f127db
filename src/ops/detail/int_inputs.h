#pragma once

#include <cstdint>
#include <limits>

#include "intact/ir/program.h"

namespace intact {

/// Where an op takes integers from: `list` (one Var each), else `tensor` (one Var with all of
/// them), else the attribute. An empty name: the op has no such slot.
struct IntSource {
  const char* attr;  // int32, int32 list or int64 list
  const char* tensor = "";
  const char* list = "";
};

/// In place of an integer that does not follow from attributes and known shapes (constant_value).
/// With shapes that are not fed yet that is no error: what depends on it is unknown.
inline constexpr int64_t kUnknownInt = std::numeric_limits<int64_t>::min();

Longs int_inputs(const Op& op, const IntSource& source);
bool has_unknown(const Longs& values);
/// One that must be known. Throws: InvalidArgument.
int64_t int_input(const Op& op, const IntSource& source);

}  // namespace intact
