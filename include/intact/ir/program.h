#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "intact/base/error.h"
#include "intact/ir/attribute.h"
#include "intact/ir/op_def.h"
#include "intact/tensor/dtype.h"
#include "intact/tensor/shape.h"

namespace intact {

class Block;
class Op;
class Program;
class Rewriter;
class Var;
struct ProgramState;

enum class VarKind { Tensor, FeedList, FetchList, Raw };

struct VarOptions {
  bool is_persistable = false;  // lives in the Scope between runs
  bool is_parameter = false;    // trained by the optimizer
  bool is_data = false;         // fed by the user (Paddle: need_check_feed)
  bool stop_gradient = false;   // backward stops here
  VarKind kind = VarKind::Tensor;
  // What the optimizer does with a parameter; read by minimize(), which writes it into its ops.
  float learning_rate = 1.0f;          // multiplies the optimizer's
  std::optional<float> l2_decay = {};  // overrides the optimizer's
};

/// A named tensor of a Block. Knows the ops that write and read it.
class Var {
 public:
  const std::string& name() const { return name_; }
  DType dtype() const { return dtype_; }
  const Shape& shape() const { return shape_; }
  VarKind kind() const { return options_.kind; }
  bool is_persistable() const { return options_.is_persistable; }
  bool is_parameter() const { return options_.is_parameter; }
  bool is_data() const { return options_.is_data; }
  bool stop_gradient() const { return options_.stop_gradient; }
  const VarOptions& options() const { return options_; }
  Block& block() const { return *block_; }

  /// Ops of the Block that write / read this Var, in program order, each once. Live: a Rewriter
  /// changes them, so copy before changing ops while iterating.
  const std::vector<Op*>& producers() const { return producers_; }
  const std::vector<Op*>& consumers() const { return consumers_; }
  /// The one op that writes it; nullptr for data and parameters. Throws: Internal when several do.
  Op* producer() const;

  void set_shape(Shape shape);
  void set_dtype(DType dtype);
  void set_options(VarOptions options);
  void set_persistable(bool value);
  void set_stop_gradient(bool value);

 private:
  friend class Block;
  friend class Program;
  Var() = default;
  std::string name_;
  DType dtype_ = DType::Float32;
  Shape shape_;
  VarOptions options_;
  Block* block_ = nullptr;
  std::vector<Op*> producers_;  // kept by Block::link and unlink, sorted by position
  std::vector<Op*> consumers_;
};

/// Slot name -> Vars.
using Slots = std::map<std::string, std::vector<Var*>>;

/// What append_op takes. Attributes left out get their defaults from the OpDef.
struct OpSpec {
  std::string type;
  Slots inputs = {};
  Slots outputs = {};
  Attributes attrs = {};
};

/// How append_op treats attributes the OpDef does not know: builders are strict, importers keep
/// them.
enum class UnknownAttributes { Reject, Keep };

class Op {
 public:
  const std::string& type() const { return def_->type; }
  const OpDef& def() const { return *def_; }
  Block& block() const { return *block_; }
  /// "conv2d 'conv1.tmp_0'": the type and the first output, for messages.
  std::string label() const;

  const Slots& inputs() const { return inputs_; }
  const Slots& outputs() const { return outputs_; }
  bool has_input(const std::string& slot) const;
  bool has_output(const std::string& slot) const;
  /// Throws: NotFound when the slot is empty.
  Var& input(const std::string& slot, size_t index = 0) const;
  Var& output(const std::string& slot, size_t index = 0) const;
  const std::vector<Var*>& input_list(const std::string& slot) const;  // empty when absent
  const std::vector<Var*>& output_list(const std::string& slot) const;
  bool reads(const Var& var) const;
  bool writes(const Var& var) const;

  const Attributes& attrs() const { return attrs_; }
  bool has_attr(const std::string& name) const { return attrs_.contains(name); }
  /// Throws: NotFound / InvalidArgument (other type), naming both.
  template <class T>
  const T& attr(const std::string& name) const {
    const Attribute& value = attribute(name);
    if (const T* typed = std::get_if<T>(&value)) {
      return *typed;
    }
    throw_attr_type(name, value);
  }
  template <class T>
  T attr_or(const std::string& name, T fallback) const {
    return has_attr(name) ? attr<T>(name) : fallback;
  }
  void set_attr(const std::string& name, Attribute value);
  void remove_attr(const std::string& name);

  int32_t role() const;  // op_role bits, 0 when absent
  bool is_backward() const { return (role() & role::kBackward) != 0; }
  bool is_optimize() const { return (role() & role::kOptimize) != 0; }
  bool is_forward() const { return !is_backward() && !is_optimize(); }

 private:
  friend class Block;
  friend class Program;
  friend class Rewriter;
  Op() = default;
  const Attribute& attribute(const std::string& name) const;
  [[noreturn]] void throw_attr_type(const std::string& name, const Attribute& value) const;

  const OpDef* def_ = nullptr;
  Slots inputs_;
  Slots outputs_;
  Attributes attrs_;
  Block* block_ = nullptr;
  size_t position_ = 0;  // in the Block; meaningless once erased
  bool is_erased_ = false;
};

/// An ordered list of Ops over named Vars. Addresses of Ops and Vars are stable until they are
/// removed.
class Block {
 public:
  int index() const { return index_; }
  int parent_index() const { return parent_index_; }

  /// Throws: InvalidArgument when the name exists.
  Var& add_var(const std::string& name, DType dtype, Shape shape, VarOptions options = {});
  Var* find_var(const std::string& name) const;
  /// Throws: NotFound, naming the nearest Var.
  Var& var(const std::string& name) const;
  std::vector<Var*> vars() const;  // in order of creation

  /// Resolves the OpDef, checks slots and attributes, fills defaults, infers output shapes and
  /// dtypes. Throws: Unsupported (type), InvalidArgument (slots, attributes, shapes). On error the
  /// Block is unchanged.
  Op& append_op(OpSpec spec, UnknownAttributes unknown = UnknownAttributes::Reject);
  std::vector<Op*> ops() const;  // a snapshot: safe to iterate while a Rewriter changes the Block
  size_t op_count() const { return ops_.size(); }
  /// Position of op in the Block. Throws: Internal when it is not here.
  size_t index_of(const Op& op) const;

 private:
  friend class Program;
  friend class Rewriter;
  friend class Var;
  friend class Op;
  Block() = default;
  Op& insert_op(size_t position, OpSpec spec, UnknownAttributes unknown);
  Op& insert_linked(size_t position, std::unique_ptr<Op> op);
  std::unique_ptr<Op> take_op(Op& op);
  void renumber(size_t begin);
  /// Enter op into / remove it from the use lists of the Vars in its slots.
  static void link(Op& op);
  static void unlink(Op& op);
  void touch();

  int index_ = 0;
  int parent_index_ = -1;
  ProgramState* state_ = nullptr;
  std::vector<std::unique_ptr<Op>> ops_;
  std::vector<std::unique_ptr<Var>> vars_;
  std::map<std::string, Var*> var_by_name_;
};

/// A network as data: Blocks of Ops over named Vars. Nothing executes while building.
/// Movable; copies are made with clone().
class Program {
 public:
  Program();
  Program(Program&&) noexcept;
  Program& operator=(Program&&) noexcept;
  ~Program();

  Block& block(int index = 0) const;
  int block_count() const;
  Block& add_block(int parent_index);
  std::vector<Op*> ops() const { return block().ops(); }
  Var& var(const std::string& name) const { return block().var(name); }

  /// Deep copy.
  Program clone() const;
  /// Copy for evaluation: drops ops whose role is backward or optimize, sets is_test on ops that
  /// have it, drops Vars nothing uses.
  Program clone_for_test() const;
  /// Keeps the ops that `targets` need, stopping at Vars named in `feeds`; unused Vars go too.
  Program prune(const std::vector<std::string>& feeds,
                const std::vector<std::string>& targets) const;

  /// "relu_0", "relu_1", ...: not yet a Var of this Program.
  std::string unique_name(const std::string& prefix);
  /// Seed of initializers and dropout; each draws its own stream (stream_seed(seed, var name)).
  uint64_t random_seed() const;
  void set_random_seed(uint64_t seed);

  /// id: unique in the process. version: grows with every change. Together they key compiled Plans.
  uint64_t id() const;
  uint64_t version() const;

 private:
  std::unique_ptr<ProgramState> state_;
};

}  // namespace intact
