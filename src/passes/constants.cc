#include "passes/constants.h"

namespace intact {

void collect_constants(const Op& op, std::set<Var*>& constants) {
  for (const auto& [slot, vars] : op.inputs()) {
    for (Var* var : vars) {
      if (var->is_persistable()) {
        constants.insert(var);
      }
    }
  }
}

void remove_unused_constants(Rewriter& rewriter, const std::set<Var*>& constants) {
  for (Var* var : constants) {
    if (var->producers().empty() && var->consumers().empty()) {
      rewriter.remove_var(*var);
    }
  }
  rewriter.remove_unused_vars();
}

}  // namespace intact
