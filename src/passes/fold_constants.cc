// Before:  Out=%k = scale(X=%c) {scale=2};  Out=%y = elementwise_add(X=%x, Y=%k)     c: constant
// After:   Out=%y = elementwise_add(X=%x, Y=%k)     k: persistable, its value in the Scope
// For Programs that are not trained any more: parameters are constants too. A constant is
// persistable and written by no op. The op's own reference kernel computes the value.
#include <algorithm>
#include <utility>

#include "intact/ir/rewrite_all.h"
#include "intact/passes/passes.h"
#include "passes/evaluate_op.h"

namespace intact {
namespace {

std::vector<Var*> all_vars(const Slots& slots) {
  std::vector<Var*> result;
  for (const auto& [slot, vars] : slots) {
    result.insert(result.end(), vars.begin(), vars.end());
  }
  return result;
}

bool reads_only_constants(const Op& op) {
  const std::vector<Var*> vars = all_vars(op.inputs());
  return std::all_of(vars.begin(), vars.end(), [constant = is_constant()](const Var* var) {
    return constant(*var);
  });
}

bool writes_only_temporaries(const Op& op) {
  const std::vector<Var*> vars = all_vars(op.outputs());
  return !vars.empty() && std::all_of(vars.begin(), vars.end(), [](const Var* var) {
    return !var->is_persistable() && var->kind() == VarKind::Tensor && var->producers().size() == 1;
  });
}

std::string why_not(const Op& op, const Scope& scope) {
  if (op.def().has_random) {
    return "it draws random numbers";
  }
  for (const Var* var : all_vars(op.inputs())) {
    if (!scope.contains(var->name())) {
      return "its input '" + var->name() + "' is not in the scope";
    }
  }
  for (const Var* var : all_vars(op.outputs())) {
    if (!var->shape().is_known()) {
      return "its output '" + var->name() + "' has no known shape";
    }
    if (scope.contains(var->name())) {
      return "the scope holds another tensor called '" + var->name() + "'";
    }
  }
  return {};
}

}  // namespace

PassReport fold_constants(Program& program, Scope& scope) {
  const Pattern foldable =
      any_op().where(reads_only_constants).where(writes_only_temporaries).capture("op");
  return rewrite_all(program, foldable, [&](Match& m, Rewriter& rewriter) -> RewriteResult {
    Op& op = m.op("op");
    if (std::string reason = why_not(op, scope); !reason.empty()) {
      return skip(op, std::move(reason));
    }
    for (const auto& [name, value] : evaluate_op(op, scope)) {
      scope.set(name, value);
    }
    for (Var* output : all_vars(op.outputs())) {
      output->set_persistable(true);
    }
    rewriter.erase(op);
    return changed();
  });
}

}  // namespace intact
