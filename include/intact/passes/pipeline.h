#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "intact/ir/pass_report.h"
#include "intact/ir/program.h"

namespace intact {

/// A named step over a Program. What else it needs (Scope, options) is bound into `run`.
struct Pass {
  std::string name;
  std::function<PassReport(Program&)> run;
};

struct PipelineOptions {
  /// Names of passes to leave out.
  std::vector<std::string> disabled_passes = {};
  /// verify() the Program before the first and after each pass; empty: in debug builds.
  std::optional<bool> verify = {};
  /// Called after each pass with the Program's text before and after it.
  std::function<void(const PassReport&, const std::string& before, const std::string& after)> dump =
      {};
};

/// Runs the passes in order and returns their reports, named and timed. An error of a pass or of
/// the verifier gets the pass's name. Throws: InvalidArgument when `disabled_passes` names none of
/// them (with the nearest).
std::vector<PassReport> run_pipeline(Program& program,
                                     const std::vector<Pass>& passes,
                                     const PipelineOptions& options = {});

}  // namespace intact
