#pragma once

#include <string>

#include "intact/ir/program.h"

namespace intact::nn {

Var& relu(Var& x);
Var& relu6(Var& x);
Var& sigmoid(Var& x);
Var& tanh(Var& x);
Var& leaky_relu(Var& x, float alpha = 0.02f);
Var& softmax(Var& x, int axis = -1);
/// Any op with slots X -> Out, by its type. Throws: Unsupported, naming the nearest type.
Var& activation(Var& x, const std::string& type, Attributes attrs = {});

}  // namespace intact::nn
