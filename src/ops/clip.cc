// Out = min(max(X, min), max). The gradient passes strictly inside the range.
#include <algorithm>

#include "intact/ir/gradient_context.h"
#include "intact/ir/infer_context.h"
#include "intact/ir/kernel_context.h"
#include "intact/ir/op_registry.h"
#include "tensor/dispatch.h"

namespace intact {
namespace {

void infer(InferContext& op) {
  for (const char* slot : {"Min", "Max"}) {
    check(!op.has_input(slot),
          "{}: takes its range from attributes but input {} is set; drop the input",
          op.where(),
          slot);
  }
  check(op.attr<float>("min") <= op.attr<float>("max"),
        "{}: min is {} but max is {}; give min <= max",
        op.where(),
        op.attr<float>("min"),
        op.attr<float>("max"));
  op.set_output("Out", op.shape("X"), op.dtype("X"));
}

void infer_grad(InferContext& op) {
  op.set_output("X@GRAD", op.shape("X"), op.dtype("X"));
}

void forward(const KernelContext& op) {
  const Tensor& x = op.input("X");
  Tensor out = op.output("Out");
  dispatch_float(x.dtype(), op.where(), [&]<class T>(T) {
    const T min = op.attr<float>("min");
    const T max = op.attr<float>("max");
    for (int64_t i = 0; i < x.numel(); ++i) {
      out.data<T>()[i] = std::clamp(x.data<T>()[i], min, max);
    }
  });
}

void backward(const KernelContext& op) {
  const Tensor& x = op.input("X");
  Tensor dx = op.output("X@GRAD");
  dispatch_float(x.dtype(), op.where(), [&]<class T>(T) {
    const T min = op.attr<float>("min");
    const T max = op.attr<float>("max");
    const T* dout = op.input("Out@GRAD").data<T>();
    for (int64_t i = 0; i < x.numel(); ++i) {
      const T value = x.data<T>()[i];
      dx.data<T>()[i] = value > min && value < max ? dout[i] : 0;
    }
  });
}

}  // namespace

void register_clip(OpRegistry& registry) {
  const std::vector<AttrDef> attrs = {{.name = "min", .default_value = 0.0f, .is_required = true},
                                      {.name = "max", .default_value = 0.0f, .is_required = true}};
  registry.add(
      {.type = "clip",
       .inputs = {{"X"},
                  {.name = "Min", .is_optional = true},
                  {.name = "Max", .is_optional = true}},
       .outputs = {{"Out"}},
       .attrs = attrs,
       .infer = infer,
       .forward = forward,
       .gradient =
           [](GradientContext& op) {
             op.append_grad_op(
                 {.inputs = {"X"}, .outputs = {}, .output_grads = {"Out"}, .input_grads = {"X"}});
           },
       .quant = {.inputs = {"X"}, .outputs = {"Out"}, .in_activation_pass = true}});
  registry.add({.type = "clip_grad",
                .inputs = {{"X"}, {"Out@GRAD"}},
                .outputs = {{"X@GRAD"}},
                .attrs = attrs,
                .infer = infer_grad,
                .forward = backward,
                .gradient = {}});
}

}  // namespace intact
