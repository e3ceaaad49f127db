#include "runtime/select_kernels.h"

#include <algorithm>
#include <map>
#include <utility>

namespace intact {
namespace {

bool contains(const std::vector<std::string>& slots, const std::string& slot) {
  return std::find(slots.begin(), slots.end(), slot) != slots.end();
}

class Selection {
 public:
  Selection(Graph& graph, const KernelRegistry& registry) : graph_(graph), registry_(registry) {}

  void select(Node& node) {
    const Kernel* kernel = registry_.find(graph_, node);
    const Layout shared = kernel == nullptr ? Layout::Nchw : shared_layout(node, *kernel);
    const auto layout_of = [&](const std::string& slot) {
      if (kernel == nullptr) {
        return Layout::Nchw;
      }
      return contains(kernel->nhwc, slot)          ? Layout::Nhwc
             : contains(kernel->same_layout, slot) ? shared
                                                   : Layout::Nchw;
    };
    std::vector<std::pair<ValueId, ValueId>> inputs;
    for (const auto& [slot, ids] : node.inputs) {
      for (const ValueId id : ids) {
        inputs.emplace_back(id, in_layout(id, layout_of(slot), node));
      }
    }
    for (const auto& [id, converted] : inputs) {
      if (converted != id) {
        graph_.replace_input(node, id, converted);
      }
    }
    selected_.push_back({&node, kernel});
    const ValueSlots outputs = node.outputs;
    for (const auto& [slot, ids] : outputs) {
      for (const ValueId id : ids) {
        set_output_layout(node, id, layout_of(slot));
      }
    }
    mark_views(node, kernel);
  }

  std::vector<SelectedNode> take() { return std::move(selected_); }

 private:
  /// NHWC as soon as one input has it.
  Layout shared_layout(const Node& node, const Kernel& kernel) const {
    for (const std::string& slot : kernel.same_layout) {
      for (const ValueId id : node.in_list(slot)) {
        if (graph_[id].layout == Layout::Nhwc && !is_layout_free(graph_[id].shape)) {
          return Layout::Nhwc;
        }
      }
    }
    return Layout::Nchw;
  }

  ValueId in_layout(ValueId id, Layout layout, const Node& reader) {
    if (graph_[id].layout == layout || is_layout_free(graph_[id].shape)) {
      return id;
    }
    const auto [it, is_new] = converted_.emplace(std::pair(id, layout), kNoValue);
    if (is_new) {
      Value value = graph_[id];
      value.name += layout == Layout::Nhwc ? " (NHWC)" : " (NCHW)";
      it->second = add_conversion(id, std::move(value), layout, reader.order);
    }
    return it->second;
  }

  ValueId add_conversion(ValueId from, Value to, Layout layout, size_t order) {
    to.home = Home::Arena;
    to.layout = layout;
    to.is_fetched = false;
    to.next_version = kNoValue;
    to.view_of = kNoValue;
    to.producer = nullptr;
    to.consumers.clear();
    const ValueId id = graph_.add_value(std::move(to));
    add_conversion_node(from, id, layout, order);
    return id;
  }

  void add_conversion_node(ValueId from, ValueId to, Layout layout, size_t order) {
    Node node{.kind = layout == Layout::Nhwc ? "to_nhwc" : "to_nchw",
              .label = graph_[from].name,
              .inputs = {{"X", {from}}},
              .outputs = {{"Out", {to}}}};
    node.order = order;
    Node& added = graph_.add(std::move(node));
    selected_.push_back({&added, registry_.find(graph_, added)});
  }

  /// The Scope holds NCHW only, so an NHWC kernel writes beside it and a conversion follows.
  void set_output_layout(Node& node, ValueId id, Layout layout) {
    if (is_layout_free(graph_[id].shape)) {
      return;
    }
    if (graph_[id].home != Home::Scope || layout == Layout::Nchw) {
      graph_[id].layout = layout;
      return;
    }
    Value beside{.name = graph_[id].name + " (NHWC)",
                 .dtype = graph_[id].dtype,
                 .shape = graph_[id].shape,
                 .layout = layout};
    const ValueId beside_id = graph_.add_value(std::move(beside));
    graph_.replace_output(node, id, beside_id);
    add_conversion_node(beside_id, id, Layout::Nchw, node.order);
  }

  void mark_views(const Node& node, const Kernel* kernel) {
    if (kernel == nullptr) {
      return;
    }
    for (const auto& [output, input] : kernel->views) {
      if (const ValueId id = node.out(output); id != kNoValue) {
        graph_[id].view_of = node.in(input);
      }
    }
  }

  Graph& graph_;
  const KernelRegistry& registry_;
  std::vector<SelectedNode> selected_;
  std::map<std::pair<ValueId, Layout>, ValueId> converted_;
};

}  // namespace

std::vector<SelectedNode> select_kernels(Graph& graph, const KernelRegistry& registry) {
  Selection selection(graph, registry);
  for (Node* node : graph.nodes()) {
    selection.select(*node);
  }
  return selection.take();
}

}  // namespace intact
