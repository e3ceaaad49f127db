// g = Grad * rescale_grad (+ regularization_coeff * Param with l2_decay)
// VelocityOut = mu * Velocity + g
// ParamOut = Param - LearningRate * VelocityOut, or with Nesterov - LearningRate * (g + mu * V).
#include "intact/ir/infer_context.h"
#include "intact/ir/kernel_context.h"
#include "intact/ir/op_registry.h"
#include "ops/detail/optimizer.h"
#include "tensor/dispatch.h"

namespace intact {
namespace {

void infer(InferContext& op) {
  const std::string& method = op.attr<std::string>("regularization_method");
  check(method.empty() || method == "l2_decay",
        "{}: regularization_method is '{}' but only '' and 'l2_decay' exist; use one of them",
        op.where(),
        method);
  infer_optimizer(op, {"Velocity"});
}

void forward(const KernelContext& op) {
  dispatch_float(op.input("Param").dtype(), op.where(), [&]<class T>(T) {
    const T rate = op.input("LearningRate").data<T>()[0];
    const T mu = op.attr<float>("mu");
    const T rescale = op.attr<float>("rescale_grad");
    const bool has_decay = op.attr<std::string>("regularization_method") == "l2_decay";
    const T decay = op.attr<float>("regularization_coeff");
    const bool nesterov = op.attr<bool>("use_nesterov");
    const auto grad = op.input("Grad").values<T>();
    const T* param_in = op.input("Param").data<T>();
    const T* velocity_in = op.input("Velocity").data<T>();
    Tensor param = op.output("ParamOut");
    Tensor velocity = op.output("VelocityOut");
    for (size_t i = 0; i < grad.size(); ++i) {
      const T p = param_in[i];
      const T g = has_decay ? grad[i] * rescale + decay * p : grad[i] * rescale;
      const T v = velocity_in[i] * mu + g;
      velocity.data<T>()[i] = v;
      param.data<T>()[i] = nesterov ? p - (g + v * mu) * rate : p - rate * v;
    }
  });
}

}  // namespace

void register_momentum(OpRegistry& registry) {
  registry.add(
      {.type = "momentum",
       .inputs = {{"Param"},
                  {"Grad"},
                  {"Velocity"},
                  {"LearningRate"},
                  {.name = "MasterParam", .is_optional = true}},
       .outputs = {{"ParamOut"}, {"VelocityOut"}, {.name = "MasterParamOut", .is_optional = true}},
       .attrs = {{.name = "mu", .default_value = 0.9f, .is_required = true},
                 {"use_nesterov", false},
                 {"regularization_method", std::string()},
                 {"regularization_coeff", 0.0f},
                 {"multi_precision", false},
                 {"rescale_grad", 1.0f}},
       .infer = infer,
       .forward = forward,
       .gradient = {},
       .in_place = {{"ParamOut", "Param"}, {"VelocityOut", "Velocity"}}});
}

}  // namespace intact
