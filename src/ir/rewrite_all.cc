#include "intact/ir/rewrite_all.h"

#include <chrono>
#include <utility>

namespace intact {

RewriteResult changed() {
  return {.is_changed = true};
}

RewriteResult skip(const Op& op, std::string reason) {
  return {.is_changed = false, .skip = {op.label(), std::move(reason)}};
}

PassReport rewrite_all(Program& program, const Pattern& pattern, const Rewrite& rewrite) {
  const auto start = std::chrono::steady_clock::now();
  PassReport report;
  for (int index = 0; index < program.block_count(); ++index) {
    Rewriter rewriter(program.block(index));
    for (Op* op : program.block(index).ops()) {
      if (Rewriter::is_erased(*op)) {
        continue;
      }
      std::optional<Match> match = pattern.match(*op);
      if (!match) {
        continue;
      }
      RewriteResult result = rewrite(*match, rewriter);
      if (result.is_changed) {
        ++report.changed;
      } else {
        report.skipped.push_back(std::move(result.skip));
      }
    }
  }
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
  report.seconds = elapsed.count();
  return report;
}

}  // namespace intact
