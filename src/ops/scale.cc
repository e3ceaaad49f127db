// Out = scale*X + bias, or scale*(X + bias) when bias_after_scale is false. Integers are scaled in
// double and truncated.
#include "intact/ir/gradient_context.h"
#include "intact/ir/infer_context.h"
#include "intact/ir/kernel_context.h"
#include "intact/ir/op_registry.h"
#include "tensor/dispatch.h"

namespace intact {
namespace {

void infer(InferContext& op) {
  check(!op.has_input("ScaleTensor"),
        "{}: takes its scale from the attribute but ScaleTensor is set; drop the input",
        op.where());
  op.set_output("Out", op.shape("X"), op.dtype("X"));
}

void forward(const KernelContext& op) {
  const Tensor& x = op.input("X");
  Tensor out = op.output("Out");
  const bool bias_after_scale = op.attr<bool>("bias_after_scale");
  dispatch_all(x.dtype(), op.where(), [&]<class T>(T) {
    using Real = std::conditional_t<std::is_same_v<T, float>, float, double>;
    const Real scale = op.attr<float>("scale");
    const Real bias = op.attr<float>("bias");
    const T* from = x.data<T>();
    T* to = out.data<T>();
    for (int64_t i = 0; i < x.numel(); ++i) {
      const Real value = static_cast<Real>(from[i]);
      to[i] = static_cast<T>(bias_after_scale ? scale * value + bias : scale * (value + bias));
    }
  });
}

void gradient(GradientContext& op) {
  Var* dout = op.output_grad("Out");
  if (Var* dx = op.input_grad("X")) {
    op.append({.type = "scale",
               .inputs = {{"X", {dout}}},
               .outputs = {{"Out", {dx}}},
               .attrs = {{"scale", op.op().attr<float>("scale")}}});
  }
}

}  // namespace

void register_scale(OpRegistry& registry) {
  registry.add({.type = "scale",
                .inputs = {{"X"}, {.name = "ScaleTensor", .is_optional = true}},
                .outputs = {{"Out"}},
                .attrs = {{"scale", 1.0f}, {"bias", 0.0f}, {"bias_after_scale", true}},
                .infer = infer,
                .forward = forward,
                .gradient = gradient,
                .quant = {.inputs = {"X"}, .outputs = {"Out"}, .in_activation_pass = true}});
}

}  // namespace intact
