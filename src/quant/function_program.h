#pragma once

#include <memory>

#include "intact/ir/program.h"
#include "intact/quant/quant_aware.h"

namespace intact {

/// A QuantFunction built on its own: from `input` to `output`, and, for training, the gradients and
/// updates of the mean of `output`.
struct FunctionProgram {
  std::shared_ptr<Program> main = std::make_shared<Program>();
  std::shared_ptr<Program> startup = std::make_shared<Program>();
  Var* input = nullptr;
  Var* output = nullptr;
  Var* loss = nullptr;  // nullptr: forward ops only

  /// The op serves the loss alone: it is left out where the function is spliced in.
  bool is_of_loss(const Op& op) const;
};

struct FunctionBuild {
  std::string argument;     // which one of QuantAwareOptions, for messages
  bool is_trained = false;  // append gradients
  bool input_has_gradient = false;
  uint64_t seed = 0;
};

/// Throws: InvalidArgument when the function's result is no float Var of its Program with the shape
/// of x, or it makes parameters but there is no optimizer_func.
FunctionProgram build_function(const QuantFunction& function,
                               const QuantAwareOptions& options,
                               const Var& x,
                               const FunctionBuild& how);

}  // namespace intact
