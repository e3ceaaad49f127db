#pragma once

#include <string>
#include <vector>

#include "intact/ir/program.h"

namespace intact {

/// What an op's `gradient` rule sees; implemented by autodiff. The rule appends ops that write the
/// gradients of the op's inputs, reading the gradients of its outputs.
class GradientContext {
 public:
  virtual ~GradientContext() = default;

  virtual const Op& op() const = 0;
  virtual Block& block() const = 0;
  /// Gradient of an output; nullptr when nothing flows back into it.
  virtual Var* output_grad(const std::string& slot, size_t index = 0) = 0;
  /// The Var this rule must write for an input's gradient; nullptr when that input needs none.
  /// Ask once per input: the Var is created by the call.
  virtual Var* input_grad(const std::string& slot, size_t index = 0) = 0;
  /// Appends with op_role Backward.
  virtual Op& append(OpSpec spec) = 0;

  /// The usual rule: appends `<type>_grad` with the op's attributes, the named forward Vars,
  /// `<slot>@GRAD` for the outputs' gradients, and `<slot>@GRAD` outputs for the inputs' gradients.
  /// Slots absent on the op are left out; nothing is appended when no input needs a gradient.
  struct GradOp {
    std::vector<std::string> inputs;        // forward input slots the grad op reads
    std::vector<std::string> outputs;       // forward output slots the grad op reads
    std::vector<std::string> output_grads;  // outputs whose gradients it reads
    std::vector<std::string> input_grads;   // inputs whose gradients it writes
  };
  void append_grad_op(const GradOp& grad_op);
};

/// "X@GRAD".
inline std::string grad_name(const std::string& name) {
  return name + "@GRAD";
}

}  // namespace intact
