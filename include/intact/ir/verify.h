#pragma once

#include "intact/ir/program.h"

namespace intact {

/// Checks what every Program must satisfy, and a pass must leave so:
/// - slots and attributes of each op follow its definition;
/// - a Var that is read was written by an earlier op, or is persistable, data or no tensor;
/// - a temporary has one writer, or the same op several times; ops update only persistable Vars in
///   place;
/// - shapes and dtypes are those the ops infer (-1 agrees with any size).
/// Throws: InvalidArgument, naming the op and the Var; what the op's own inference throws.
void verify(const Program& program);

}  // namespace intact
