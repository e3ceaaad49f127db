#pragma once

#include <functional>
#include <string>

#include "intact/ir/pass_report.h"
#include "intact/ir/pattern.h"
#include "intact/ir/rewriter.h"

namespace intact {

/// What a rewrite says about one match: changed(), or skip(op, reason).
struct RewriteResult {
  bool is_changed = false;
  PassReport::Skip skip = {};
};

RewriteResult changed();
/// reason: plain words, e.g. "weight is not persistable".
RewriteResult skip(const Op& op, std::string reason);

using Rewrite = std::function<RewriteResult(Match&, Rewriter&)>;

/// Visits the ops of every Block once, in program order, and calls `rewrite` for those that match
/// at that moment. Ops a rewrite adds are not visited; ops it erases are not visited any more.
PassReport rewrite_all(Program& program, const Pattern& pattern, const Rewrite& rewrite);

}  // namespace intact
