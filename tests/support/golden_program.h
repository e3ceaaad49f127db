#pragma once

#include <string>
#include <vector>

#include "intact/ir/program.h"
#include "intact/ir/scope.h"

namespace intact {

/// A serialized program of tests/data_files.
Program read_golden_program(const std::string& name);

/// "<prefix>/<var>" of a trace.npz, without the prefix.
Scope golden_scope(const std::string& trace, const std::string& prefix);

/// One line per op of the block, sorted: type, slots, attributes. Vars that Paddle numbers in an
/// unspecified order (moving-average states, scales of a window, frozen scales) are called after
/// the scale or tensor they belong to. Left out: op_role_var, which the reference rewrites without
/// need, our reasons, and the name scopes of optimizer ops, which it numbers.
std::vector<std::string> canonical_ops(const Program& program);

}  // namespace intact
