#include "intact/ir/interpret.h"

#include "base/check.h"
#include "intact/ir/infer_context.h"
#include "intact/ir/kernel_context.h"

namespace intact {
namespace {

/// Tensors of one run: temporaries here, persistables in the Scope.
class Environment {
 public:
  Environment(const TensorMap& feeds, Scope& scope) : tensors_(feeds), scope_(scope) {}

  /// reader: who wants it, for the message.
  Tensor read(const std::string& reader, const Var& var) {
    if (var.is_persistable()) {
      return scope_.get(var.name());
    }
    const auto it = tensors_.find(var.name());
    if (it == tensors_.end()) {
      fail(ErrorCode::InvalidArgument,
           "{}: reads '{}', which nothing has written; feed it",
           reader,
           var.name());
    }
    return it->second;
  }

  Tensor write(const Var& var) {
    if (!var.is_persistable()) {
      return tensors_.insert_or_assign(var.name(), Tensor(var.dtype(), var.shape())).first->second;
    }
    const Tensor* existing = scope_.find(var.name());
    if (existing == nullptr || existing->dtype() != var.dtype() ||
        existing->shape() != var.shape()) {
      scope_.set(var.name(), Tensor(var.dtype(), var.shape()));
    }
    return scope_.get(var.name());
  }

 private:
  TensorMap tensors_;
  Scope& scope_;
};

}  // namespace

Program specialize(const Program& program, const TensorMap& feeds) {
  Program result = program.clone();
  Block& block = result.block();
  for (const auto& [name, tensor] : feeds) {
    Var* var = block.find_var(name);
    check(var != nullptr, "feed: the program has no Var '{}'; feed its data Vars", name);
    check(var->dtype() == tensor.dtype(),
          "feed: '{}' is {} but the program wants {}; convert it",
          name,
          to_string(tensor.dtype()),
          to_string(var->dtype()));
    check(compatible(var->shape(), tensor.shape()),
          "feed: '{}' has shape {} but the program wants {}; reshape it",
          name,
          tensor.shape().to_string(),
          var->shape().to_string());
    var->set_shape(tensor.shape());
  }
  for (const Var* var : block.vars()) {
    check(!var->is_data() || var->consumers().empty() || feeds.contains(var->name()),
          "feed: '{}' {}{} is missing, and {} reads it; feed it",
          var->name(),
          to_string(var->dtype()),
          var->shape().to_string(),
          var->consumers().empty() ? "nothing" : var->consumers().front()->label());
  }
  for (Op* op : block.ops()) {
    InferContext context(*op);
    op->def().infer(context);
  }
  return result;
}

std::vector<Tensor> interpret(const Program& program,
                              const TensorMap& feeds,
                              const std::vector<std::string>& fetches,
                              Scope& scope,
                              const InterpretOptions& options) {
  const Program specialized = specialize(program, feeds);
  Environment environment(feeds, scope);
  for (const Op* op : specialized.ops()) {
    if (op->type() == "feed" || op->type() == "fetch") {
      continue;  // TensorMap in, vector out: the caller names both
    }
    KernelContext::TensorSlots inputs;
    KernelContext::TensorSlots outputs;
    for (const auto& [slot, vars] : op->inputs()) {
      for (const Var* var : vars) {
        inputs[slot].push_back(environment.read(op->label(), *var));
      }
    }
    for (const auto& [slot, vars] : op->outputs()) {
      for (const Var* var : vars) {
        outputs[slot].push_back(environment.write(*var));
      }
    }
    const KernelContext context(*op, std::move(inputs), std::move(outputs), options.run_index);
    op->def().forward(context);
    if (options.after_op) {
      options.after_op(*op, context);
    }
  }
  std::vector<Tensor> results;
  for (const std::string& name : fetches) {
    results.push_back(environment.read("fetch", specialized.var(name)).clone());
  }
  return results;
}

}  // namespace intact
