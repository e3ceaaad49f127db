#include "quant/relink.h"

#include <vector>

namespace intact {
namespace {

// `<type>_grad` reading the gradient of one of op's outputs.
bool is_gradient_of(const Op& candidate, const Op& op) {
  if (candidate.type() != op.type() + "_grad") {
    return false;
  }
  for (const auto& [slot, outputs] : op.outputs()) {
    for (const Var* output : outputs) {
      const std::string gradient = output->name() + "@GRAD";
      for (const auto& [grad_slot, inputs] : candidate.inputs()) {
        for (const Var* input : inputs) {
          if (input->name() == gradient || input->name().starts_with(gradient + "@")) {
            return true;
          }
        }
      }
    }
  }
  return false;
}

}  // namespace

Op* find_gradient_op(const Op& op) {
  for (Op* candidate : op.block().ops()) {
    if (candidate->is_backward() && is_gradient_of(*candidate, op)) {
      return candidate;
    }
  }
  return nullptr;
}

void replace_in_op_and_gradient(Rewriter& rewriter, Op& op, Var& original, Var& replacement) {
  const std::vector<Op*> readers = original.consumers();
  for (Op* reader : readers) {
    if (is_gradient_of(*reader, op)) {
      rewriter.replace_input(*reader, original, replacement);
    }
  }
  rewriter.replace_input(op, original, replacement);
}

}  // namespace intact
