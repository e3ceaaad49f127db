#pragma once

#include "intact/ir/program.h"

namespace intact::nn {

/// x + y. axis -1: right-aligned broadcasting; axis k: y's dimensions match x's from k on.
Var& elementwise_add(Var& x, Var& y, int axis = -1);
/// x * scale + bias.
Var& scale(Var& x, float scale, float bias = 0.0f);
/// Values as `dtype`; float to integer truncates toward zero.
Var& cast(Var& x, DType dtype);

}  // namespace intact::nn
