#pragma once

#include <vector>

#include "intact/ir/program.h"

namespace intact::nn {

/// shape: 0 copies the input's dimension, -1 is inferred.
Var& reshape(Var& x, Ints shape);
/// Merges dimensions start_axis..stop_axis.
Var& flatten(Var& x, int start_axis = 1, int stop_axis = -1);
/// Dimension i of the result is dimension permutation[i] of x.
Var& transpose(Var& x, Ints permutation);
Var& concat(const std::vector<Var*>& parts, int axis = 0);

}  // namespace intact::nn
