#include "runtime/kernel.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <optional>

#include "base/check.h"
#include "intact/ir/kernel_context.h"

namespace intact {

void register_plan_kernels(KernelRegistry& registry);

const KernelRegistry& kernel_registry() {
  static const KernelRegistry registry = [] {
    KernelRegistry filled;
    register_plan_kernels(filled);
    return filled;
  }();
  return registry;
}

const Kernel* KernelRegistry::find(const Graph& graph, const Node& node) const {
  for (const Kernel& kernel : kernels_) {
    if (kernel.kind == node.kind && kernel.accepts(graph, node)) {
      return &kernel;
    }
  }
  return nullptr;
}

bool is_float32(const Graph& graph, const Node& node, const std::vector<std::string>& slots) {
  const auto is_float = [&](ValueId id) { return graph[id].dtype == DType::Float32; };
  return std::all_of(slots.begin(), slots.end(), [&](const std::string& slot) {
    const std::vector<ValueId> ins = node.in_list(slot);
    const std::vector<ValueId> outs = node.out_list(slot);
    return std::all_of(ins.begin(), ins.end(), is_float) &&
           std::all_of(outs.begin(), outs.end(), is_float);
  });
}

bool can_view(const Graph& graph, ValueId input, ValueId output) {
  if (input == kNoValue) {
    return false;
  }
  if (output == kNoValue) {
    return true;
  }
  ValueId root = input;
  while (graph[root].view_of != kNoValue) {
    root = graph[root].view_of;
  }
  return graph[root].next_version == kNoValue && graph[output].home == Home::Arena &&
         graph[input].dtype == graph[output].dtype;
}

namespace {

/// An op's reference kernel over addresses that rarely change.
class ReferenceCall {
 public:
  ReferenceCall(const Graph& graph, const Node& node) : op_(*node.op) {
    add_operands(graph, node.inputs, inputs_);
    add_operands(graph, node.outputs, outputs_);
  }

  void operator()(const Run& run) {
    if (!context_.has_value() || has_moved(run)) {
      bind(run);
    }
    for (const Operand& output : outputs_) {
      if (output.is_temporary) {
        std::memset(run.at<void>(output.id), 0, output.bytes);
      }
    }
    context_->set_run_index(run.run_index);
    op_.def().forward(*context_);
  }

 private:
  struct Operand {
    std::string slot;
    ValueId id = kNoValue;
    DType dtype = DType::Float32;
    Shape shape;
    size_t bytes = 0;
    bool is_temporary = false;
  };

  static void add_operands(const Graph& graph,
                           const ValueSlots& slots,
                           std::vector<Operand>& operands) {
    for (const auto& [slot, ids] : slots) {
      for (const ValueId id : ids) {
        const Value& value = graph[id];
        operands.push_back(
            {.slot = slot,
             .id = id,
             .dtype = value.dtype,
             .shape = value.shape,
             .bytes = static_cast<size_t>(value.shape.numel()) * size_bytes(value.dtype),
             .is_temporary = value.home == Home::Arena});
      }
    }
  }

  bool has_moved(const Run& run) const {
    size_t i = 0;
    for (const auto* operands : {&inputs_, &outputs_}) {
      for (const Operand& operand : *operands) {
        if (bound_[i++] != run.at<void>(operand.id)) {
          return true;
        }
      }
    }
    return false;
  }

  void bind(const Run& run) {
    bound_.clear();
    const auto views = [&](const std::vector<Operand>& operands) {
      KernelContext::TensorSlots slots;
      for (const Operand& operand : operands) {
        void* address = run.at<void>(operand.id);
        bound_.push_back(address);
        slots[operand.slot].push_back(Tensor::view(operand.dtype, operand.shape, address));
      }
      return slots;
    };
    KernelContext::TensorSlots inputs = views(inputs_);
    context_.emplace(op_, std::move(inputs), views(outputs_));
  }

  const Op& op_;
  std::vector<Operand> inputs_;
  std::vector<Operand> outputs_;
  std::vector<void*> bound_;
  std::optional<KernelContext> context_;
};

}  // namespace

Step reference_step(const Graph& graph, const Node& node) {
  if (node.op == nullptr) {
    fail(ErrorCode::Internal,
         "plan: no kernel takes the fused node {} {}; report this program",
         node.kind,
         node.label);
  }
  // std::function needs a copyable callable.
  const auto call = std::make_shared<ReferenceCall>(graph, node);
  return {.run = [call](const Run& run) { (*call)(run); }};
}

}  // namespace intact
