#pragma once

#include "intact/ir/program.h"

namespace intact::nn {

struct TopK {
  Var& values;
  Var& indices;  // int64
};

/// The k largest along the last axis, in descending order; of equals the smaller index first.
TopK topk(Var& x, int k);

/// Fraction of rows whose label is among the k largest. x: [N,C], label: int64 [N,1].
Var& accuracy(Var& x, Var& label, int k = 1);

}  // namespace intact::nn
