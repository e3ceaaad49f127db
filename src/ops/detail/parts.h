#pragma once

#include <string>
#include <vector>

#include "intact/ir/gradient_context.h"
#include "intact/ir/kernel_context.h"

namespace intact {

/// Cuts each of the `rows` rows of X into as many parts as the list `slot` has outputs, each of
/// its own size.
void cut_rows(const KernelContext& op, const std::string& slot, int64_t rows);

/// The gradients of every output of the list `slot`, in its order; those that nothing flows back
/// into are zeros.
std::vector<Var*> part_grads(GradientContext& op, const std::string& slot);

}  // namespace intact
