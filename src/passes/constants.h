#pragma once

#include <set>

#include "intact/ir/program.h"
#include "intact/ir/rewriter.h"

namespace intact {

/// Adds the persistable Vars that `op` reads.
void collect_constants(const Op& op, std::set<Var*>& constants);

/// Removes those that no op uses any more, and every Var an erased op left behind. Others'
/// constants stay.
void remove_unused_constants(Rewriter& rewriter, const std::set<Var*>& constants);

}  // namespace intact
