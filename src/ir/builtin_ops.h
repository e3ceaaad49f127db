#pragma once

#include "intact/ir/op_registry.h"

namespace intact {

/// Calls register_<stem>(registry) for each src/ops/<stem>.cc. The build writes its body from the
/// file names, so there are no static registrar objects for a linker to drop.
void register_builtin_ops(OpRegistry& registry);

}  // namespace intact
