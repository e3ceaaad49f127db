#include "quant/function_program.h"

#include <algorithm>

#include "base/check.h"
#include "intact/autodiff/append_backward.h"
#include "intact/ir/gradient_context.h"
#include "intact/nn/program_guard.h"
#include "intact/nn/reduce.h"

namespace intact {
namespace {

bool has_trainable_parameter(const Program& program) {
  const std::vector<Var*> vars = program.block().vars();
  return std::ranges::any_of(
      vars, [](const Var* var) { return var->is_parameter() && !var->stop_gradient(); });
}

bool touches(const Op& op, const std::string& name) {
  const auto holds = [&name](const auto& slot) {
    return std::ranges::any_of(slot.second, [&](const Var* var) { return var->name() == name; });
  };
  return std::ranges::any_of(op.inputs(), holds) || std::ranges::any_of(op.outputs(), holds);
}

void append_training(FunctionProgram& function,
                     const MinimizeFunction& optimizer_func,
                     const FunctionBuild& how) {
  const bool has_parameter = has_trainable_parameter(*function.main);
  if (!has_parameter && !how.input_has_gradient) {
    return;
  }
  function.loss = &nn::mean(*function.output);
  if (!has_parameter) {
    append_backward(*function.loss);
    return;
  }
  check(static_cast<bool>(optimizer_func),
        "quant_aware: {} makes parameters for '{}' but optimizer_func is empty; give one that "
        "calls minimize",
        how.argument,
        function.input->name());
  optimizer_func(*function.loss);
}

}  // namespace

bool FunctionProgram::is_of_loss(const Op& op) const {
  return loss != nullptr && (touches(op, loss->name()) || touches(op, grad_name(loss->name())));
}

FunctionProgram build_function(const QuantFunction& function,
                               const QuantAwareOptions& options,
                               const Var& x,
                               const FunctionBuild& how) {
  FunctionProgram result;
  result.main->set_random_seed(how.seed);
  result.startup->set_random_seed(how.seed);
  result.input =
      &result.main->block().add_var(x.name() + "_tmp_input",
                                    x.dtype(),
                                    x.shape(),
                                    {.is_data = true, .stop_gradient = !how.input_has_gradient});
  if (options.function_programs != nullptr) {
    options.function_programs->insert(options.function_programs->end(),
                                      {result.main, result.startup});
  }
  const ProgramGuard guard(*result.main, *result.startup);
  result.output = &function(*result.input);
  check(&result.output->block() == &result.main->block() && result.output->dtype() == x.dtype() &&
            compatible(result.output->shape(), x.shape()),
        "quant_aware: {} made '{}' {} {} of '{}' {} {}; return a Var built from the input, of its "
        "type and shape",
        how.argument,
        result.output->name(),
        to_string(result.output->dtype()),
        result.output->shape().to_string(),
        x.name(),
        to_string(x.dtype()),
        x.shape().to_string());
  if (how.is_trained && result.output != result.input) {
    append_training(result, options.optimizer_func, how);
  }
  return result;
}

}  // namespace intact
