// Before:  Out=%y = relu(X=%x);  Out=%z = scale(X=%x)      targets: y
// After:   Out=%y = relu(X=%x)
// An op is live when it writes a target, a persistable Var, or a list or raw Var; when it writes
// nothing at all or holds a block (it may have effects); or when a live op reads what it writes.
#include <algorithm>
#include <set>

#include "intact/ir/rewriter.h"
#include "intact/passes/passes.h"

namespace intact {
namespace {

bool has_effects(const Op& op) {
  return op.outputs().empty() ||
         std::any_of(op.attrs().begin(), op.attrs().end(), [](const auto& attr) {
           return std::holds_alternative<BlockRef>(attr.second);
         });
}

bool writes_any(const Op& op, const std::set<const Var*>& needed) {
  for (const auto& [slot, vars] : op.outputs()) {
    for (const Var* var : vars) {
      if (needed.contains(var) || var->is_persistable() || var->kind() != VarKind::Tensor) {
        return true;
      }
    }
  }
  return false;
}

}  // namespace

PassReport remove_dead_ops(Program& program, const std::vector<std::string>& targets) {
  Block& block = program.block();
  std::set<const Var*> needed;
  for (const std::string& target : targets) {
    needed.insert(&block.var(target));
  }
  PassReport report;
  Rewriter rewriter(block);
  const std::vector<Op*> ops = block.ops();
  for (auto it = ops.rbegin(); it != ops.rend(); ++it) {
    Op& op = **it;
    if (!has_effects(op) && !writes_any(op, needed)) {
      rewriter.erase(op);
      ++report.changed;
      continue;
    }
    for (const auto& [slot, vars] : op.inputs()) {
      needed.insert(vars.begin(), vars.end());
    }
  }
  for (Var* var : block.vars()) {
    const bool is_unused = var->producers().empty() && var->consumers().empty();
    if (is_unused && !needed.contains(var) && !var->is_data() && !var->is_persistable()) {
      rewriter.remove_var(*var);
    }
  }
  return report;
}

}  // namespace intact
