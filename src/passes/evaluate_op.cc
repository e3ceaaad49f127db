#include "passes/evaluate_op.h"

#include <utility>

#include "intact/ir/interpret.h"

namespace intact {
namespace {

Slots copy_slots(Block& block, const Slots& from, VarOptions options) {
  Slots to;
  for (const auto& [slot, vars] : from) {
    for (const Var* var : vars) {
      Var* copy = block.find_var(var->name());
      if (copy == nullptr) {
        copy = &block.add_var(var->name(), var->dtype(), var->shape(), options);
      }
      to[slot].push_back(copy);
    }
  }
  return to;
}

}  // namespace

TensorMap evaluate_op(const Op& op, const Scope& scope) {
  Program single;
  Scope inputs;
  for (const auto& [slot, vars] : op.inputs()) {
    for (const Var* var : vars) {
      inputs.set(var->name(), scope.get(var->name()));
    }
  }
  OpSpec spec = {.type = op.type(),
                 .inputs = copy_slots(single.block(), op.inputs(), {.is_persistable = true}),
                 .outputs = copy_slots(single.block(), op.outputs(), {}),
                 .attrs = op.attrs()};
  single.block().append_op(std::move(spec), UnknownAttributes::Keep);
  std::vector<std::string> names;
  for (const auto& [slot, vars] : op.outputs()) {
    for (const Var* var : vars) {
      names.push_back(var->name());
    }
  }
  const std::vector<Tensor> values = interpret(single, {}, names, inputs);
  TensorMap result;
  for (size_t i = 0; i < names.size(); ++i) {
    result.emplace(names[i], values[i]);
  }
  return result;
}

}  // namespace intact
