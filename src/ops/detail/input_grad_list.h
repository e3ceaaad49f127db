#pragma once

#include <string>
#include <vector>

#include "intact/ir/gradient_context.h"

namespace intact {

/// The gradients of every Var of an input list, in its order: an op that writes a list cannot leave
/// places out. Vars whose gradient nobody wants get one that nothing reads. Empty when none is
/// wanted.
inline std::vector<Var*> input_grad_list(GradientContext& op, const std::string& slot) {
  const std::vector<Var*>& inputs = op.op().input_list(slot);
  std::vector<Var*> grads;
  bool is_wanted = false;
  for (size_t i = 0; i < inputs.size(); ++i) {
    grads.push_back(op.input_grad(slot, i));
    is_wanted = is_wanted || grads.back() != nullptr;
  }
  if (!is_wanted) {
    return {};
  }
  for (size_t i = 0; i < inputs.size(); ++i) {
    for (int suffix = 0; grads[i] == nullptr; ++suffix) {
      const std::string name = grad_name(inputs[i]->name()) + "@UNUSED@" + std::to_string(suffix);
      if (op.block().find_var(name) == nullptr) {
        grads[i] = &op.block().add_var(name, inputs[i]->dtype(), inputs[i]->shape());
      }
    }
  }
  return grads;
}

}  // namespace intact
