#pragma once

#include <string>
#include <vector>

#include "intact/ir/program.h"
#include "intact/ir/scope.h"

namespace intact {

struct ExactSteps {
  int activations = 0;  // tensors whose step is now a power of two
  int channels = 0;     // of weights, whose step now has few bits
  /// Ops some of whose channels have another step yet: batch norm has nearly or quite removed them.
  std::vector<std::string> inexact = {};
};

/// Gives a trained network of the portable profile steps on which float arithmetic is exact, so
/// that runtimes which simulate the integers in float get the same codes. An activation's step
/// grows to a power of two, or shrinks to one by 1 % at most. A weight's step, times the batch norm
/// behind, becomes the nearest number of 7 significant bits: batch norm's Scale or, where there is
/// none, the weight changes by less than 1 %. Small products in front of a signed tensor get 4 to 6
/// bits, so that the zero point can be added exactly. Evaluate and convert afterwards.
/// quantized: the Program for test. targets: as for deployment_form().
/// Throws: InvalidArgument for a Program of another profile.
ExactSteps choose_exact_steps(const Program& quantized,
                              Scope& scope,
                              const std::vector<std::string>& targets);

}  // namespace intact
