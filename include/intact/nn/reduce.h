#pragma once

#include "intact/ir/program.h"

namespace intact::nn {

/// Mean of all elements, a scalar.
Var& mean(Var& x);
/// Over `axes`; over all of them when none is named.
Var& reduce_sum(Var& x, Ints axes = {}, bool keep_dims = false);
Var& reduce_mean(Var& x, Ints axes, bool keep_dims = false);

}  // namespace intact::nn
