// m = beta1*m + (1-beta1)*g;  v = beta2*v + (1-beta2)*g^2
// lr_t = lr * sqrt(1-beta2^t) / (1-beta1^t);  p -= lr_t * m / (sqrt(v) + epsilon*sqrt(1-beta2^t))
// Beta1Pow and Beta2Pow hold beta^t and are multiplied by beta afterwards.
#include <cmath>

#include "intact/ir/infer_context.h"
#include "intact/ir/kernel_context.h"
#include "intact/ir/op_registry.h"
#include "ops/detail/optimizer.h"
#include "tensor/dispatch.h"

namespace intact {
namespace {

void infer(InferContext& op) {
  for (const char* slot : {"SkipUpdate", "Beta1Tensor", "Beta2Tensor", "EpsilonTensor"}) {
    check(!op.has_input(slot),
          "{}: input {} is set but only the attribute is supported; drop the input",
          op.where(),
          slot);
  }
  check(!op.attr<bool>("use_global_beta_pow"),
        "{}: use_global_beta_pow is set but the op keeps its own powers; turn it off",
        op.where());
  infer_optimizer(op, {"Moment1", "Moment2"});
  for (const char* slot : {"Beta1Pow", "Beta2Pow"}) {
    check(op.shape(slot).numel() == 1,
          "{}: {} has shape {} but must be one element; use [1]",
          op.where(),
          slot,
          op.shape(slot).to_string());
    op.set_output(std::string(slot) + "Out", op.shape(slot), op.dtype(slot));
  }
}

void forward(const KernelContext& op) {
  dispatch_float(op.input("Param").dtype(), op.where(), [&]<class T>(T) {
    const T beta1 = op.attr<float>("beta1");
    const T beta2 = op.attr<float>("beta2");
    const T epsilon = op.attr<float>("epsilon");
    const T beta1_pow = op.input("Beta1Pow").data<T>()[0];
    const T beta2_pow = op.input("Beta2Pow").data<T>()[0];
    const T correction = std::sqrt(1 - beta2_pow);
    const T rate = op.input("LearningRate").data<T>()[0] * correction / (1 - beta1_pow);
    const auto grad = op.input("Grad").values<T>();
    const T* param_in = op.input("Param").data<T>();
    const T* moment1_in = op.input("Moment1").data<T>();
    const T* moment2_in = op.input("Moment2").data<T>();
    Tensor param = op.output("ParamOut");
    Tensor moment1 = op.output("Moment1Out");
    Tensor moment2 = op.output("Moment2Out");
    for (size_t i = 0; i < grad.size(); ++i) {
      const T m = beta1 * moment1_in[i] + (1 - beta1) * grad[i];
      const T v = beta2 * moment2_in[i] + (1 - beta2) * grad[i] * grad[i];
      moment1.data<T>()[i] = m;
      moment2.data<T>()[i] = v;
      param.data<T>()[i] = param_in[i] - rate * (m / (std::sqrt(v) + epsilon * correction));
    }
    op.output("Beta1PowOut").data<T>()[0] = beta1_pow * beta1;
    op.output("Beta2PowOut").data<T>()[0] = beta2_pow * beta2;
  });
}

}  // namespace

void register_adam(OpRegistry& registry) {
  registry.add({.type = "adam",
                .inputs = {{"Param"},
                           {"Grad"},
                           {"LearningRate"},
                           {"Moment1"},
                           {"Moment2"},
                           {"Beta1Pow"},
                           {"Beta2Pow"},
                           {.name = "MasterParam", .is_optional = true},
                           {.name = "SkipUpdate", .is_optional = true},
                           {.name = "Beta1Tensor", .is_optional = true},
                           {.name = "Beta2Tensor", .is_optional = true},
                           {.name = "EpsilonTensor", .is_optional = true}},
                .outputs = {{"ParamOut"},
                            {"Moment1Out"},
                            {"Moment2Out"},
                            {"Beta1PowOut"},
                            {"Beta2PowOut"},
                            {.name = "MasterParamOut", .is_optional = true}},
                .attrs = {{"beta1", 0.9f},
                          {"beta2", 0.999f},
                          {"epsilon", 1e-8f},
                          {"lazy_mode", false},
                          {"min_row_size_to_use_multithread", int64_t{1000}},
                          {"multi_precision", false},
                          {"use_global_beta_pow", false}},
                .infer = infer,
                .forward = forward,
                .gradient = {},
                .in_place = {{"ParamOut", "Param"},
                             {"Moment1Out", "Moment1"},
                             {"Moment2Out", "Moment2"},
                             {"Beta1PowOut", "Beta1Pow"},
                             {"Beta2PowOut", "Beta2Pow"}}});
}

}  // namespace intact
