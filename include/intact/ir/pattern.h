#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "intact/ir/program.h"

namespace intact {

using OpPredicate = std::function<bool(const Op&)>;
using VarPredicate = std::function<bool(const Var&)>;

/// The ops a Pattern captured, by name.
class Match {
 public:
  /// The op the match started from: the last one of a producer chain.
  Op& root() const { return *root_; }
  /// Throws: Internal when the pattern has no such capture, or its alternative was not taken.
  Op& op(const std::string& name) const;
  bool has(const std::string& name) const { return ops_.contains(name); }

 private:
  friend class Pattern;
  Op* root_ = nullptr;
  std::map<std::string, Op*> ops_;
};

/// A description of an op and its neighbours, built from small named parts:
///   op_type({"conv2d"}).capture("conv")
///   op_type({"batch_norm"}).where(attr_is("is_test", true)).producer_of("X", conv).capture("bn")
/// Immutable: each method returns another Pattern.
class Pattern {
 public:
  explicit Pattern(OpPredicate predicate);

  /// The op also satisfies `predicate`.
  Pattern where(OpPredicate predicate) const;
  /// Names the op for Match::op.
  Pattern capture(std::string name) const;
  /// Input `slot` holds one Var, written by one op, which matches `producer`.
  Pattern producer_of(std::string slot, const Pattern& producer) const;
  /// Output `slot` holds one Var, read by one op, which matches `consumer`.
  Pattern consumer_of(std::string slot, const Pattern& consumer) const;
  /// This pattern, or else `other`.
  Pattern or_else(const Pattern& other) const;

  std::optional<Match> match(Op& op) const;

 private:
  struct Node;
  explicit Pattern(std::shared_ptr<const Node> node) : node_(std::move(node)) {}
  static bool match_node(const Node& node, Op& op, Match& match);
  std::shared_ptr<const Node> node_;
};

Pattern any_op();
/// An op of one of these types.
Pattern op_type(std::vector<std::string> types);

/// The op's type is one of these.
OpPredicate in(std::vector<std::string> types);
/// The attribute exists and has this type and value.
OpPredicate attr_is(std::string name, Attribute value);
/// The slot holds one Var, which satisfies `predicate`.
OpPredicate input_is(std::string slot, VarPredicate predicate);
OpPredicate output_is(std::string slot, VarPredicate predicate);
OpPredicate is_not(OpPredicate predicate);

/// One op reads it.
VarPredicate single_consumer();
/// Persistable, and no op of the Block writes it.
VarPredicate is_constant();
VarPredicate has_dtype(DType dtype);

}  // namespace intact
