#include "quant/function_splicer.h"

#include <algorithm>

#include "base/check.h"
#include "intact/ir/gradient_context.h"
#include "intact/ir/interpret.h"
#include "quant/function_program.h"
#include "quant/relink.h"

namespace intact {
namespace {

/// The slot through which op reads var.
const std::string& slot_of(const Op& op, const Var& var) {
  for (const auto& [slot, vars] : op.inputs()) {
    if (std::ranges::count(vars, &var) > 0) {
      return slot;
    }
  }
  fail(ErrorCode::Internal, "quant_aware: {} does not read '{}'", op.label(), var.name());
}

/// What the gradient op writes for an input slot; nullptr when it leaves that gradient out.
Var* gradient_of(const Op& gradient, const std::string& slot) {
  return gradient.has_output(grad_name(slot)) ? &gradient.output(grad_name(slot)) : nullptr;
}

/// Copies ops of a FunctionProgram into the Block that holds x.
class Copier {
 public:
  Copier(Rewriter& rewriter, const Var& x) : rewriter_(rewriter), prefix_(x.name()) {}

  void map(const Var& from, Var& to) { map_[&from] = &to; }
  Var& operator()(const Var& from) {
    Var*& to = map_[&from];
    if (to == nullptr) {
      const std::string name = new_name(from.name());
      check(rewriter_.block().find_var(name) == nullptr,
            "quant_aware: a function makes a second '{}'; give its Vars other names",
            name);
      to = &rewriter_.block().add_var(name, from.dtype(), from.shape(), from.options());
    }
    return *to;
  }

  std::string new_name(const std::string& name) const {
    const std::string prefix = prefix_ + "_";
    return name.starts_with(prefix) ? name : prefix + name;
  }

  OpSpec copy(const Op& op) {
    OpSpec spec{.type = op.type(),
                .inputs = copy(op.inputs()),
                .outputs = copy(op.outputs()),
                .attrs = op.attrs()};
    spec.attrs["op_namescope"] = std::string(kFunctionScope);
    spec.attrs["skip_quant"] = true;
    if (op.has_attr("op_role_var")) {
      Strings names = op.attr<Strings>("op_role_var");
      std::ranges::transform(
          names, names.begin(), [&](const std::string& name) { return new_name(name); });
      spec.attrs["op_role_var"] = names;
    }
    return spec;
  }

 private:
  Slots copy(const Slots& slots) {
    Slots copied;
    for (const auto& [slot, vars] : slots) {
      for (const Var* var : vars) {
        copied[slot].push_back(&(*this)(*var));
      }
    }
    return copied;
  }

  Rewriter& rewriter_;
  std::string prefix_;
  std::map<const Var*, Var*> map_;
};

/// Runs the function's startup Program into the Scope; what the Scope holds stays.
void initialize(FunctionProgram& function, const Copier& copier, Scope& scope) {
  Scope fresh;
  interpret(*function.startup, {}, {}, fresh);
  for (const std::string& name : fresh.names()) {
    const std::string target = copier.new_name(name);
    if (!scope.contains(target)) {
      scope.set(target, fresh.get(name));
    }
  }
}

/// Takes [parameter, gradient] of `gradient` out of the op's op_role_var.
void drop_role_var(Op& op, const std::string& gradient) {
  Strings names = op.attr_or<Strings>("op_role_var", {});
  const auto at = std::ranges::find(names, gradient);
  if (at != names.end() && at != names.begin()) {
    names.erase(at - 1, at + 1);
    op.set_attr("op_role_var", names);
  }
}

/// The function's gradients behind `gradient`, its updates at the end.
void splice_training(Rewriter& rewriter,
                     const FunctionProgram& function,
                     Copier& copier,
                     Op& gradient,
                     const Var& x,
                     const Var* x_grad) {
  Op* behind = &gradient;
  for (const Op* made : function.main->ops()) {
    if (made->is_backward() && !function.is_of_loss(*made)) {
      behind = &rewriter.insert_after(*behind, copier.copy(*made));
      if (x_grad != nullptr && x.is_parameter() && behind->writes(*x_grad)) {
        behind->set_attr("op_role_var", Strings{x.name(), x_grad->name()});
      }
    }
    if (made->is_optimize()) {
      rewriter.append(copier.copy(*made));
    }
  }
}

}  // namespace

Var& FunctionSplicer::apply(
    Rewriter& rewriter, const char* argument, const QuantFunction& function, Op& op, Var& x) {
  const auto known = sites_.find({&function, &x});
  if (known != sites_.end()) {
    join(rewriter, known->second, op, x);
    return *known->second.output;
  }
  const Site site = build(rewriter, argument, function, op, x);
  sites_[{&function, &x}] = site;
  return *site.output;
}

FunctionSplicer::Site FunctionSplicer::build(
    Rewriter& rewriter, const char* argument, const QuantFunction& function, Op& op, Var& x) {
  Op* gradient = find_gradient_op(op);
  const std::string slot = slot_of(op, x);
  Var* x_grad = gradient == nullptr ? nullptr : gradient_of(*gradient, slot);
  FunctionProgram built = build_function(function,
                                         options_,
                                         x,
                                         {.argument = argument,
                                          .is_trained = gradient != nullptr,
                                          .input_has_gradient = x_grad != nullptr,
                                          .seed = seed_});
  if (built.output == built.input) {
    return {.output = &x};
  }
  Copier copier(rewriter, x);
  copier.map(*built.input, x);
  initialize(built, copier, *options_.scope);
  Site site{.output = &copier(*built.output)};
  for (const Op* made : built.main->ops()) {
    if (made->is_forward() && !built.is_of_loss(*made)) {
      rewriter.insert_before(op, copier.copy(*made));
    }
  }
  replace_in_op_and_gradient(rewriter, op, x, *site.output);
  if (built.loss != nullptr) {
    site.output_grad = &copier(built.main->var(grad_name(built.output->name())));
    if (x_grad != nullptr) {
      copier.map(built.main->var(grad_name(built.input->name())), *x_grad);
      drop_role_var(*gradient, x_grad->name());
    }
    rewriter.set_output(*gradient, grad_name(slot), {site.output_grad});
    splice_training(rewriter, built, copier, *gradient, x, x_grad);
  }
  return site;
}

void FunctionSplicer::join(Rewriter& rewriter, Site& site, Op& op, Var& x) {
  Op* gradient = find_gradient_op(op);
  const std::string slot = slot_of(op, x);
  if (site.output != &x) {
    replace_in_op_and_gradient(rewriter, op, x, *site.output);
  }
  if (gradient == nullptr || site.output_grad == nullptr) {
    return;
  }
  // Its part of x@GRAD becomes a part of h@GRAD.
  Var* x_part = gradient_of(*gradient, slot);
  const std::string number = std::to_string(++site.joined);
  const auto part = [&](const std::string& which) -> Var& {
    return rewriter.block().add_var(grad_name(site.output->name()) + "@" + which + number,
                                    site.output_grad->dtype(),
                                    site.output_grad->shape());
  };
  Var& new_part = part("PART");
  Var& total = part("SUM");
  rewriter.set_output(*gradient, grad_name(slot), {&new_part});
  const std::vector<Op*> readers = site.output_grad->consumers();
  rewriter.insert_before(*readers.front(),
                         {.type = "sum",
                          .inputs = {{"X", {site.output_grad, &new_part}}},
                          .outputs = {{"Out", {&total}}},
                          .attrs = {{"op_role", role::kBackward}}});
  for (Op* reader : readers) {
    rewriter.replace_input(*reader, *site.output_grad, total);
  }
  site.output_grad = &total;
  if (x_part == nullptr) {
    return;
  }
  for (Op* reader : std::vector<Op*>(x_part->consumers())) {
    std::vector<Var*> rest = reader->input_list("X");
    check(reader->type() == "sum" && std::erase(rest, x_part) == 1 && !rest.empty(),
          "quant_aware: {} reads a part of the gradient of '{}', which a function changes; leave "
          "the op out by not_quant_pattern",
          reader->label(),
          x.name());
    rewriter.set_input(*reader, "X", rest);
  }
}

}  // namespace intact
