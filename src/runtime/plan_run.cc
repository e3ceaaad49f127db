#include <algorithm>
#include <cmath>
#include <cstring>

#include "backend/cpu/elementwise.h"
#include "base/check.h"
#include "runtime/plan.h"

namespace intact {
namespace {

template <class T>
bool all_finite_values(const Tensor& tensor) {
  return std::ranges::all_of(tensor.values<T>(), [](T x) { return std::isfinite(x); });
}

bool all_finite(const Tensor& tensor) {
  switch (tensor.dtype()) {
    case DType::Float32:
      return all_finite_values<float>(tensor);
    case DType::Float64:
      return all_finite_values<double>(tensor);
    default:
      return true;
  }
}

}  // namespace

bool Plan::bind(Scope& scope) {
  if (!is_bound_ || scope_revision_ != scope.revision()) {
    is_bound_ = false;
    for (ScopeSlot& slot : scope_slots_) {
      slot.tensor = slot.is_read ? &scope.get(slot.name) : scope.find(slot.name);
      const bool fits = slot.tensor != nullptr && slot.tensor->dtype() == slot.dtype &&
                        slot.tensor->shape() == slot.shape;
      if (!fits && slot.is_read) {
        return false;
      }
      if (!fits) {
        scope.set(slot.name, Tensor(slot.dtype, slot.shape));
        slot.tensor = &scope.get(slot.name);
      }
    }
    scope_revision_ = scope.revision();
    is_bound_ = true;
    return true;
  }
  // A Tensor may have been assigned through Scope::get, which leaves no trace in the revision.
  for (const ScopeSlot& slot : scope_slots_) {
    if (slot.tensor->dtype() != slot.dtype || slot.tensor->shape() != slot.shape) {
      is_bound_ = false;
      return false;
    }
  }
  return true;
}

void Plan::bind_addresses(const TensorMap& feeds, Arena& arena) {
  address_.resize(graph_.value_count(), nullptr);
  std::byte* base = arena.reserve(arena_bytes_);
  for (const ArenaSlot& slot : arena_slots_) {
    address_[static_cast<size_t>(slot.value)] = base + slot.offset;
  }
  for (const ScopeSlot& slot : scope_slots_) {
    for (const ValueId id : slot.values) {
      address_[static_cast<size_t>(id)] = slot.tensor->raw();
    }
  }
  for (const FeedSlot& slot : feed_slots_) {
    // Steps never write to a fed Value: each write of a Var is a Value of its own.
    address_[static_cast<size_t>(slot.value)] = const_cast<void*>(feeds.at(slot.name).raw());
  }
  for (const ViewSlot& slot : view_slots_) {
    address_[static_cast<size_t>(slot.value)] = address_[static_cast<size_t>(slot.source)];
  }
}

std::optional<std::vector<Tensor>> Plan::run(const TensorMap& feeds,
                                             Arena& arena,
                                             const RunState& state) {
  bind_addresses(feeds, arena);
  const Run run{.address = address_.data(), .run_index = state.run_index};
  std::byte* base = arena.reserve(arena_bytes_);
  size_t next = 0;
  if (guard_ != kNoValue) {
    back_up();
    try {
      for (; next <= guard_step_; ++next) {
        run_step(steps_[next], run, base, state);
      }
    } catch (...) {
      restore();
      throw;
    }
    if (!is_guard_finite()) {
      restore();
      return std::nullopt;
    }
  }
  for (; next < steps_.size(); ++next) {
    run_step(steps_[next], run, base, state);
  }
  std::vector<Tensor> results;
  results.reserve(fetches_.size());
  for (const ValueId id : fetches_) {
    results.push_back(fetch(id));
  }
  return results;
}

void Plan::run_step(PlannedStep& step, Run run, std::byte* arena, const RunState& state) {
  run.workspace = arena + step.workspace_offset;
  if (state.is_timed) {
    const auto start = std::chrono::steady_clock::now();
    step.step.run(run);
    step.time += std::chrono::steady_clock::now() - start;
    ++step.calls;
  } else {
    step.step.run(run);
  }
  if (state.after_step) {
    state.after_step(*step.node, run);
  }
}

Tensor Plan::fetch(ValueId id) const {
  const Value& value = graph_[id];
  const void* source = address_[static_cast<size_t>(id)];
  Tensor result(value.dtype, value.shape);
  if (value.layout == Layout::Nhwc && !is_layout_free(value.shape)) {
    cpu::nhwc_to_nchw(value.shape[0],
                      value.shape[1],
                      value.shape[2] * value.shape[3],
                      static_cast<const float*>(source),
                      result.data<float>());
  } else {
    std::memcpy(result.raw(), source, result.size_bytes());
  }
  return result;
}

bool Plan::is_guard_finite() {
  const Value& value = graph_[guard_];
  void* address = address_[static_cast<size_t>(guard_)];
  if (!all_finite(Tensor::view(value.dtype, value.shape, address))) {
    nonfinite_ = value.name;
    return false;
  }
  // A batch norm hides NaN from the loss when a relu follows, but not from its moving statistics.
  for (const size_t index : guarded_slots_) {
    if (!all_finite(*scope_slots_[index].tensor)) {
      nonfinite_ = scope_slots_[index].name;
      return false;
    }
  }
  return true;
}

void Plan::back_up() {
  if (backup_.empty()) {
    for (const size_t index : guarded_slots_) {
      backup_.emplace_back(scope_slots_[index].dtype, scope_slots_[index].shape);
    }
  }
  for (size_t i = 0; i < guarded_slots_.size(); ++i) {
    const Tensor& tensor = *scope_slots_[guarded_slots_[i]].tensor;
    std::memcpy(backup_[i].raw(), tensor.raw(), tensor.size_bytes());
  }
}

void Plan::restore() {
  for (size_t i = 0; i < guarded_slots_.size(); ++i) {
    Tensor& tensor = *scope_slots_[guarded_slots_[i]].tensor;
    std::memcpy(tensor.raw(), backup_[i].raw(), tensor.size_bytes());
  }
}

}  // namespace intact
