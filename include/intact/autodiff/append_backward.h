#pragma once

#include <vector>

#include "intact/ir/program.h"

namespace intact {

struct ParameterGradient {
  Var* parameter = nullptr;
  Var* gradient = nullptr;
};

/// Appends the ops that compute the gradients of `loss` (one element) to its Block, in reverse
/// order of the forward ops, and gives the op that writes `loss` the role Loss: first a
/// fill_constant(1) into loss@GRAD (role Backward|Loss), then each op's gradient rule. A Var with
/// several consumers gets `<var>@GRAD@RENAME@block0@<k>` parts added by a `sum` op. Nothing flows
/// into Vars with stop_gradient. Returns the parameters reached, in program order. Throws:
/// InvalidArgument when loss is not a single element or depends on no trainable parameter;
/// Unsupported when an op on the path has no gradient.
std::vector<ParameterGradient> append_backward(Var& loss);

}  // namespace intact
