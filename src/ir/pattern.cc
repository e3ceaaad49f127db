#include "intact/ir/pattern.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace intact {

struct Pattern::Node {
  struct Neighbour {
    std::string slot;
    bool is_producer = false;
    std::shared_ptr<const Node> node;
  };

  std::vector<OpPredicate> predicates;
  std::vector<Neighbour> neighbours;
  std::string capture;
  std::vector<std::shared_ptr<const Node>> alternatives;  // when set, one of them must match too
};

namespace {

const Var* only_var(const std::vector<Var*>& vars) {
  return vars.size() == 1 ? vars.front() : nullptr;
}

Op* only_op(const std::vector<Op*>& ops) {
  return ops.size() == 1 ? ops.front() : nullptr;
}

}  // namespace

Op& Match::op(const std::string& name) const {
  const auto it = ops_.find(name);
  if (it == ops_.end()) {
    fail(ErrorCode::Internal, "match of {}: captured no '{}'", root_->label(), name);
  }
  return *it->second;
}

Pattern::Pattern(OpPredicate predicate) {
  auto node = std::make_shared<Node>();
  node->predicates.push_back(std::move(predicate));
  node_ = std::move(node);
}

Pattern Pattern::where(OpPredicate predicate) const {
  auto node = std::make_shared<Node>(*node_);
  node->predicates.push_back(std::move(predicate));
  return Pattern(std::move(node));
}

Pattern Pattern::capture(std::string name) const {
  auto node = std::make_shared<Node>(*node_);
  node->capture = std::move(name);
  return Pattern(std::move(node));
}

Pattern Pattern::producer_of(std::string slot, const Pattern& producer) const {
  auto node = std::make_shared<Node>(*node_);
  node->neighbours.push_back({std::move(slot), true, producer.node_});
  return Pattern(std::move(node));
}

Pattern Pattern::consumer_of(std::string slot, const Pattern& consumer) const {
  auto node = std::make_shared<Node>(*node_);
  node->neighbours.push_back({std::move(slot), false, consumer.node_});
  return Pattern(std::move(node));
}

Pattern Pattern::or_else(const Pattern& other) const {
  auto node = std::make_shared<Node>();
  node->alternatives = {node_, other.node_};
  return Pattern(std::move(node));
}

bool Pattern::match_node(const Node& node, Op& op, Match& match) {
  for (const OpPredicate& predicate : node.predicates) {
    if (!predicate(op)) {
      return false;
    }
  }
  for (const Node::Neighbour& neighbour : node.neighbours) {
    const Var* var = only_var(neighbour.is_producer ? op.input_list(neighbour.slot)
                                                    : op.output_list(neighbour.slot));
    Op* next = var == nullptr
                   ? nullptr
                   : only_op(neighbour.is_producer ? var->producers() : var->consumers());
    if (next == nullptr || !match_node(*neighbour.node, *next, match)) {
      return false;
    }
  }
  if (!node.alternatives.empty()) {
    const bool matched = std::any_of(
        node.alternatives.begin(), node.alternatives.end(), [&](const auto& alternative) {
          Match attempt = match;
          if (!match_node(*alternative, op, attempt)) {
            return false;
          }
          match = std::move(attempt);
          return true;
        });
    if (!matched) {
      return false;
    }
  }
  if (!node.capture.empty()) {
    match.ops_[node.capture] = &op;
  }
  return true;
}

std::optional<Match> Pattern::match(Op& op) const {
  Match match;
  match.root_ = &op;
  if (!match_node(*node_, op, match)) {
    return std::nullopt;
  }
  return match;
}

Pattern any_op() {
  return Pattern([](const Op&) { return true; });
}

Pattern op_type(std::vector<std::string> types) {
  return Pattern(in(std::move(types)));
}

OpPredicate in(std::vector<std::string> types) {
  return [types = std::move(types)](const Op& op) {
    return std::find(types.begin(), types.end(), op.type()) != types.end();
  };
}

OpPredicate attr_is(std::string name, Attribute value) {
  return [name = std::move(name), value = std::move(value)](const Op& op) {
    const auto it = op.attrs().find(name);
    return it != op.attrs().end() && it->second == value;
  };
}

OpPredicate input_is(std::string slot, VarPredicate predicate) {
  return [slot = std::move(slot), predicate = std::move(predicate)](const Op& op) {
    const Var* var = only_var(op.input_list(slot));
    return var != nullptr && predicate(*var);
  };
}

OpPredicate output_is(std::string slot, VarPredicate predicate) {
  return [slot = std::move(slot), predicate = std::move(predicate)](const Op& op) {
    const Var* var = only_var(op.output_list(slot));
    return var != nullptr && predicate(*var);
  };
}

OpPredicate is_not(OpPredicate predicate) {
  return [predicate = std::move(predicate)](const Op& op) { return !predicate(op); };
}

VarPredicate single_consumer() {
  return [](const Var& var) { return var.consumers().size() == 1; };
}

VarPredicate is_constant() {
  return [](const Var& var) { return var.is_persistable() && var.producers().empty(); };
}

VarPredicate has_dtype(DType dtype) {
  return [dtype](const Var& var) { return var.dtype() == dtype; };
}

}  // namespace intact
