#pragma once

#include <functional>
#include <string>
#include <vector>

#include "intact/quant/calibrate.h"

namespace intact {

/// Runs what `tensors` need of the program on every batch and hands their values over, in order.
/// Feeds that are not needed for them, such as labels, are left out. Returns the number of batches.
/// Throws: InvalidArgument when a batch names a Var that is not there.
int64_t run_batches(const Program& program,
                    Scope& scope,
                    const std::vector<std::string>& tensors,
                    const CalibrationBatches& batches,
                    const std::function<void(const std::vector<Tensor>&)>& use);

}  // namespace intact
