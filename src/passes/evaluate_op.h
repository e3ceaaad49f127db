#pragma once

#include "intact/ir/program.h"
#include "intact/ir/scope.h"
#include "intact/tensor/tensor.h"

namespace intact {

/// Runs one op, whose inputs are all in `scope`, by its reference kernel: output Var's name ->
/// tensor. Persistable outputs are not written to the scope.
TensorMap evaluate_op(const Op& op, const Scope& scope);

}  // namespace intact
