#include "intact/ir/program.h"

#include <algorithm>
#include <atomic>
#include <set>

#include "base/check.h"
#include "base/nearest.h"
#include "intact/ir/infer_context.h"
#include "intact/ir/op_registry.h"
#include "intact/ir/rewriter.h"
#include "ir/program_state.h"

namespace intact {
namespace {

std::atomic<uint64_t> next_program_id{1};

void map_slots(const Slots& from, Block& block, Slots& to) {
  for (const auto& [slot, vars] : from) {
    std::vector<Var*>& mapped = to[slot];
    for (const Var* var : vars) {
      mapped.push_back(&block.var(var->name()));
    }
  }
}

bool is_pruned_for_test(const Op& op) {
  return op.is_backward() || op.is_optimize();
}

}  // namespace

Program::Program() : state_(std::make_unique<ProgramState>()) {
  state_->id = next_program_id++;
  add_block(-1);
}
Program::Program(Program&&) noexcept = default;
Program& Program::operator=(Program&&) noexcept = default;
Program::~Program() = default;

Block& Program::block(int index) const {
  check(index >= 0 && index < block_count(),
        "program: block {} of {} does not exist; use an index in range",
        index,
        block_count());
  return *state_->blocks[static_cast<size_t>(index)];
}

int Program::block_count() const {
  return static_cast<int>(state_->blocks.size());
}

Block& Program::add_block(int parent_index) {
  auto block = std::unique_ptr<Block>(new Block);
  block->index_ = block_count();
  block->parent_index_ = parent_index;
  block->state_ = state_.get();
  state_->blocks.push_back(std::move(block));
  return *state_->blocks.back();
}

Program Program::clone() const {
  Program copy;
  copy.state_->random_seed = state_->random_seed;
  copy.state_->name_counters = state_->name_counters;
  for (int index = 0; index < block_count(); ++index) {
    const Block& from = block(index);
    Block& to = index == 0 ? copy.block(0) : copy.add_block(from.parent_index_);
    for (const auto& var : from.vars_) {
      to.add_var(var->name_, var->dtype_, var->shape_, var->options_);
    }
    for (const auto& op : from.ops_) {
      auto cloned = std::unique_ptr<Op>(new Op);
      cloned->def_ = op->def_;
      cloned->attrs_ = op->attrs_;
      cloned->block_ = &to;
      map_slots(op->inputs_, to, cloned->inputs_);
      map_slots(op->outputs_, to, cloned->outputs_);
      to.insert_linked(to.ops_.size(), std::move(cloned));
    }
  }
  return copy;
}

Program Program::clone_for_test() const {
  Program copy = clone();
  Block& block = copy.block();
  Rewriter rewriter(block);
  for (Op* op : block.ops()) {
    if (is_pruned_for_test(*op)) {
      rewriter.erase(*op);
      continue;
    }
    if (const AttrDef* attr = op->def().find_attr("is_test");
        attr != nullptr || op->has_attr("is_test")) {
      op->set_attr("is_test", true);
    }
  }
  rewriter.remove_unused_vars(/*also_persistable=*/true);
  return copy;
}

Program Program::prune(const std::vector<std::string>& feeds,
                       const std::vector<std::string>& targets) const {
  Program copy = clone();
  Block& block = copy.block();
  std::set<std::string> needed(targets.begin(), targets.end());
  const std::set<std::string> given(feeds.begin(), feeds.end());
  for (const std::string& target : targets) {
    block.var(target);
  }
  Rewriter rewriter(block);
  std::vector<Op*> ops = block.ops();
  for (auto it = ops.rbegin(); it != ops.rend(); ++it) {
    Op& op = **it;
    bool is_needed = false;
    for (const auto& [slot, vars] : op.outputs()) {
      for (const Var* var : vars) {
        is_needed = is_needed || (needed.contains(var->name()) && !given.contains(var->name()));
      }
    }
    if (!is_needed) {
      rewriter.erase(op);
      continue;
    }
    for (const auto& [slot, vars] : op.inputs()) {
      for (const Var* var : vars) {
        needed.insert(var->name());
      }
    }
  }
  for (Var* var : block.vars()) {
    if (!needed.contains(var->name()) && var->producers().empty() && var->consumers().empty()) {
      rewriter.remove_var(*var);
    }
  }
  return copy;
}

std::string Program::unique_name(const std::string& prefix) {
  for (;;) {
    std::string name = fmt::format("{}_{}", prefix, state_->name_counters[prefix]++);
    if (block().find_var(name) == nullptr) {
      return name;
    }
  }
}

uint64_t Program::random_seed() const {
  return state_->random_seed;
}
void Program::set_random_seed(uint64_t seed) {
  state_->random_seed = seed;
}
uint64_t Program::id() const {
  return state_->id;
}
uint64_t Program::version() const {
  return state_->version;
}

void Block::touch() {
  ++state_->version;
}

Var& Block::add_var(const std::string& name, DType dtype, Shape shape, VarOptions options) {
  check(!name.empty(), "program: a Var needs a name; give one");
  check(
      !var_by_name_.contains(name), "program: Var '{}' exists already; choose another name", name);
  auto var = std::unique_ptr<Var>(new Var);
  var->name_ = name;
  var->dtype_ = dtype;
  var->shape_ = std::move(shape);
  var->options_ = options;
  var->block_ = this;
  Var& result = *var;
  var_by_name_.emplace(name, &result);
  vars_.push_back(std::move(var));
  touch();
  return result;
}

Var* Block::find_var(const std::string& name) const {
  const auto it = var_by_name_.find(name);
  return it == var_by_name_.end() ? nullptr : it->second;
}

Var& Block::var(const std::string& name) const {
  if (Var* var = find_var(name)) {
    return *var;
  }
  std::vector<std::string> names;
  for (const auto& [known, var] : var_by_name_) {
    names.push_back(known);
  }
  const std::string near = nearest(name, names);
  fail(ErrorCode::NotFound,
       "program: no Var '{}'{}; check the name",
       name,
       near.empty() ? "" : fmt::format(", the nearest is '{}'", near));
}

std::vector<Var*> Block::vars() const {
  std::vector<Var*> result;
  result.reserve(vars_.size());
  for (const auto& var : vars_) {
    result.push_back(var.get());
  }
  return result;
}

std::vector<Op*> Block::ops() const {
  std::vector<Op*> result;
  result.reserve(ops_.size());
  for (const auto& op : ops_) {
    result.push_back(op.get());
  }
  return result;
}

size_t Block::index_of(const Op& op) const {
  if (op.block_ != this || op.is_erased_) {
    fail(ErrorCode::Internal, "{}: is not an op of this block", op.label());
  }
  return op.position_;
}

Op& Block::insert_linked(size_t position, std::unique_ptr<Op> op) {
  Op& result = *op;
  ops_.insert(ops_.begin() + static_cast<std::ptrdiff_t>(position), std::move(op));
  renumber(position);
  link(result);
  touch();
  return result;
}

std::unique_ptr<Op> Block::take_op(Op& op) {
  const size_t position = index_of(op);
  unlink(op);
  std::unique_ptr<Op> taken = std::move(ops_[position]);
  taken->is_erased_ = true;
  ops_.erase(ops_.begin() + static_cast<std::ptrdiff_t>(position));
  renumber(position);
  touch();
  return taken;
}

void Block::renumber(size_t begin) {
  for (size_t position = begin; position < ops_.size(); ++position) {
    ops_[position]->position_ = position;
  }
}

void Block::link(Op& op) {
  const auto enter = [&op](std::vector<Op*>& uses) {
    const auto at = std::lower_bound(uses.begin(), uses.end(), &op, [](const Op* a, const Op* b) {
      return a->position_ < b->position_;
    });
    if (at == uses.end() || *at != &op) {
      uses.insert(at, &op);
    }
  };
  for (const auto& [slot, vars] : op.inputs_) {
    for (Var* var : vars) {
      enter(var->consumers_);
    }
  }
  for (const auto& [slot, vars] : op.outputs_) {
    for (Var* var : vars) {
      enter(var->producers_);
    }
  }
}

void Block::unlink(Op& op) {
  for (const auto& [slot, vars] : op.inputs_) {
    for (Var* var : vars) {
      std::erase(var->consumers_, &op);
    }
  }
  for (const auto& [slot, vars] : op.outputs_) {
    for (Var* var : vars) {
      std::erase(var->producers_, &op);
    }
  }
}

Op& Block::append_op(OpSpec spec, UnknownAttributes unknown) {
  return insert_op(ops_.size(), std::move(spec), unknown);
}

Op* Var::producer() const {
  if (producers_.size() > 1) {
    fail(ErrorCode::Internal,
         "program: Var '{}' is written by {} ops, one was expected",
         name_,
         producers_.size());
  }
  return producers_.empty() ? nullptr : producers_.front();
}

void Var::set_shape(Shape shape) {
  if (shape != shape_) {
    shape_ = std::move(shape);
    block_->touch();
  }
}

void Var::set_dtype(DType dtype) {
  if (dtype != dtype_) {
    dtype_ = dtype;
    block_->touch();
  }
}

void Var::set_options(VarOptions options) {
  options_ = options;
  block_->touch();
}

void Var::set_persistable(bool value) {
  options_.is_persistable = value;
  block_->touch();
}

void Var::set_stop_gradient(bool value) {
  options_.stop_gradient = value;
  block_->touch();
}

}  // namespace intact
