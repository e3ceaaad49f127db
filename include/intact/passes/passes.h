#pragma once

#include <string>
#include <vector>

#include "intact/ir/pass_report.h"
#include "intact/ir/program.h"
#include "intact/ir/scope.h"
#include "intact/passes/pipeline.h"

namespace intact {

// General rewrites of inference Programs. Each file of src/passes/ shows its pass before and after;
// none changes anything when it is run a second time.

/// Removes ops and Vars that no target needs. Kept: ops that write a target, a persistable Var or a
/// fetch list, and all they read.
PassReport remove_dead_ops(Program& program, const std::vector<std::string>& targets);
/// Removes ops that return their input: assign, scale by 1, dropout that does nothing in test mode.
PassReport remove_identity(Program& program);
/// Computes ops whose inputs are constants once, by their reference kernels; results go to `scope`.
PassReport fold_constants(Program& program, Scope& scope);
/// Folds batch norm in test mode into the weight and bias in front of it. The folded weight is an
/// entry of its own in `scope`.
PassReport fold_batch_norm(Program& program, Scope& scope);
/// Batch norm in test mode becomes a multiplication and an addition, which every reader of the file
/// rounds alike. Their constants are entries of their own in `scope`. No part of
/// inference_pipeline().
PassReport write_batch_norm_out(Program& program, Scope& scope);

/// All of the above but the last, in their order. `scope` must outlive the result.
std::vector<Pass> inference_pipeline(Scope& scope, std::vector<std::string> targets);

}  // namespace intact
