#include "runtime/plan.h"

#include <algorithm>
#include <cassert>
#include <unordered_map>

#include "base/check.h"
#include "intact/ir/interpret.h"
#include "runtime/fusion.h"
#include "runtime/lower.h"
#include "runtime/memory.h"

namespace intact {
namespace {

size_t bytes_of(const Value& value) {
  return static_cast<size_t>(value.shape.numel()) * size_bytes(value.dtype);
}

ValueId view_root(const Graph& graph, ValueId id) {
  while (graph[id].view_of != kNoValue) {
    id = graph[id].view_of;
  }
  return id;
}

/// Which Values share a piece of arena memory, and when it is in use.
class Liveness {
 public:
  Liveness(const Graph& graph, const std::vector<SelectedNode>& selected)
      : graph_(graph), owner_(graph.value_count()), use_(graph.value_count()) {
    for (size_t id = 0; id < owner_.size(); ++id) {
      owner_[id] = view_root(graph, static_cast<ValueId>(id));
    }
    for (size_t i = 0; i < selected.size(); ++i) {
      const int step = static_cast<int>(i);
      for (const ValueId id : selected[i].node->all_outputs()) {
        extend(id, step);
      }
      for (const ValueId id : selected[i].node->all_inputs()) {
        extend(id, step);
      }
    }
    for (size_t id = 0; id < owner_.size(); ++id) {
      if (graph[static_cast<ValueId>(id)].is_fetched) {
        extend(static_cast<ValueId>(id), static_cast<int>(selected.size()));
      }
    }
  }

  ValueId owner(ValueId id) const { return owner_[static_cast<size_t>(id)]; }
  const Buffer& use(ValueId owner) const { return use_[static_cast<size_t>(owner)]; }

  /// Lets an output take over the memory of an input that nobody reads later.
  void merge_in_place(const SelectedNode& selected, int step) {
    if (selected.kernel == nullptr) {
      return;
    }
    const Node& node = *selected.node;
    for (const auto& [output_slot, input_slot] : selected.kernel->in_place) {
      const ValueId output = node.out(output_slot);
      const ValueId input = node.in(input_slot);
      if (output == kNoValue || input == kNoValue || !can_take(node, output, input, step)) {
        continue;
      }
      const ValueId target = owner(input);
      const Buffer& taken = use_[static_cast<size_t>(output)];
      use_[static_cast<size_t>(target)].last = std::max(taken.last, step + 1);
      std::replace(owner_.begin(), owner_.end(), output, target);
    }
  }

 private:
  void extend(ValueId id, int step) {
    Buffer& use = use_[static_cast<size_t>(owner(id))];
    if (use.bytes == 0) {
      use.bytes = std::max<size_t>(bytes_of(graph_[owner(id)]), 1);
      use.first = step;
    }
    use.last = std::max(use.last, step);
  }

  bool can_take(const Node& node, ValueId output, ValueId input, int step) const {
    const ValueId source = owner(input);
    if (graph_[source].home != Home::Arena || graph_[output].home != Home::Arena ||
        owner(output) != output || use(source).last != step ||
        use(source).bytes != bytes_of(graph_[output])) {
      return false;
    }
    // The memory must not come in through a second operand: its reads could follow our writes.
    int readers = 0;
    for (const ValueId id : node.all_inputs()) {
      readers += owner(id) == source ? 1 : 0;
    }
    return readers == 1;
  }

  const Graph& graph_;
  std::vector<ValueId> owner_;
  std::vector<Buffer> use_;
};

}  // namespace

Plan::Plan(const Program& program,
           const TensorMap& feeds,
           const std::vector<std::string>& fetches,
           const Scope& scope,
           const PlanOptions& options)
    : program_(specialize(program, feeds)) {
  std::vector<std::string> wanted = fetches;
  const Var* guard = program_.block().find_var(options.guard_finite);
  if (guard != nullptr) {
    wanted.push_back(guard->name());
  }
  LoweredProgram lowered = lower(program_, feeds, wanted, scope, options.keep_unneeded);
  graph_ = std::move(lowered.graph);
  fetches_ = std::move(lowered.fetches);
  if (guard != nullptr) {
    guard_ = fetches_.back();
    fetches_.pop_back();
  }
  graph_.schedule();
  if (!options.keep_unneeded) {
    run_fusions(graph_, options.disabled_fusions);
  }
  const std::vector<SelectedNode> selected = select_kernels(graph_, kernel_registry());
  for (const auto& [node, kernel] : selected) {
    const bool is_view = kernel != nullptr && !kernel->views.empty();
    if (!is_view) {
      steps_.push_back({.node = node,
                        .kernel = kernel,
                        .step = kernel != nullptr ? kernel->prepare(graph_, *node)
                                                  : reference_step(graph_, *node)});
    }
  }
  collect_slots(selected);
  plan_arena(selected);
  plan_guard();
}

void Plan::collect_slots(const std::vector<SelectedNode>& selected) {
  std::vector<bool> is_used(graph_.value_count(), false);
  const auto use = [&](ValueId id) { is_used[static_cast<size_t>(id)] = true; };
  for (const SelectedNode& step : selected) {
    std::ranges::for_each(step.node->all_inputs(), use);
    std::ranges::for_each(step.node->all_outputs(), use);
  }
  std::ranges::for_each(fetches_, use);
  std::unordered_map<std::string, size_t> slot_of;
  for (ValueId id = 0; id < static_cast<ValueId>(graph_.value_count()); ++id) {
    const Value& value = graph_[id];
    if (!is_used[static_cast<size_t>(id)]) {
      continue;
    }
    if (value.view_of != kNoValue) {
      view_slots_.push_back({id, view_root(graph_, id)});
    } else if (value.home == Home::Feed) {
      feed_slots_.push_back({value.name, id});
    } else if (value.home == Home::Scope) {
      const auto [it, is_new] = slot_of.emplace(value.name, scope_slots_.size());
      if (is_new) {
        scope_slots_.push_back({.name = value.name, .dtype = value.dtype, .shape = value.shape});
      }
      ScopeSlot& slot = scope_slots_[it->second];
      slot.is_read = slot.is_read || value.producer == nullptr;
      slot.values.push_back(id);
    }
  }
}

void Plan::plan_arena(const std::vector<SelectedNode>& selected) {
  Liveness liveness(graph_, selected);
  for (size_t i = 0; i < selected.size(); ++i) {
    liveness.merge_in_place(selected[i], static_cast<int>(i));
  }
  std::vector<Buffer> buffers;
  std::unordered_map<ValueId, size_t> buffer_of;
  for (ValueId id = 0; id < static_cast<ValueId>(graph_.value_count()); ++id) {
    if (liveness.owner(id) == id && graph_[id].home == Home::Arena && liveness.use(id).bytes > 0) {
      buffer_of.emplace(id, buffers.size());
      buffers.push_back(liveness.use(id));
    }
  }
  const size_t value_buffers = buffers.size();
  size_t next_step = 0;
  for (size_t i = 0; i < selected.size(); ++i) {
    if (next_step < steps_.size() && steps_[next_step].node == selected[i].node) {
      const int now = static_cast<int>(i);
      buffers.push_back({steps_[next_step++].step.workspace_bytes, now, now});
    }
  }
  arena_bytes_ = plan_memory(buffers);
  for (size_t i = 0; i < steps_.size(); ++i) {
    steps_[i].workspace_offset = buffers[value_buffers + i].offset;
  }
  for (ValueId id = 0; id < static_cast<ValueId>(graph_.value_count()); ++id) {
    const auto it = buffer_of.find(liveness.owner(id));
    if (graph_[id].view_of == kNoValue && it != buffer_of.end()) {
      arena_slots_.push_back({id, buffers[it->second].offset});
    }
  }
}

void Plan::plan_guard() {
  if (guard_ == kNoValue) {
    return;
  }
  const Node* producer = graph_[view_root(graph_, guard_)].producer;
  if (producer == nullptr) {
    guard_ = kNoValue;
    return;
  }
  std::unordered_map<std::string, size_t> slot_of;
  for (size_t i = 0; i < scope_slots_.size(); ++i) {
    slot_of.emplace(scope_slots_[i].name, i);
  }
  for (size_t i = 0; i < steps_.size(); ++i) {
    for (const ValueId id : steps_[i].node->all_outputs()) {
      if (graph_[id].home == Home::Scope) {
        guarded_slots_.push_back(slot_of.at(graph_[id].name));
      }
    }
    if (steps_[i].node == producer) {
      guard_step_ = i;
      break;
    }
  }
  std::ranges::sort(guarded_slots_);
  const auto repeated = std::unique(guarded_slots_.begin(), guarded_slots_.end());
  guarded_slots_.erase(repeated, guarded_slots_.end());
}

}  // namespace intact
