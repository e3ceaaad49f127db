#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "runtime/graph.h"

namespace intact {

/// What a step sees when it runs: the address of every Value, by ValueId.
struct Run {
  void* const* address = nullptr;
  void* workspace = nullptr;
  uint64_t run_index = 0;

  template <class T = float>
  T* at(ValueId id) const {
    return id == kNoValue ? nullptr : static_cast<T*>(address[id]);
  }
  float* scratch() const { return static_cast<float*>(workspace); }
};

/// A Node made ready to run: everything but addresses is decided.
struct Step {
  std::function<void(const Run&)> run;
  size_t workspace_bytes = 0;
  double flops = 0;  // multiply-adds count as two
};

/// A fast implementation of one kind of Node. Each lives in a file of kernels/.
struct Kernel {
  std::string kind;
  std::string name;
  /// Slots whose rank-4 Values are NHWC. Other slots are NCHW.
  std::vector<std::string> nhwc = {};
  /// Slots whose Values of one shape share one layout, whichever they come in.
  std::vector<std::string> same_layout = {};
  /// (output, input) slots that may be the same memory.
  std::vector<std::pair<std::string, std::string>> in_place = {};
  /// Output slots that are the input's memory under another shape; nothing runs when all are.
  std::vector<std::pair<std::string, std::string>> views = {};
  std::function<bool(const Graph&, const Node&)> accepts;
  /// Called when layouts are decided. May be empty for views.
  std::function<Step(const Graph&, const Node&)> prepare;
};

class KernelRegistry {
 public:
  void add(Kernel kernel) { kernels_.push_back(std::move(kernel)); }
  /// The first that accepts the node; nullptr: the op's reference kernel.
  const Kernel* find(const Graph& graph, const Node& node) const;

 private:
  std::vector<Kernel> kernels_;
};

/// Filled on first use by register_plan_kernels, which the build writes from kernels/*.cc.
const KernelRegistry& kernel_registry();

/// Runs node.op's reference kernel.
Step reference_step(const Graph& graph, const Node& node);

/// True when the output may be the input's memory: nobody overwrites that while it is read.
bool can_view(const Graph& graph, ValueId input, ValueId output);

/// True when every present Value of the slot is float32.
bool is_float32(const Graph& graph, const Node& node, const std::vector<std::string>& slots);

}  // namespace intact
