#include "intact/train/optimizer.h"

#include "base/check.h"
#include "intact/nn/initializer.h"
#include "intact/nn/program_guard.h"

namespace intact {
namespace {

/// A persistable of both Programs that no gradient reaches.
Var& add_persistable(
    Program& main, Program& startup, const std::string& name, const Shape& shape, float value) {
  const VarOptions options{.is_persistable = true, .stop_gradient = true};
  Var& initialized = startup.block().add_var(name, DType::Float32, shape, options);
  nn::append_initializer(startup, initialized, nn::Constant{value});
  return main.block().add_var(name, DType::Float32, shape, options);
}

/// The rate of a parameter with a factor of its own: learning_rate * factor.
Var& scaled_rate(Program& main, Var& learning_rate, float factor) {
  Var& scaled = main.block().add_var(
      main.unique_name(learning_rate.name() + ".tmp"), DType::Float32, learning_rate.shape());
  main.block().append_op({.type = "scale",
                          .inputs = {{"X", {&learning_rate}}},
                          .outputs = {{"Out", {&scaled}}},
                          .attrs = {{"scale", factor}, {"op_role", role::kOptimize}}});
  return scaled;
}

}  // namespace

std::vector<ParameterGradient> Optimizer::minimize(Var& loss) {
  Program& main = default_main_program();
  Program& startup = default_startup_program();
  check(&loss.block() == &main.block(),
        "minimize: loss '{}' is not of the current main Program; call it inside the ProgramGuard "
        "that built the loss",
        loss.name());
  std::vector<ParameterGradient> trained = append_backward(loss);
  check(!trained.empty(),
        "minimize: no trainable parameter reaches loss '{}'; build it from layers with parameters",
        loss.name());
  learning_rate_name_ = main.unique_name("learning_rate");
  Var& learning_rate = add_persistable(main, startup, learning_rate_name_, Shape{}, learning_rate_);
  for (const ParameterGradient& pair : trained) {
    const float factor = pair.parameter->options().learning_rate;
    Var& rate = factor == 1.0f ? learning_rate : scaled_rate(main, learning_rate, factor);
    append_update({main, startup, *pair.parameter, *pair.gradient, rate});
  }
  return trained;
}

Var& Optimizer::add_state(const Update& update, const std::string& kind, Shape shape, float value) {
  const std::string name = update.main.unique_name(update.parameter.name() + "_" + kind);
  return add_persistable(update.main, update.startup, name, shape, value);
}

Op& Optimizer::append(const Update& update, OpSpec spec) {
  spec.attrs["op_role"] = role::kOptimize;
  spec.attrs["op_role_var"] = Strings{update.parameter.name(), update.gradient.name()};
  return update.main.block().append_op(std::move(spec));
}

std::optional<float> Optimizer::decay_of(const Update& update,
                                         std::optional<float> optimizer_decay) {
  const std::optional<float> own = update.parameter.options().l2_decay;
  const std::optional<float> decay = own ? own : optimizer_decay;
  return decay && *decay != 0.0f ? decay : std::nullopt;
}

Var& Optimizer::decayed_gradient(const Update& update, std::optional<float> optimizer_decay) {
  const std::optional<float> decay = decay_of(update, optimizer_decay);
  if (!decay) {
    return update.gradient;
  }
  Block& block = update.main.block();
  const auto temporary = [&](const std::string& kind) -> Var& {
    return block.add_var(update.main.unique_name(update.gradient.name() + "." + kind),
                         DType::Float32,
                         update.gradient.shape());
  };
  Var& penalty = temporary("penalty");
  append(update,
         {.type = "scale",
          .inputs = {{"X", {&update.parameter}}},
          .outputs = {{"Out", {&penalty}}},
          .attrs = {{"scale", *decay}}});
  Var& total = temporary("decayed");
  append(update,
         {.type = "sum",
          .inputs = {{"X", {&update.gradient, &penalty}}},
          .outputs = {{"Out", {&total}}}});
  return total;
}

void Sgd::append_update(const Update& update) const {
  append(update,
         {.type = "sgd",
          .inputs = {{"Param", {&update.parameter}},
                     {"Grad", {&decayed_gradient(update, options_.l2_decay)}},
                     {"LearningRate", {&update.learning_rate}}},
          .outputs = {{"ParamOut", {&update.parameter}}}});
}

void Momentum::append_update(const Update& update) const {
  Var& velocity = add_state(update, "velocity", update.parameter.shape(), 0.0f);
  const std::optional<float> decay = decay_of(update, options_.l2_decay);
  append(update,
         {.type = "momentum",
          .inputs = {{"Param", {&update.parameter}},
                     {"Grad", {&update.gradient}},
                     {"Velocity", {&velocity}},
                     {"LearningRate", {&update.learning_rate}}},
          .outputs = {{"ParamOut", {&update.parameter}}, {"VelocityOut", {&velocity}}},
          .attrs = {{"mu", options_.momentum},
                    {"use_nesterov", options_.use_nesterov},
                    {"regularization_method", std::string(decay ? "l2_decay" : "")},
                    {"regularization_coeff", decay.value_or(0.0f)}}});
}

void Adam::append_update(const Update& update) const {
  const Shape& shape = update.parameter.shape();
  Var& moment1 = add_state(update, "moment1", shape, 0.0f);
  Var& moment2 = add_state(update, "moment2", shape, 0.0f);
  Var& beta1_pow = add_state(update, "beta1_pow_acc", {1}, options_.beta1);
  Var& beta2_pow = add_state(update, "beta2_pow_acc", {1}, options_.beta2);
  append(
      update,
      {.type = "adam",
       .inputs = {{"Param", {&update.parameter}},
                  {"Grad", {&decayed_gradient(update, options_.l2_decay)}},
                  {"LearningRate", {&update.learning_rate}},
                  {"Moment1", {&moment1}},
                  {"Moment2", {&moment2}},
                  {"Beta1Pow", {&beta1_pow}},
                  {"Beta2Pow", {&beta2_pow}}},
       .outputs = {{"ParamOut", {&update.parameter}},
                   {"Moment1Out", {&moment1}},
                   {"Moment2Out", {&moment2}},
                   {"Beta1PowOut", {&beta1_pow}},
                   {"Beta2PowOut", {&beta2_pow}}},
       .attrs = {
           {"beta1", options_.beta1}, {"beta2", options_.beta2}, {"epsilon", options_.epsilon}}});
}

}  // namespace intact
