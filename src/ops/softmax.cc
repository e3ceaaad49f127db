// Out = exp(X - max X) / sum exp(X - max X), along axis.
#include "intact/ir/gradient_context.h"
#include "intact/ir/op_registry.h"
#include "ops/detail/line_softmax.h"

namespace intact {
namespace {

void forward(const KernelContext& op) {
  softmax_forward(op,
                  [](double x, double largest, double sum) { return std::exp(x - largest) / sum; });
}

/// dX = Out * (dOut - sum(Out * dOut)).
void backward(const KernelContext& op) {
  softmax_backward(
      op,
      [](double y, double dy) { return y * dy; },
      [](double y, double dy, double dot) { return y * (dy - dot); });
}

}  // namespace

void register_softmax(OpRegistry& registry) {
  const std::vector<AttrDef> attrs = {
      {"axis", int32_t{-1}},
      {.name = "is_test", .default_value = false, .is_extra = true},
      {.name = "use_cudnn", .default_value = true, .is_extra = true}};
  registry.add(
      {.type = "softmax",
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
       .quant = {.inputs = {"X"},
                 .outputs = {"Out"},
                 .in_activation_pass = true,
                 .output_sign = OutputSign::NonNegative},
       .onnx = {.type = "Softmax", .attrs = {{"axis", "axis"}}}});
  registry.add({.type = "softmax_grad",
                .inputs = {{"Out"}, {"Out@GRAD"}},
                .outputs = {{"X@GRAD"}},
                .attrs = attrs,
                .infer = infer_line_op_grad,
                .forward = backward,
                .gradient = {}});
}

}  // namespace intact
