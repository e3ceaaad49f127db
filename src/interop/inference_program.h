#pragma once

#include <string>
#include <vector>

#include "intact/ir/program.h"
#include "intact/ir/scope.h"

namespace intact {

/// What a writer saves: the ops that `fetches` need from `feeds`, in test mode, checked. `where`
/// starts the messages. Throws: NotFound (name, parameter), InvalidArgument (a fetch needs a data
/// Var that is not fed, a feed is not used, a parameter has another shape).
Program inference_program(const std::string& where,
                          const Program& program,
                          const Scope& scope,
                          const std::vector<std::string>& feeds,
                          const std::vector<std::string>& fetches);

}  // namespace intact
