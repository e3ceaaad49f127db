#pragma once

#include <string>
#include <vector>

#include "intact/ir/program.h"
#include "intact/ir/scope.h"
#include "runtime/graph.h"

namespace intact {

struct LoweredProgram {
  Graph graph;
  std::vector<ValueId> fetches;
};

/// The Graph of a specialized Program: one Node per op that the fetches or a persistable Var need,
/// or per op at all.
/// A persistable that is read first has the dtype and shape of its tensor in the Scope, where there
/// is one: frozen weights may be int8 under a float32 Var.
/// Throws: InvalidArgument when a needed Var is neither fed nor written; NotFound for a fetch.
LoweredProgram lower(const Program& specialized,
                     const TensorMap& feeds,
                     const std::vector<std::string>& fetches,
                     const Scope& scope,
                     bool keep_unneeded = false);

}  // namespace intact
