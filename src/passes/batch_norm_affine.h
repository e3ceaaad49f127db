#pragma once

#include <vector>

#include "intact/ir/program.h"
#include "intact/ir/scope.h"

namespace intact {

/// batch_norm in test mode as y = a * x + b for each channel: a = Scale / sqrt(Variance + epsilon)
/// and b = Bias - a * Mean, in double. The integer program and a file with batch norm written out
/// round both to float32, so that they hold the same numbers.
struct BatchNormAffine {
  std::vector<double> a;
  std::vector<double> b;
};

/// Each value rounded to float32.
std::vector<float> as_floats(const std::vector<double>& values);

/// Uses the statistics it is given, not the batch's.
bool is_test_batch_norm(const Op& op);

/// Throws: NotFound (a constant is not in the Scope).
BatchNormAffine batch_norm_affine(const Op& batch_norm, const Scope& scope);

}  // namespace intact
