#include "intact/ir/rewriter.h"

#include <algorithm>

#include "base/check.h"

namespace intact {

Op& Rewriter::insert_before(const Op& anchor, OpSpec spec) {
  changed_ = true;
  return block_.insert_op(block_.index_of(anchor), std::move(spec), UnknownAttributes::Reject);
}

Op& Rewriter::insert_after(const Op& anchor, OpSpec spec) {
  changed_ = true;
  return block_.insert_op(block_.index_of(anchor) + 1, std::move(spec), UnknownAttributes::Reject);
}

Op& Rewriter::append(OpSpec spec) {
  changed_ = true;
  return block_.append_op(std::move(spec));
}

Op& Rewriter::prepend(OpSpec spec) {
  changed_ = true;
  return block_.insert_op(0, std::move(spec), UnknownAttributes::Reject);
}

void Rewriter::erase(Op& op) {
  changed_ = true;
  erased_.push_back(block_.take_op(op));
}

int Rewriter::replace_input(Op& op, const Var& old, Var& replacement) {
  if (!op.reads(old)) {
    return 0;
  }
  int count = 0;
  Block::unlink(op);
  for (auto& [slot, vars] : op.inputs_) {
    for (Var*& var : vars) {
      if (var == &old) {
        var = &replacement;
        ++count;
      }
    }
  }
  relink(op);
  return count;
}

void Rewriter::set_input(Op& op, const std::string& slot, std::vector<Var*> vars) {
  set_slot(op, op.inputs_, slot, std::move(vars));
}

void Rewriter::set_output(Op& op, const std::string& slot, std::vector<Var*> vars) {
  set_slot(op, op.outputs_, slot, std::move(vars));
}

void Rewriter::set_slot(Op& op, Slots& slots, const std::string& slot, std::vector<Var*> vars) {
  Block::unlink(op);
  if (vars.empty()) {
    slots.erase(slot);
  } else {
    slots[slot] = std::move(vars);
  }
  relink(op);
}

void Rewriter::relink(Op& op) {
  Block::link(op);
  block_.touch();
  changed_ = true;
}

int Rewriter::replace_all_uses(const Var& old, Var& replacement, size_t begin) {
  int count = 0;
  const std::vector<Op*> consumers = old.consumers();
  for (Op* op : consumers) {
    if (block_.index_of(*op) >= begin) {
      count += replace_input(*op, old, replacement);
    }
  }
  return count;
}

void Rewriter::remove_unused_vars(bool also_persistable) {
  const size_t count = block_.vars_.size();
  std::erase_if(block_.vars_, [&](const auto& var) {
    const bool is_used = !var->producers().empty() || !var->consumers().empty();
    const bool is_kept = is_used || var->is_data() || (var->is_persistable() && !also_persistable);
    if (!is_kept) {
      block_.var_by_name_.erase(var->name());
    }
    return !is_kept;
  });
  if (block_.vars_.size() != count) {
    changed_ = true;
    block_.touch();
  }
}

void Rewriter::remove_var(Var& var) {
  check(var.producers().empty() && var.consumers().empty(),
        "program: Var '{}' is still used by an op; erase or relink the op first",
        var.name());
  changed_ = true;
  block_.var_by_name_.erase(var.name());
  std::erase_if(block_.vars_, [&](const auto& owned) { return owned.get() == &var; });
  block_.touch();
}

}  // namespace intact
