#pragma once

#include <string>

#include "intact/ir/program.h"

namespace intact::nn {

/// x + y. axis -1: right-aligned broadcasting; axis k: y's dimensions match x's from k on.
Var& elementwise_add(Var& x, Var& y, int axis = -1);
Var& elementwise_sub(Var& x, Var& y, int axis = -1);
Var& elementwise_mul(Var& x, Var& y, int axis = -1);
Var& elementwise_div(Var& x, Var& y, int axis = -1);
Var& elementwise_max(Var& x, Var& y, int axis = -1);
Var& elementwise_min(Var& x, Var& y, int axis = -1);
/// Any op with slots X, Y -> Out, by its type. Throws: Unsupported, naming the nearest type.
Var& binary(Var& x, Var& y, const std::string& type, Attributes attrs = {});
/// x * scale + bias.
Var& scale(Var& x, float scale, float bias = 0.0f);
/// Values as `dtype`; float to integer truncates toward zero.
Var& cast(Var& x, DType dtype);

}  // namespace intact::nn
