#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "intact/ir/program.h"
#include "intact/tensor/dtype.h"
#include "intact/tensor/shape.h"

namespace intact {

/// Index of a Value in its Graph.
using ValueId = int;
inline constexpr ValueId kNoValue = -1;

/// Whose memory a Value lives in: the Plan's arena, the Scope's tensor, the caller's feed.
enum class Home { Arena, Scope, Feed };
/// Order of a rank-4 Value's elements. Shapes are always written as [N,C,H,W].
enum class Layout { Nchw, Nhwc };

const char* to_string(Layout layout);
/// True when both layouts are the same bytes: not rank 4, one channel, or one pixel.
bool is_layout_free(const Shape& shape);

struct Node;

/// One assignment of a Var: written once, by `producer`. A persistable Var that is written becomes
/// several Values, its versions, which share the Scope's memory.
struct Value {
  std::string name;
  DType dtype = DType::Float32;
  Shape shape;
  Home home = Home::Arena;
  Layout layout = Layout::Nchw;
  bool is_fetched = false;
  ValueId next_version = kNoValue;  // what overwrites this memory (Scope only)
  ValueId view_of = kNoValue;       // shares that Value's memory
  Node* producer = nullptr;         // nullptr: fed, or in the Scope before the run
  std::vector<Node*> consumers;     // each once
};

using ValueSlots = std::map<std::string, std::vector<ValueId>>;

/// A step to run: an Op of the Program, or the fused form of several.
struct Node {
  std::string kind;  // the op's type, or the fused node's name
  std::string label;
  const Op* op = nullptr;  // nullptr when fused
  ValueSlots inputs = {};
  ValueSlots outputs = {};
  Attributes attrs = {};
  size_t order = 0;  // position of its (first) op: the order it runs in where nothing else decides

  /// kNoValue when absent.
  ValueId in(const std::string& slot, size_t index = 0) const;
  ValueId out(const std::string& slot, size_t index = 0) const;
  std::vector<ValueId> in_list(const std::string& slot) const;
  std::vector<ValueId> out_list(const std::string& slot) const;
  std::vector<ValueId> all_inputs() const;
  std::vector<ValueId> all_outputs() const;

  /// Throws: Internal when it is absent or of another type.
  template <class T>
  T attr(const std::string& name) const {
    const T* value = std::get_if<T>(find_attr(name));
    if (value == nullptr) {
      throw_no_attr(name);
    }
    return *value;
  }
  template <class T>
  T attr_or(const std::string& name, T fallback) const {
    return attrs.contains(name) ? attr<T>(name) : fallback;
  }

 private:
  const Attribute* find_attr(const std::string& name) const;
  [[noreturn]] void throw_no_attr(const std::string& name) const;
};

/// Nodes over Values: what fusions rewrite and the Plan runs.
class Graph {
 public:
  ValueId add_value(Value value);
  Value& operator[](ValueId id) { return values_[static_cast<size_t>(id)]; }
  const Value& operator[](ValueId id) const { return values_[static_cast<size_t>(id)]; }
  size_t value_count() const { return values_.size(); }

  Node& add(Node node);
  /// The Node stays readable, as kind "erased" without operands: loops over nodes() may meet it.
  void erase(Node& node);
  std::vector<Node*> nodes() const;
  size_t node_count() const { return nodes_.size(); }

  /// The only reader of a Value that nothing else needs; nullptr otherwise.
  Node* only_reader(ValueId id) const;
  /// `id` when a node reads it, a fetch or the Scope needs it; else kNoValue.
  ValueId needed(ValueId id) const;
  /// True when no path leads from one member out of the set and back in, so that one node can do
  /// the members' work.
  bool can_merge(const std::vector<Node*>& members) const;
  /// True when `to` runs after `from` in every order.
  bool leads_to(const Node& from, const Node& to) const;
  /// Puts `fused` in the place of the members. Values that only passed between members vanish with
  /// them. Requires can_merge.
  Node& merge(const std::vector<Node*>& members, Node fused);
  /// Replaces one input everywhere in `node`.
  void replace_input(Node& node, ValueId old, ValueId replacement);
  void replace_output(Node& node, ValueId old, ValueId replacement);

  /// Drops nodes whose outputs nobody needs. Kept: fetched Values, Scope writes, nodes without
  /// outputs.
  void remove_dead();
  /// Sorts by data flow, Scope memory included, then by Node::order.
  void schedule();

 private:
  std::vector<Node*> successors(const Node& node) const;
  void connect(Node& node);
  void disconnect(Node& node);

  std::vector<Value> values_;
  std::vector<std::unique_ptr<Node>> nodes_;
  std::vector<std::unique_ptr<Node>> erased_;
};

}  // namespace intact
