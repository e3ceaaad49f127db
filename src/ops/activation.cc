// Elementwise activations with one line each: Out = f(X). Gradients read Out where f' follows from
// it, else X.
#include <cmath>

#include "intact/ir/gradient_context.h"
#include "intact/ir/infer_context.h"
#include "intact/ir/kernel_context.h"
#include "intact/ir/op_registry.h"
#include "tensor/dispatch.h"

namespace intact {
namespace {

void infer_same(InferContext& op) {
  op.set_output("Out", op.shape("X"), op.dtype("X"));
}

void infer_grad(InferContext& op) {
  op.set_output("X@GRAD", op.shape("Out@GRAD"), op.dtype("Out@GRAD"));
}

void relu_forward(const KernelContext& op) {
  dispatch_float(op.input("X").dtype(), op.where(), [&]<class T>(T) {
    const auto x = op.input("X").values<T>();
    Tensor out = op.output("Out");
    for (size_t i = 0; i < x.size(); ++i) {
      out.data<T>()[i] = x[i] > 0 ? x[i] : 0;
    }
  });
}

void relu_backward(const KernelContext& op) {
  dispatch_float(op.input("Out").dtype(), op.where(), [&]<class T>(T) {
    const auto out = op.input("Out").values<T>();
    const auto dout = op.input("Out@GRAD").values<T>();
    Tensor dx = op.output("X@GRAD");
    for (size_t i = 0; i < out.size(); ++i) {
      dx.data<T>()[i] = out[i] > 0 ? dout[i] : 0;
    }
  });
}

}  // namespace

void register_activation(OpRegistry& registry) {
  registry.add(
      {.type = "relu",
       .inputs = {{"X"}},
       .outputs = {{"Out"}},
       .attrs = {},
       .infer = infer_same,
       .forward = relu_forward,
       .gradient =
           [](GradientContext& op) {
             op.append_grad_op(
                 {.inputs = {}, .outputs = {"Out"}, .output_grads = {"Out"}, .input_grads = {"X"}});
           },
       .quant = {.inputs = {"X"}, .outputs = {"Out"}, .in_activation_pass = true},
       .onnx = {.type = "Relu", .attrs = {}}});
  registry.add({.type = "relu_grad",
                .inputs = {{"Out"}, {"Out@GRAD"}},
                .outputs = {{"X@GRAD"}},
                .attrs = {},
                .infer = infer_grad,
                .forward = relu_backward,
                .gradient = {}});
}

}  // namespace intact
