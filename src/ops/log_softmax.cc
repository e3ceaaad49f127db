// Out = X - max X - log(sum exp(X - max X)), along axis.
#include "intact/ir/gradient_context.h"
#include "intact/ir/op_registry.h"
#include "ops/detail/line_softmax.h"

namespace intact {
namespace {

void forward(const KernelContext& op) {
  softmax_forward(
      op, [](double x, double largest, double sum) { return x - (largest + std::log(sum)); });
}

/// dX = dOut - exp(Out) * sum(dOut).
void backward(const KernelContext& op) {
  softmax_backward(
      op,
      [](double, double dy) { return dy; },
      [](double y, double dy, double sum) { return dy - std::exp(y) * sum; });
}

}  // namespace

void register_log_softmax(OpRegistry& registry) {
  const std::vector<AttrDef> attrs = {{"axis", int32_t{-1}}};
  registry.add(
      {.type = "log_softmax",
       .inputs = {{"X"}},
       .outputs = {{"Out"}},
       .attrs = attrs,
       .infer = infer_line_op,
       .forward = forward,
       .gradient =
           [](GradientContext& op) {
             op.append_grad_op(
                 {.inputs = {}, .outputs = {"Out"}, .output_grads = {"Out"}, .input_grads = {"X"}});
           },
       .onnx = {.type = "LogSoftmax", .attrs = {{"axis", "axis"}}}});
  registry.add({.type = "log_softmax_grad",
                .inputs = {{"Out"}, {"Out@GRAD"}},
                .outputs = {{"X@GRAD"}},
                .attrs = attrs,
                .infer = infer_line_op_grad,
                .forward = backward,
                .gradient = {}});
}

}  // namespace intact
