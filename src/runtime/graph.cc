#include "runtime/graph.h"

#include <algorithm>
#include <cassert>
#include <queue>
#include <set>
#include <unordered_map>

#include "base/check.h"

namespace intact {
namespace {

ValueId find(const ValueSlots& slots, const std::string& slot, size_t index) {
  const auto it = slots.find(slot);
  return it == slots.end() || index >= it->second.size() ? kNoValue : it->second[index];
}

std::vector<ValueId> list(const ValueSlots& slots, const std::string& slot) {
  const auto it = slots.find(slot);
  return it == slots.end() ? std::vector<ValueId>{} : it->second;
}

std::vector<ValueId> flatten(const ValueSlots& slots) {
  std::vector<ValueId> ids;
  for (const auto& [slot, values] : slots) {
    ids.insert(ids.end(), values.begin(), values.end());
  }
  return ids;
}

void replace(ValueSlots& slots, ValueId old, ValueId replacement) {
  for (auto& [slot, values] : slots) {
    std::replace(values.begin(), values.end(), old, replacement);
  }
}

}  // namespace

const char* to_string(Layout layout) {
  return layout == Layout::Nchw ? "NCHW" : "NHWC";
}

bool is_layout_free(const Shape& shape) {
  return shape.rank() != 4 || shape[1] == 1 || shape[2] * shape[3] == 1;
}

ValueId Node::in(const std::string& slot, size_t index) const {
  return find(inputs, slot, index);
}
ValueId Node::out(const std::string& slot, size_t index) const {
  return find(outputs, slot, index);
}
std::vector<ValueId> Node::in_list(const std::string& slot) const {
  return list(inputs, slot);
}
std::vector<ValueId> Node::out_list(const std::string& slot) const {
  return list(outputs, slot);
}
std::vector<ValueId> Node::all_inputs() const {
  return flatten(inputs);
}
std::vector<ValueId> Node::all_outputs() const {
  return flatten(outputs);
}

const Attribute* Node::find_attr(const std::string& name) const {
  const auto it = attrs.find(name);
  return it == attrs.end() ? nullptr : &it->second;
}

void Node::throw_no_attr(const std::string& name) const {
  const Attribute* value = find_attr(name);
  fail(ErrorCode::Internal,
       "plan: {} {} has {} attribute '{}'",
       kind,
       label,
       value == nullptr ? "no" : type_name(*value),
       name);
}

ValueId Graph::add_value(Value value) {
  values_.push_back(std::move(value));
  return static_cast<ValueId>(values_.size()) - 1;
}

Node& Graph::add(Node node) {
  nodes_.push_back(std::make_unique<Node>(std::move(node)));
  connect(*nodes_.back());
  return *nodes_.back();
}

void Graph::erase(Node& node) {
  disconnect(node);
  const auto it = std::find_if(
      nodes_.begin(), nodes_.end(), [&](const auto& owned) { return owned.get() == &node; });
  assert(it != nodes_.end());
  erased_.push_back(std::move(*it));
  nodes_.erase(it);
  node = Node{.kind = "erased"};
}

std::vector<Node*> Graph::nodes() const {
  std::vector<Node*> result;
  result.reserve(nodes_.size());
  for (const auto& node : nodes_) {
    result.push_back(node.get());
  }
  return result;
}

void Graph::connect(Node& node) {
  for (const ValueId id : node.all_inputs()) {
    std::vector<Node*>& consumers = (*this)[id].consumers;
    if (std::find(consumers.begin(), consumers.end(), &node) == consumers.end()) {
      consumers.push_back(&node);
    }
  }
  for (const ValueId id : node.all_outputs()) {
    assert((*this)[id].producer == nullptr);
    (*this)[id].producer = &node;
  }
}

void Graph::disconnect(Node& node) {
  for (const ValueId id : node.all_inputs()) {
    std::erase((*this)[id].consumers, &node);
  }
  for (const ValueId id : node.all_outputs()) {
    (*this)[id].producer = nullptr;
  }
}

Node* Graph::only_reader(ValueId id) const {
  const Value& value = (*this)[id];
  const bool is_private = value.home == Home::Arena && !value.is_fetched;
  return is_private && value.consumers.size() == 1 ? value.consumers.front() : nullptr;
}

ValueId Graph::needed(ValueId id) const {
  if (id == kNoValue) {
    return kNoValue;
  }
  const Value& value = (*this)[id];
  return value.is_fetched || value.home == Home::Scope || !value.consumers.empty() ? id : kNoValue;
}

std::vector<Node*> Graph::successors(const Node& node) const {
  std::vector<Node*> result;
  const auto add_overwriter = [&](ValueId id) {
    const ValueId next = (*this)[id].next_version;
    if (next != kNoValue && (*this)[next].producer != &node) {
      result.push_back((*this)[next].producer);
    }
  };
  for (const ValueId id : node.all_outputs()) {
    const std::vector<Node*>& readers = (*this)[id].consumers;
    result.insert(result.end(), readers.begin(), readers.end());
    add_overwriter(id);
  }
  for (const ValueId id : node.all_inputs()) {
    add_overwriter(id);
  }
  return result;
}

bool Graph::can_merge(const std::vector<Node*>& members) const {
  const std::set<const Node*> inside(members.begin(), members.end());
  std::set<const Node*> seen;
  std::vector<const Node*> stack;
  const auto push = [&](const Node* node) {
    if (!inside.contains(node) && seen.insert(node).second) {
      stack.push_back(node);
    }
  };
  for (const Node* member : members) {
    for (const Node* next : successors(*member)) {
      push(next);
    }
  }
  while (!stack.empty()) {
    const Node* node = stack.back();
    stack.pop_back();
    for (const Node* next : successors(*node)) {
      if (inside.contains(next)) {
        return false;
      }
      push(next);
    }
  }
  return true;
}

bool Graph::leads_to(const Node& from, const Node& to) const {
  std::set<const Node*> seen = {&from};
  std::vector<const Node*> stack = {&from};
  while (!stack.empty()) {
    const Node* node = stack.back();
    stack.pop_back();
    for (const Node* next : successors(*node)) {
      if (next == &to) {
        return true;
      }
      if (seen.insert(next).second) {
        stack.push_back(next);
      }
    }
  }
  return false;
}

Node& Graph::merge(const std::vector<Node*>& members, Node fused) {
  assert(can_merge(members));
  fused.order = members.front()->order;
  for (Node* member : members) {
    fused.order = std::min(fused.order, member->order);
  }
  for (Node* member : members) {
    erase(*member);
  }
  return add(std::move(fused));
}

void Graph::replace_input(Node& node, ValueId old, ValueId replacement) {
  disconnect(node);
  replace(node.inputs, old, replacement);
  connect(node);
}

void Graph::replace_output(Node& node, ValueId old, ValueId replacement) {
  disconnect(node);
  replace(node.outputs, old, replacement);
  connect(node);
}

void Graph::remove_dead() {
  const auto is_needed = [&](const Node& node) {
    const std::vector<ValueId> outputs = node.all_outputs();
    return outputs.empty() || std::any_of(outputs.begin(), outputs.end(), [&](ValueId id) {
             return needed(id) != kNoValue;
           });
  };
  for (size_t i = nodes_.size(); i-- > 0;) {
    if (!is_needed(*nodes_[i])) {
      erase(*nodes_[i]);
    }
  }
}

void Graph::schedule() {
  std::unordered_map<const Node*, int> waiting;
  for (const auto& node : nodes_) {
    for (const Node* next : successors(*node)) {
      ++waiting[next];
    }
  }
  const auto later = [](const Node* a, const Node* b) { return a->order > b->order; };
  std::priority_queue<Node*, std::vector<Node*>, decltype(later)> ready(later);
  for (const auto& node : nodes_) {
    if (waiting[node.get()] == 0) {
      ready.push(node.get());
    }
  }
  std::unordered_map<const Node*, size_t> position;
  while (!ready.empty()) {
    Node* node = ready.top();
    ready.pop();
    position.emplace(node, position.size());
    for (Node* next : successors(*node)) {
      if (--waiting[next] == 0) {
        ready.push(next);
      }
    }
  }
  if (position.size() != nodes_.size()) {
    fail(ErrorCode::Internal, "plan: a fusion made a cycle among {} nodes", nodes_.size());
  }
  std::sort(nodes_.begin(), nodes_.end(), [&](const auto& a, const auto& b) {
    return position.at(a.get()) < position.at(b.get());
  });
}

}  // namespace intact
