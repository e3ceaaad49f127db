#pragma once

#include <memory>
#include <string>
#include <vector>

#include "intact/ir/program.h"

namespace intact {

/// The only class that changes a Block's existing ops. Keeps producers, consumers and order
/// consistent.
class Rewriter {
 public:
  explicit Rewriter(Block& block) : block_(block) {}

  Block& block() const { return block_; }
  bool changed() const { return changed_; }

  /// New op directly before / after `anchor`. Checked and inferred as by append_op.
  Op& insert_before(const Op& anchor, OpSpec spec);
  Op& insert_after(const Op& anchor, OpSpec spec);
  /// At the end of the Block / at the beginning.
  Op& append(OpSpec spec);
  Op& prepend(OpSpec spec);
  /// Removes an op; its outputs stay as Vars until remove_unused_vars. The Op object lives on, out
  /// of the Block, as long as this Rewriter.
  void erase(Op& op);
  static bool is_erased(const Op& op) { return op.is_erased_; }
  /// op reads `replacement` where it read `old`, in every slot. Returns how many places changed.
  int replace_input(Op& op, const Var& old, Var& replacement);
  void set_input(Op& op, const std::string& slot, std::vector<Var*> vars);
  void set_output(Op& op, const std::string& slot, std::vector<Var*> vars);
  /// All ops of the Block from position `begin` on read `replacement` instead of `old`.
  int replace_all_uses(const Var& old, Var& replacement, size_t begin = 0);
  /// Drops Vars that no op uses, except persistable and data Vars (unless `also_persistable`).
  void remove_unused_vars(bool also_persistable = false);
  /// Throws: InvalidArgument when an op still uses it.
  void remove_var(Var& var);

 private:
  void set_slot(Op& op, Slots& slots, const std::string& slot, std::vector<Var*> vars);
  void relink(Op& op);

  Block& block_;
  bool changed_ = false;
  std::vector<std::unique_ptr<Op>> erased_;
};

}  // namespace intact
