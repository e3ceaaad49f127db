// Out = (1 - epsilon) * X + epsilon * PriorDist, or epsilon / K without one, K the last dimension
// of X: one-hot labels made less sure. dX = (1 - epsilon) * dOut.
#include "intact/ir/gradient_context.h"
#include "intact/ir/infer_context.h"
#include "intact/ir/kernel_context.h"
#include "intact/ir/op_registry.h"
#include "tensor/dispatch.h"

namespace intact {
namespace {

void infer(InferContext& op) {
  const Shape& x = op.shape("X");
  check(x.rank() >= 1, "{}: X is a scalar; give it a dimension of classes", op.where());
  const float epsilon = op.attr<float>("epsilon");
  check(epsilon >= 0 && epsilon <= 1, "{}: epsilon is {}; use 0..1", op.where(), epsilon);
  if (op.has_input("PriorDist")) {
    const Shape& prior = op.shape("PriorDist");
    check(compatible(Shape{prior.numel()}, Shape{x[x.rank() - 1]}) &&
              op.dtype("PriorDist") == op.dtype("X"),
          "{}: PriorDist is {} {} but X {} {}; give one {} per class",
          op.where(),
          to_string(op.dtype("PriorDist")),
          prior.to_string(),
          to_string(op.dtype("X")),
          x.to_string(),
          to_string(op.dtype("X")));
  }
  op.set_output("Out", x, op.dtype("X"));
}

void infer_grad(InferContext& op) {
  op.set_output("X@GRAD", op.shape("Out@GRAD"), op.dtype("Out@GRAD"));
}

void forward(const KernelContext& op) {
  const Tensor& x = op.input("X");
  const int64_t classes = x.shape()[x.shape().rank() - 1];
  Tensor out = op.output("Out");
  dispatch_float(x.dtype(), op.where(), [&]<class T>(T) {
    const T epsilon = op.attr<float>("epsilon");
    const T* prior = op.has_input("PriorDist") ? op.input("PriorDist").data<T>() : nullptr;
    for (int64_t i = 0; i < x.numel(); ++i) {
      const T share = prior != nullptr ? prior[i % classes] : 1 / static_cast<T>(classes);
      out.data<T>()[i] = (1 - epsilon) * x.data<T>()[i] + epsilon * share;
    }
  });
}

void backward(const KernelContext& op) {
  const Tensor& dout = op.input("Out@GRAD");
  Tensor dx = op.output("X@GRAD");
  dispatch_float(dout.dtype(), op.where(), [&]<class T>(T) {
    const T epsilon = op.attr<float>("epsilon");
    for (int64_t i = 0; i < dout.numel(); ++i) {
      dx.data<T>()[i] = (1 - epsilon) * dout.data<T>()[i];
    }
  });
}

}  // namespace

void register_label_smooth(OpRegistry& registry) {
  const std::vector<AttrDef> attrs = {{"epsilon", 0.0f}};
  registry.add(
      {.type = "label_smooth",
       .inputs = {{"X"}, {.name = "PriorDist", .is_optional = true}},
       .outputs = {{"Out"}},
       .attrs = attrs,
       .infer = infer,
       .forward = forward,
       .gradient =
           [](GradientContext& op) {
             op.append_grad_op(
                 {.inputs = {}, .outputs = {}, .output_grads = {"Out"}, .input_grads = {"X"}});
           },
       .quant = {.inputs = {"X"}, .output_sign = OutputSign::AsInputs}});
  registry.add({.type = "label_smooth_grad",
                .inputs = {{"Out@GRAD"}},
                .outputs = {{"X@GRAD"}},
                .attrs = attrs,
                .infer = infer_grad,
                .forward = backward,
                .gradient = {}});
}

}  // namespace intact
