#include "intact/ir/rewriter.h"

#include <algorithm>
#include <set>

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
  const size_t position = block_.index_of(op);
  block_.ops_.erase(block_.ops_.begin() + static_cast<std::ptrdiff_t>(position));
  block_.touch();
}

int Rewriter::replace_input(Op& op, const Var& old, Var& replacement) {
  int count = 0;
  for (auto& [slot, vars] : op.inputs_) {
    for (Var*& var : vars) {
      if (var == &old) {
        var = &replacement;
        ++count;
      }
    }
  }
  if (count > 0) {
    changed_ = true;
    block_.touch();
  }
  return count;
}

void Rewriter::set_input(Op& op, const std::string& slot, std::vector<Var*> vars) {
  changed_ = true;
  if (vars.empty()) {
    op.inputs_.erase(slot);
  } else {
    op.inputs_[slot] = std::move(vars);
  }
  block_.touch();
}

void Rewriter::set_output(Op& op, const std::string& slot, std::vector<Var*> vars) {
  changed_ = true;
  if (vars.empty()) {
    op.outputs_.erase(slot);
  } else {
    op.outputs_[slot] = std::move(vars);
  }
  block_.touch();
}

int Rewriter::replace_all_uses(const Var& old, Var& replacement, size_t begin) {
  int count = 0;
  for (size_t i = begin; i < block_.ops_.size(); ++i) {
    count += replace_input(*block_.ops_[i], old, replacement);
  }
  return count;
}

void Rewriter::remove_unused_vars(bool also_persistable) {
  std::set<const Var*> used;
  for (const auto& op : block_.ops_) {
    for (const Slots* slots : {&op->inputs_, &op->outputs_}) {
      for (const auto& [slot, vars] : *slots) {
        used.insert(vars.begin(), vars.end());
      }
    }
  }
  for (Var* var : block_.vars()) {
    const bool is_kept =
        used.contains(var) || var->is_data() || (var->is_persistable() && !also_persistable);
    if (!is_kept) {
      remove_var(*var);
    }
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
