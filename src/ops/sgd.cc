// ParamOut = Param - LearningRate * Grad.
#include "intact/ir/infer_context.h"
#include "intact/ir/kernel_context.h"
#include "intact/ir/op_registry.h"
#include "ops/detail/optimizer.h"
#include "tensor/dispatch.h"

namespace intact {
namespace {

void infer(InferContext& op) {
  infer_optimizer(op, {});
}

void forward(const KernelContext& op) {
  dispatch_float(op.input("Param").dtype(), op.where(), [&]<class T>(T) {
    const T rate = op.input("LearningRate").data<T>()[0];
    const auto grad = op.input("Grad").values<T>();
    Tensor param = op.output("ParamOut");
    T* p = param.data<T>();
    const T* before = op.input("Param").data<T>();
    for (size_t i = 0; i < grad.size(); ++i) {
      p[i] = before[i] - rate * grad[i];
    }
  });
}

}  // namespace

void register_sgd(OpRegistry& registry) {
  registry.add({.type = "sgd",
                .inputs = {{"Param"},
                           {"LearningRate"},
                           {"Grad"},
                           {.name = "MasterParam", .is_optional = true}},
                .outputs = {{"ParamOut"}, {.name = "MasterParamOut", .is_optional = true}},
                .attrs = {{"multi_precision", false}},
                .infer = infer,
                .forward = forward,
                .gradient = {},
                .in_place = {{"ParamOut", "Param"}}});
}

}  // namespace intact
