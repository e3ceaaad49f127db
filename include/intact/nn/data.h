#pragma once

#include <string>

#include "intact/ir/program.h"

namespace intact::nn {

/// An input that the user feeds; -1 marks a free dimension (the batch). No gradient flows into it.
Var& data(const std::string& name, Shape shape, DType dtype = DType::Float32);

}  // namespace intact::nn
