// Before:  one momentum (or sgd) node per parameter, all after the backward pass
// After:   one node over all small parameters with the same attributes and learning rate; a large
//          one is updated as soon as its gradient is there
// Many small updates then share threads evenly, in one pass; a large gradient is read while it is
// in the cache and its memory is free for the rest of the backward pass.
#include "runtime/fusions/fusions.h"
#include "runtime/kernel.h"

namespace intact {
namespace {

bool is_alike(const Node& a, const Node& b) {
  const auto numbers = [](const Node& node) {
    Attributes attrs = node.attrs;
    std::erase_if(attrs, [](const auto& attr) { return is_meta_attribute(attr.first); });
    return attrs;
  };
  return a.kind == b.kind && a.in("LearningRate") == b.in("LearningRate") &&
         numbers(a) == numbers(b);
}

Node joined(const std::vector<Node*>& members) {
  Node node = *members.front();
  node.op = nullptr;
  node.label = node.kind + " of " + std::to_string(members.size()) + " parameters";
  for (size_t i = 1; i < members.size(); ++i) {
    for (const auto& [slot, ids] : members[i]->inputs) {
      if (slot != "LearningRate") {
        node.inputs[slot].insert(node.inputs[slot].end(), ids.begin(), ids.end());
      }
    }
    for (const auto& [slot, ids] : members[i]->outputs) {
      node.outputs[slot].insert(node.outputs[slot].end(), ids.begin(), ids.end());
    }
  }
  return node;
}

constexpr int64_t kLargeParameter = 1 << 16;

bool is_large(const Graph& graph, const Node& node) {
  return graph[node.in("Param")].shape.numel() >= kLargeParameter;
}

/// Nodes run in their order as soon as they can.
void move_behind_gradient(const Graph& graph, Node& node) {
  if (const Node* producer = graph[node.in("Grad")].producer; producer != nullptr) {
    node.order = producer->order;
  }
}

}  // namespace

void optimizer_updates(Graph& graph) {
  std::vector<std::vector<Node*>> groups;
  for (Node* node : graph.nodes()) {
    const bool is_update = node->kind == "momentum" || node->kind == "sgd";
    if (!is_update || kernel_registry().find(graph, *node) == nullptr) {
      continue;
    }
    if (is_large(graph, *node)) {
      move_behind_gradient(graph, *node);
      continue;
    }
    const auto group = std::find_if(groups.begin(), groups.end(), [&](const auto& members) {
      return is_alike(*members.front(), *node);
    });
    if (group == groups.end()) {
      groups.push_back({node});
    } else {
      group->push_back(node);
    }
  }
  for (const std::vector<Node*>& members : groups) {
    if (members.size() > 1 && graph.can_merge(members)) {
      graph.merge(members, joined(members));
    }
  }
}

}  // namespace intact
