// assign: Out = X. increment: Out = X + step, usually in place on a counter.
#include <cstring>

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

void infer_increment(InferContext& op) {
  const int64_t numel = op.shape("X").numel();
  check(numel == 1 || numel == -1,
        "{}: X has shape {} but must be a single element; use scale for tensors",
        op.where(),
        op.shape("X").to_string());
  infer_same(op);
}

void assign_forward(const KernelContext& op) {
  const Tensor& x = op.input("X");
  std::memmove(op.output("Out").raw(), x.raw(), x.size_bytes());
}

void increment_forward(const KernelContext& op) {
  const Tensor& x = op.input("X");
  Tensor out = op.output("Out");
  dispatch_all(x.dtype(), op.where(), [&]<class T>(T) {
    out.data<T>()[0] = static_cast<T>(x.data<T>()[0] + static_cast<T>(op.attr<float>("step")));
  });
}

void assign_gradient(GradientContext& op) {
  Var* dout = op.output_grad("Out");
  if (Var* dx = op.input_grad("X")) {
    op.append({.type = "assign", .inputs = {{"X", {dout}}}, .outputs = {{"Out", {dx}}}});
  }
}

}  // namespace

void register_assign(OpRegistry& registry) {
  registry.add({.type = "assign",
                .inputs = {{"X"}},
                .outputs = {{"Out"}},
                .attrs = {},
                .infer = infer_same,
                .forward = assign_forward,
                .gradient = assign_gradient,
                .quant = {.inputs = {"X"},
                          .outputs = {"Out"},
                          .in_activation_pass = true,
                          .output_sign = OutputSign::AsInputs},
                .onnx = {.type = "Identity", .attrs = {}}});
  registry.add({.type = "increment",
                .inputs = {{"X"}},
                .outputs = {{"Out"}},
                .attrs = {{"step", 1.0f}},
                .infer = infer_increment,
                .forward = increment_forward,
                .gradient = {}});
}

}  // namespace intact
