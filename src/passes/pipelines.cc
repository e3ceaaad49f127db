#include <utility>

#include "intact/passes/passes.h"

namespace intact {

std::vector<Pass> inference_pipeline(Scope& scope, std::vector<std::string> targets) {
  const auto dead_ops = [targets = std::move(targets)](Program& program) {
    return remove_dead_ops(program, targets);
  };
  const auto constants = [&scope](Program& program) { return fold_constants(program, scope); };
  const auto batch_norm = [&scope](Program& program) { return fold_batch_norm(program, scope); };
  return {
      {"remove_dead_ops", dead_ops},         // first: the rest sees only real consumers
      {"remove_identity", remove_identity},  // brings producers and consumers together
      {"fold_constants", constants},         // computed weights become constants, for the next
      {"fold_batch_norm", batch_norm},
  };
}

}  // namespace intact
