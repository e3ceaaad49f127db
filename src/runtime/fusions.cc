#include "runtime/fusions/fusions.h"

#include <algorithm>

#include "base/check.h"
#include "base/nearest.h"
#include "intact/runtime/executor.h"
#include "runtime/fusion.h"

namespace intact {

const std::vector<Fusion>& fusions() {
  static const std::vector<Fusion> list = {
      {"drop_shape_operands", drop_shape_operands},  // first: other patterns need the freed Values
      {"quantize_dequantize", quantize_dequantize},
      {"batch_norm_activation_grad", batch_norm_activation_grad},  // while the forward is plain
      {"batch_norm_residual_grad", batch_norm_residual_grad},
      {"observe_in_batch_norm", observe_in_batch_norm},  // frees X and Y of their observers
      {"batch_norm_activation", batch_norm_activation},
      {"observe_after_activation", observe_in_batch_norm},
      {"quantize_in_batch_norm", quantize_in_batch_norm},
      {"add_activation", add_activation},
      {"batch_norm_residual", batch_norm_residual},
      {"carry_codes", carry_codes},        // when all that quantizes is fused
      {"recompute_conv", recompute_conv},  // what carries codes is known
      {"recompute_activation", recompute_activation},
      {"optimizer_updates", optimizer_updates},
  };
  return list;
}

std::vector<std::string> plan_fusions() {
  std::vector<std::string> names;
  for (const Fusion& fusion : fusions()) {
    names.emplace_back(fusion.name);
  }
  return names;
}

void check_fusion_names(const std::vector<std::string>& names) {
  const std::vector<std::string> known = plan_fusions();
  for (const std::string& name : names) {
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      const std::string near = nearest(name, known);
      fail(ErrorCode::InvalidArgument,
           "executor: no fusion is named '{}'{}; valid are {}",
           name,
           near.empty() ? "" : fmt::format(", the nearest is '{}'", near),
           known);
    }
  }
}

void run_fusions(Graph& graph, const std::vector<std::string>& disabled) {
  for (const Fusion& fusion : fusions()) {
    if (std::find(disabled.begin(), disabled.end(), fusion.name) == disabled.end()) {
      fusion.run(graph);
      graph.remove_dead();
      graph.schedule();
    }
  }
}

}  // namespace intact
