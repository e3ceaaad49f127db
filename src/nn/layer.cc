#include "nn/layer.h"

#include "base/check.h"

namespace intact::nn {

Layer::Layer(const std::string& type, const std::string& name)
    : type_(type),
      name_(name.empty() ? default_main_program().unique_name(type) : name),
      main_(default_main_program()),
      startup_(default_startup_program()) {}

Var& Layer::temporary() {
  return main_.block().add_var(main_.unique_name(name_ + ".tmp"), DType::Float32, Shape{});
}

void Layer::skip_temporary() {
  main_.unique_name(name_ + ".tmp");
}

Var& Layer::parameter(const ParamAttr& attr,
                      const std::string& kind,
                      Shape shape,
                      const Initializer& default_initializer) {
  const std::string name = attr.name.empty() ? main_.unique_name(name_ + "." + kind) : attr.name;
  return persistable(name,
                     std::move(shape),
                     {.is_persistable = true,
                      .is_parameter = true,
                      .stop_gradient = !attr.trainable,
                      .learning_rate = attr.learning_rate,
                      .l2_decay = attr.l2_decay},
                     attr.initializer.value_or(default_initializer));
}

Var& Layer::statistic(const std::string& name, Shape shape, float value) {
  return persistable(name.empty() ? main_.unique_name(name_ + ".w") : name,
                     std::move(shape),
                     {.is_persistable = true, .stop_gradient = true},
                     Constant{value});
}

Var& Layer::persistable(const std::string& name,
                        Shape shape,
                        const VarOptions& options,
                        const Initializer& initializer) {
  if (Var* existing = main_.block().find_var(name)) {
    check(existing->is_persistable() && existing->shape() == shape,
          "{}: wants parameter '{}' of shape {} but it exists with shape {}; choose another name",
          where(),
          name,
          shape.to_string(),
          existing->shape().to_string());
    return *existing;
  }
  check(shape.is_known() && shape.numel() > 0,
        "{}: parameter '{}' would have shape {}; every dimension must be known and positive",
        where(),
        name,
        shape.to_string());
  if (startup_.block().find_var(name) == nullptr) {
    Var& initialized = startup_.block().add_var(name, DType::Float32, shape, options);
    append_initializer(startup_, initialized, initializer);
  }
  return main_.block().add_var(name, DType::Float32, std::move(shape), options);
}

Op& Layer::append(OpSpec spec) {
  return main_.block().append_op(std::move(spec));
}

Var& Layer::append_unary(const std::string& op_type,
                         Var& x,
                         Attributes attrs,
                         const std::string& input,
                         const std::string& output) {
  Var& out = temporary();
  append({.type = op_type,
          .inputs = {{input, {&x}}},
          .outputs = {{output, {&out}}},
          .attrs = std::move(attrs)});
  return out;
}

Var& Layer::append_binary(const std::string& op_type, Var& x, Var& y, Attributes attrs) {
  Var& out = temporary();
  append({.type = op_type,
          .inputs = {{"X", {&x}}, {"Y", {&y}}},
          .outputs = {{"Out", {&out}}},
          .attrs = std::move(attrs)});
  return out;
}

Var& Layer::add_bias(Var& x, Var& bias, int axis) {
  return append_binary("elementwise_add", x, bias, {{"axis", int32_t{axis}}});
}

Var& Layer::activate(Var& x, const std::string& activation) {
  return activation.empty() ? x : append_unary(activation, x);
}

}  // namespace intact::nn
