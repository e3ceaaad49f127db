#include "intact/passes/deployment_form.h"

#include <utility>

#include "intact/passes/passes.h"
#include "passes/deployment/deployment.h"

namespace intact {
namespace {

/// constants: the Scope of the Program they run over, which must outlive them, as targets must.
std::vector<Pass> passes_over(Scope& constants, const std::vector<std::string>& targets) {
  return {
      {"remove_dead_ops", [&](Program& p) { return remove_dead_ops(p, targets); }},
      {"use_exact_steps", [&](Program& p) { return deployment::use_exact_steps(p, constants); }},
      {"remove_identity", remove_identity},  // brings ops and their batch norm together
      {"fold_affine", [&](Program& p) { return deployment::fold_affine(p, constants); }},
      {"absorb_activations",
       [&](Program& p) { return deployment::absorb_activations(p, constants); }},
  };
}

}  // namespace

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
  return deployment_form(program.clone(), scope.clone(), targets);
}

DeploymentForm deployment_form(Program&& program,
                               Scope&& scope,
                               const std::vector<std::string>& targets) {
  DeploymentForm form{.program = std::move(program), .scope = std::move(scope)};
  form.reports = run_pipeline(form.program, passes_over(form.scope, targets));
  return form;
}

std::vector<std::string> deployment_passes() {
  Scope scope;
  std::vector<std::string> names;
  for (const Pass& pass : passes_over(scope, {})) {
    names.push_back(pass.name);
  }
  return names;
}

}  // namespace intact
