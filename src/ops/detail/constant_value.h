#pragma once

#include <optional>

#include "intact/ir/program.h"
#include "intact/tensor/tensor.h"

namespace intact {

/// The value of a Var that follows from attributes and known shapes alone: fill_constant, shape,
/// and small tensors computed from them by their reference kernels. Nothing for others. Shapes that
/// ops take as tensors must be such values.
std::optional<Tensor> constant_value(const Var& var);

}  // namespace intact
