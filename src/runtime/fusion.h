#pragma once

#include <string>
#include <vector>

#include "runtime/graph.h"

namespace intact {

/// A rewrite of the Graph into fewer, larger nodes. Each lives in a file of fusions/.
struct Fusion {
  const char* name;
  void (*run)(Graph&);
};

/// All of them, in the order they run.
const std::vector<Fusion>& fusions();

/// Throws: InvalidArgument for a name that no fusion has.
void check_fusion_names(const std::vector<std::string>& names);

/// Runs those not named in `disabled`.
void run_fusions(Graph& graph, const std::vector<std::string>& disabled);

}  // namespace intact
