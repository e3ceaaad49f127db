#pragma once

#include <cstdint>

namespace intact::cpu {

/// Runs `steps` rounds of independent multiply-adds on registers; returns how many operations that
/// were (two for each multiply-add). What a product of matrices cannot exceed.
double multiply_adds(int64_t steps);

}  // namespace intact::cpu
