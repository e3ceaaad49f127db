#include <fmt/format.h>

#include "runtime/plan.h"

namespace intact {
namespace {

std::string operands(const Graph& graph, const ValueSlots& slots) {
  std::string text;
  for (const auto& [slot, ids] : slots) {
    for (const ValueId id : ids) {
      const Value& value = graph[id];
      const bool has_layout = value.dtype == DType::Float32 && !is_layout_free(value.shape);
      text += fmt::format("{}{}={}{}{}",
                          text.empty() ? "" : ", ",
                          slot,
                          value.name,
                          value.shape.to_string(),
                          has_layout ? fmt::format(" {}", to_string(value.layout)) : "");
    }
  }
  return text;
}

std::string kernel_name(const Kernel* kernel) {
  return kernel == nullptr ? "reference" : kernel->name;
}

double bytes_moved(const Graph& graph, const Node& node) {
  double bytes = 0;
  for (const auto& ids : {node.all_inputs(), node.all_outputs()}) {
    for (const ValueId id : ids) {
      bytes += static_cast<double>(graph[id].shape.numel()) *
               static_cast<double>(size_bytes(graph[id].dtype));
    }
  }
  return bytes;
}

}  // namespace

std::string Plan::to_string() const {
  std::string text = fmt::format("{} steps, {} bytes of arena\n", steps_.size(), arena_bytes_);
  for (const PlannedStep& step : steps_) {
    text += fmt::format("{} [{}] ({}) -> ({})\n",
                        step.node->kind,
                        kernel_name(step.kernel),
                        operands(graph_, step.node->inputs),
                        operands(graph_, step.node->outputs));
  }
  return text;
}

void Plan::append_profile(std::vector<ProfileRow>& rows) const {
  for (const PlannedStep& step : steps_) {
    if (step.calls > 0) {
      rows.push_back({.name = step.node->label,
                      .kind = step.node->kind,
                      .kernel = kernel_name(step.kernel),
                      .calls = step.calls,
                      .seconds = std::chrono::duration<double>(step.time).count(),
                      .flops = step.step.flops,
                      .bytes = bytes_moved(graph_, *step.node)});
    }
  }
}

}  // namespace intact
