#pragma once

#include <functional>
#include <string>
#include <vector>

#include "intact/ir/pass_report.h"
#include "intact/ir/program.h"
#include "intact/ir/scope.h"

namespace intact {

using PassUnderTest = std::function<PassReport(Program&)>;

/// Parses `before`, runs the pass and EXPECTs the Program of `after`: the same ops in the same
/// order and the same Vars in any order; it passes verify(), and running the pass again changes
/// nothing. Attributes at their default and Vars that ops write may be left out of both texts.
/// Returns the first run's report.
PassReport check_pass(const std::string& before,
                      const PassUnderTest& pass,
                      const std::string& after);

/// EXPECTs that the pass leaves `text` alone and gives `reason` for the op with this label.
void check_skips(const std::string& text,
                 const PassUnderTest& pass,
                 const std::string& op,
                 const std::string& reason);

/// A tensor for each persistable Var that `text` declares: uniform in [0.5, 1.5), the same on every
/// run.
Scope make_scope(const std::string& text);

/// Runs `before` and what the pass makes of it on random feeds and EXPECTs equal fetches:
/// |got - want| <= tolerance * (1 + |want|).
void check_same_numbers(const std::string& before,
                        const PassUnderTest& pass,
                        const std::vector<std::string>& fetches,
                        Scope& scope,
                        double tolerance);

}  // namespace intact
