#include "intact/ir/verify.h"

#include <set>

#include "base/check.h"
#include "intact/ir/infer_context.h"
#include "ir/op_checks.h"

namespace intact {
namespace {

template <class Visit>
void for_each_var(const Slots& slots, const Visit& visit) {
  for (const auto& [slot, vars] : slots) {
    for (const Var* var : vars) {
      visit(slot, *var);
    }
  }
}

bool exists_before_a_run(const Var& var) {
  return var.is_persistable() || var.is_data() || var.kind() != VarKind::Tensor;
}

void verify_order(const Block& block) {
  std::set<const Var*> written;
  for (const Op* op : block.ops()) {
    for_each_var(op->inputs(), [&](const std::string& slot, const Var& var) {
      check(exists_before_a_run(var) || written.contains(&var),
            "{}: input '{}' reads Var '{}', which no earlier op writes; mark it data or "
            "persistable, or reorder the ops",
            op->label(),
            slot,
            var.name());
    });
    for_each_var(op->outputs(), [&](const std::string&, const Var& var) { written.insert(&var); });
  }
}

/// Paddle quantizes a Var anew for another reader and calls the result the same.
bool repeats(const Op& op, const Op& first) {
  return op.type() == first.type() && op.inputs() == first.inputs() &&
         op.outputs() == first.outputs() && op.attrs() == first.attrs();
}

void verify_writers(const Block& block) {
  for (const Var* var : block.vars()) {
    const bool is_temporary = !var->is_persistable() && var->kind() == VarKind::Tensor;
    if (!is_temporary || var->producers().empty()) {
      continue;
    }
    const Op& first = *var->producers().front();
    for (const Op* op : var->producers()) {
      check(op == &first || repeats(*op, first),
            "{}: writes Var '{}', which {} writes too; a temporary has one writer, use another Var",
            op->label(),
            var->name(),
            first.label());
    }
  }
  for (const Op* op : block.ops()) {
    for (const auto& [out_slot, in_slot] : op->def().in_place) {
      check(!op->has_output(out_slot) || op->output(out_slot).is_persistable(),
            "{}: updates '{}' in place, which is not persistable; make it so",
            op->label(),
            op->has_output(out_slot) ? op->output(out_slot).name() : out_slot);
    }
  }
}

void verify_attrs(const Op& op) {
  Attributes attrs = op.attrs();
  complete_attrs(op, attrs, UnknownAttributes::Keep);
  for (const auto& [name, value] : attrs) {
    check(op.has_attr(name), "{}: attribute '{}' was removed; set it", op.label(), name);
  }
}

/// Infers a copy again and compares it with the original.
void verify_shapes(const Program& program) {
  const Program copy = program.clone();
  for (int index = 0; index < program.block_count(); ++index) {
    const Block& block = program.block(index);
    for (Op* op : copy.block(index).ops()) {
      InferContext context(*op);
      op->def().infer(context);
      for_each_var(op->outputs(), [&](const std::string&, const Var& inferred) {
        const Var& var = block.var(inferred.name());
        check(var.dtype() == inferred.dtype() && compatible(var.shape(), inferred.shape()),
              "{}: Var '{}' is {}{} but the op gives {}{}; correct the Var",
              op->label(),
              var.name(),
              to_string(var.dtype()),
              var.shape().to_string(),
              to_string(inferred.dtype()),
              inferred.shape().to_string());
      });
    }
  }
}

}  // namespace

void verify(const Program& program) {
  for (int index = 0; index < program.block_count(); ++index) {
    const Block& block = program.block(index);
    for (const Op* op : block.ops()) {
      check_slots(*op);
      verify_attrs(*op);
    }
    verify_order(block);
    verify_writers(block);
  }
  verify_shapes(program);
}

}  // namespace intact
