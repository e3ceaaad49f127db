#include "intact/passes/deployment_form.h"

#include <utility>

#include "intact/passes/passes.h"
#include "passes/deployment/deployment.h"

namespace intact {

bool is_quantized(const Program& program) {
  for (const Op* op : program.ops()) {
    if (op->type().find("quantize") != std::string::npos) {
      return true;
    }
  }
  return false;
}

DeploymentForm deployment_form(const Program& program,
                               const Scope& scope,
                               const std::vector<std::string>& targets) {
  DeploymentForm form{.program = program.clone(), .scope = scope.clone()};
  Scope& constants = form.scope;
  const std::vector<Pass> passes = {
      {"remove_dead_ops", [&](Program& p) { return remove_dead_ops(p, targets); }},
      {"use_exact_steps", [&](Program& p) { return deployment::use_exact_steps(p, constants); }},
      {"remove_identity", remove_identity},  // brings ops and their batch norm together
      {"fold_affine", [&](Program& p) { return deployment::fold_affine(p, constants); }},
      {"absorb_activations",
       [&](Program& p) { return deployment::absorb_activations(p, constants); }},
  };
  form.reports = run_pipeline(form.program, passes);
  return form;
}

}  // namespace intact
