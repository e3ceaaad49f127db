#pragma once

#include "intact/ir/program.h"
#include "intact/ir/rewriter.h"

namespace intact {

/// op reads `replacement` where it read `original`, and so does the op that computes its gradient.
/// The gradient with respect to `replacement` then serves as that of `original`: the
/// straight-through estimator, unclipped.
void replace_in_op_and_gradient(Rewriter& rewriter, Op& op, Var& original, Var& replacement);

/// The op that computes the gradient of op's inputs; nullptr without one.
Op* find_gradient_op(const Op& op);

}  // namespace intact
