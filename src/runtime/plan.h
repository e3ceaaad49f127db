#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "intact/ir/program.h"
#include "intact/ir/scope.h"
#include "intact/runtime/executor.h"
#include "runtime/arena.h"
#include "runtime/graph.h"
#include "runtime/select_kernels.h"

namespace intact {

struct PlanOptions {
  std::vector<std::string> disabled_fusions = {};
  /// A run stops after this Var is written when it is not finite; see Plan::run. Empty: never.
  std::string guard_finite = {};
  /// Run ops that neither a fetch nor the Scope needs, too.
  bool keep_unneeded = false;
};

/// A Program compiled for fixed feed shapes and fetches: steps with kernels, layouts and memory
/// decided. Running it does no allocation (but for the fetched copies), shape inference or name
/// look-up.
class Plan {
 public:
  /// `scope` gives the dtypes of the parameters; see lower().
  Plan(const Program& program,
       const TensorMap& feeds,
       const std::vector<std::string>& fetches,
       const Scope& scope,
       const PlanOptions& options = {});
  Plan(const Plan&) = delete;
  Plan& operator=(const Plan&) = delete;

  /// Takes the addresses of the Scope's tensors; cheap when the Scope has not changed since. False
  /// when a tensor's dtype or shape is not what the Plan was compiled for. Throws: NotFound.
  bool bind(Scope& scope);

  struct RunState {
    uint64_t run_index = 0;
    bool is_timed = false;
    /// Called after each step.
    std::function<void(const Node&, const Run&)> after_step = {};
  };
  /// Requires bind(). Returns nothing and restores the Scope when the guarded Var, or a persistable
  /// that was written before it, is not finite; nonfinite() has its name.
  std::optional<std::vector<Tensor>> run(const TensorMap& feeds,
                                         Arena& arena,
                                         const RunState& state);

  const std::string& nonfinite() const { return nonfinite_; }

  const Graph& graph() const { return graph_; }
  size_t arena_bytes() const { return arena_bytes_; }
  /// One line a step: kind, label, kernel, operands with shapes and layouts.
  std::string to_string() const;
  /// Appends a row for each step that ran while timed.
  void append_profile(std::vector<ProfileRow>& rows) const;

 private:
  struct PlannedStep {
    const Node* node = nullptr;
    const Kernel* kernel = nullptr;
    Step step;
    size_t workspace_offset = 0;
    int64_t calls = 0;
    std::chrono::nanoseconds time{0};
  };
  struct ScopeSlot {
    std::string name;
    DType dtype = DType::Float32;
    Shape shape;
    bool is_read = false;  // must exist before the run
    std::vector<ValueId> values;
    Tensor* tensor = nullptr;
  };
  struct FeedSlot {
    std::string name;
    ValueId value = kNoValue;
  };
  struct ViewSlot {
    ValueId value = kNoValue;
    ValueId source = kNoValue;
  };
  struct ArenaSlot {
    ValueId value = kNoValue;
    size_t offset = 0;
  };

  void collect_slots(const std::vector<SelectedNode>& selected);
  void plan_arena(const std::vector<SelectedNode>& selected);
  void plan_guard();
  void bind_addresses(const TensorMap& feeds, Arena& arena);
  static void run_step(PlannedStep& step, Run run, std::byte* arena, const RunState& state);
  void back_up();
  void restore();
  bool is_guard_finite();
  Tensor fetch(ValueId id) const;

  Program program_;  // owns the Ops that nodes point to
  Graph graph_;
  std::vector<ValueId> fetches_;
  std::vector<PlannedStep> steps_;
  std::vector<ScopeSlot> scope_slots_;
  std::vector<FeedSlot> feed_slots_;
  std::vector<ArenaSlot> arena_slots_;
  std::vector<ViewSlot> view_slots_;
  size_t arena_bytes_ = 0;
  bool is_bound_ = false;
  uint64_t scope_revision_ = 0;
  std::vector<void*> address_;
  ValueId guard_ = kNoValue;
  size_t guard_step_ = 0;
  std::vector<size_t> guarded_slots_;  // written before the guard
  std::vector<Tensor> backup_;
  std::string nonfinite_;
};

}  // namespace intact
