#include <fmt/format.h>

#include <cmath>

#include "intact/runtime/executor.h"
#include "runtime/plan.h"

namespace intact {
namespace {

template <class T>
std::optional<std::string> nonfinite_element(const T* data, int64_t count) {
  for (int64_t i = 0; i < count; ++i) {
    if (!std::isfinite(data[i])) {
      return fmt::format("{} at element {}", std::isnan(data[i]) ? "nan" : "inf", i);
    }
  }
  return std::nullopt;
}

std::optional<std::string> nonfinite_output(const Graph& graph, const Node& node, const Run& run) {
  for (const auto& [slot, ids] : node.outputs) {
    for (const ValueId id : ids) {
      const Value& value = graph[id];
      std::optional<std::string> found;
      if (value.dtype == DType::Float32) {
        found = nonfinite_element(run.at<float>(id), value.shape.numel());
      } else if (value.dtype == DType::Float64) {
        found = nonfinite_element(run.at<double>(id), value.shape.numel());
      }
      if (found.has_value()) {
        return fmt::format("{}: {} '{}' has {}", node.label, slot, value.name, *found);
      }
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> find_first_nonfinite(const Program& program,
                                                const TensorMap& feeds,
                                                const Scope& scope,
                                                uint64_t run_index) {
  Scope copy = scope.clone();
  Arena arena;
  Plan plan(program, feeds, {}, copy, {.keep_unneeded = true});
  std::optional<std::string> first;
  const auto inspect = [&](const Node& node, const Run& run) {
    if (!first.has_value()) {
      first = nonfinite_output(plan.graph(), node, run);
    }
  };
  plan.bind(copy);
  plan.run(feeds, arena, {.run_index = run_index, .after_step = inspect});
  return first;
}

}  // namespace intact
