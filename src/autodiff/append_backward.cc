#include "intact/autodiff/append_backward.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/check.h"
#include "intact/ir/gradient_context.h"
#include "intact/ir/rewriter.h"
#include "intact/tensor/dtype.h"

namespace intact {
namespace {

bool contains(const std::vector<Var*>& vars, const Var& var) {
  return std::find(vars.begin(), vars.end(), &var) != vars.end();
}

template <class Visit>
void for_each_var(const Slots& slots, const Visit& visit) {
  for (const auto& [slot, vars] : slots) {
    for (Var* var : vars) {
      visit(*var);
    }
  }
}

/// The forward ops up to the last one that writes `loss`, in program order.
std::vector<Op*> forward_ops(const Var& loss) {
  std::vector<Op*> ops;
  size_t end = 0;
  for (Op* op : loss.block().ops()) {
    if (op->is_forward()) {
      ops.push_back(op);
      end = op->writes(loss) ? ops.size() : end;
    }
  }
  ops.resize(end);
  return ops;
}

/// The Vars a gradient must reach: trainable parameters, data with stop_gradient off, and
/// everything computed from them.
std::set<const Var*> find_wanted(const std::vector<Op*>& ops) {
  const auto may_flow = [](const Var& var) {
    return is_float(var.dtype()) && !var.stop_gradient();
  };
  std::set<const Var*> wanted;
  for (const Op* op : ops) {
    bool is_reached = false;
    for_each_var(op->inputs(), [&](const Var& var) {
      if (may_flow(var) && (var.is_parameter() || var.is_data())) {
        wanted.insert(&var);
      }
      is_reached = is_reached || wanted.contains(&var);
    });
    if (is_reached) {
      for_each_var(op->outputs(), [&](const Var& var) {
        if (may_flow(var) && !var.is_persistable()) {
          wanted.insert(&var);
        }
      });
    }
  }
  return wanted;
}

/// The gradients of one Block under construction: for each forward Var, the parts written so far.
/// A Var with one part calls it <var>@GRAD; with more they are <var>@GRAD@RENAME@block0@<k>, and
/// total() adds them.
class Gradients {
 public:
  Gradients(Block& block, std::set<const Var*> wanted)
      : block_(block), wanted_(std::move(wanted)), begin_(block.op_count()) {}

  bool wants(const Var& var) const { return wanted_.contains(&var); }

  /// A new part. is_shared: the op that writes it writes further parts of the same Var.
  Var& add_part(const Var& var, bool is_shared) {
    std::vector<Var*>& parts = parts_[&var];
    if (parts.empty() && !is_shared) {
      parts.push_back(&new_var(var, grad_name(var.name())));
    } else {
      if (!parts.empty() && parts.front()->name() == grad_name(var.name())) {
        parts.front() = &rename(*parts.front(), var, part_name(var, 0));
      }
      parts.push_back(&new_var(var, part_name(var, parts.size())));
    }
    return *parts.back();
  }

  /// The gradient of `var`, after every consumer has been visited; nullptr when nothing flows.
  Var* total(const Var& var) {
    const auto it = parts_.find(&var);
    if (it == parts_.end()) {
      return nullptr;
    }
    std::vector<Var*>& parts = it->second;
    if (parts.size() > 1) {
      Var& total = new_var(var, grad_name(var.name()));
      append({.type = "sum", .inputs = {{"X", parts}}, .outputs = {{"Out", {&total}}}});
      parts = {&total};
    } else if (parts.front()->name() != grad_name(var.name())) {
      parts.front() = &rename(*parts.front(), var, grad_name(var.name()));
    }
    return parts.front();
  }

  Op& append(OpSpec spec, int32_t op_role = role::kBackward) {
    spec.attrs["op_role"] = op_role;
    return block_.append_op(std::move(spec));
  }

  /// Sets op_role_var = [parameter, gradient, ...] on the ops that write the final gradients.
  void mark_producers(const std::vector<ParameterGradient>& pairs) {
    std::map<const Var*, const Var*> parameter_of;
    for (const auto& [parameter, gradient] : pairs) {
      parameter_of[gradient] = parameter;
    }
    const std::vector<Op*> ops = block_.ops();
    for (size_t i = begin_; i < ops.size(); ++i) {
      Strings names;
      for_each_var(ops[i]->outputs(), [&](const Var& var) {
        if (const auto it = parameter_of.find(&var); it != parameter_of.end()) {
          names.push_back(it->second->name());
          names.push_back(var.name());
        }
      });
      if (!names.empty()) {
        ops[i]->set_attr("op_role_var", names);
      }
    }
  }

 private:
  static std::string part_name(const Var& var, size_t index) {
    return fmt::format("{}@RENAME@block{}@{}", grad_name(var.name()), var.block().index(), index);
  }

  Var& new_var(const Var& var, const std::string& name) {
    check(block_.find_var(name) == nullptr,
          "append_backward: the program already holds '{}'; call it once per program",
          name);
    return block_.add_var(name, var.dtype(), var.shape());
  }

  Var& rename(Var& gradient, const Var& of, const std::string& name) {
    Var& renamed = new_var(of, name);
    Rewriter rewriter(block_);
    const std::vector<Op*> ops = block_.ops();
    for (size_t i = begin_; i < ops.size(); ++i) {
      rewriter.replace_input(*ops[i], gradient, renamed);
      const Slots outputs = ops[i]->outputs();
      for (const auto& [slot, vars] : outputs) {
        if (contains(vars, gradient)) {
          std::vector<Var*> replaced = vars;
          std::replace(replaced.begin(), replaced.end(), &gradient, &renamed);
          rewriter.set_output(*ops[i], slot, replaced);
        }
      }
    }
    rewriter.remove_var(gradient);
    return renamed;
  }

  Block& block_;
  std::set<const Var*> wanted_;
  size_t begin_;  // position of the first backward op
  std::map<const Var*, std::vector<Var*>> parts_;
};

class OpGradientContext : public GradientContext {
 public:
  OpGradientContext(const Op& op, Gradients& gradients) : op_(op), gradients_(gradients) {}

  const Op& op() const override { return op_; }
  Block& block() const override { return op_.block(); }

  Var* output_grad(const std::string& slot, size_t index) override {
    const std::vector<Var*>& vars = op_.output_list(slot);
    return index < vars.size() ? gradients_.total(*vars[index]) : nullptr;
  }

  Var* input_grad(const std::string& slot, size_t index) override {
    const std::vector<Var*>& vars = op_.input_list(slot);
    if (index >= vars.size() || !gradients_.wants(*vars[index])) {
      return nullptr;
    }
    int uses = 0;
    for_each_var(op_.inputs(), [&](const Var& var) { uses += &var == vars[index] ? 1 : 0; });
    return &gradients_.add_part(*vars[index], uses > 1);
  }

  Op& append(OpSpec spec) override { return gradients_.append(std::move(spec)); }

 private:
  const Op& op_;
  Gradients& gradients_;
};

void seed_gradient(Gradients& gradients, const Var& loss) {
  Longs shape = loss.shape().dims();
  gradients.append(
      {.type = "fill_constant",
       .inputs = {},
       .outputs = {{"Out", {&gradients.add_part(loss, false)}}},
       .attrs = {{"shape", shape}, {"value", 1.0f}, {"dtype", paddle_code(loss.dtype())}}},
      role::kBackward | role::kLoss);
}

/// Runs the gradient rule of `op` when a gradient reaches one of its outputs and one of its inputs
/// wants one.
void differentiate(const Op& op, Gradients& gradients) {
  bool is_reached = false;
  bool is_wanted = false;
  for_each_var(op.outputs(), [&](const Var& var) {
    is_reached = (gradients.wants(var) && gradients.total(var) != nullptr) || is_reached;
  });
  for_each_var(op.inputs(), [&](const Var& var) { is_wanted = is_wanted || gradients.wants(var); });
  if (!is_reached || !is_wanted) {
    return;
  }
  if (!op.def().gradient) {
    fail(ErrorCode::Unsupported,
         "append_backward: {} lies between the loss and a parameter but has no gradient; set "
         "stop_gradient on its input, or use an op with a gradient",
         op.label());
  }
  OpGradientContext context(op, gradients);
  op.def().gradient(context);
}

}  // namespace

std::vector<ParameterGradient> append_backward(Var& loss) {
  check(loss.shape().numel() == 1,
        "append_backward: the loss '{}' has shape {} but must be a single element; reduce it with "
        "mean",
        loss.name(),
        loss.shape().to_string());
  const std::vector<Op*> ops = forward_ops(loss);
  Gradients gradients(loss.block(), find_wanted(ops));
  check(gradients.wants(loss),
        "append_backward: no trainable parameter leads to the loss '{}'; check stop_gradient and "
        "is_parameter of the Vars it depends on",
        loss.name());
  ops.back()->set_attr("op_role", role::kForward | role::kLoss);
  seed_gradient(gradients, loss);
  for (auto op = ops.rbegin(); op != ops.rend(); ++op) {
    differentiate(**op, gradients);
  }
  std::vector<ParameterGradient> result;
  for (Var* var : loss.block().vars()) {
    if (gradients.wants(*var) && var->is_parameter()) {
      if (Var* gradient = gradients.total(*var)) {
        result.push_back({var, gradient});
      }
    } else if (gradients.wants(*var) && var->is_data()) {
      gradients.total(*var);
    }
  }
  gradients.mark_producers(result);
  return result;
}

}  // namespace intact
