// Out = Condition ? X : Y, all of one shape.
#include "intact/ir/gradient_context.h"
#include "intact/ir/infer_context.h"
#include "intact/ir/kernel_context.h"
#include "intact/ir/op_registry.h"
#include "tensor/dispatch.h"

namespace intact {
namespace {

void infer(InferContext& op) {
  check(op.dtype("Condition") == DType::Bool,
        "{}: Condition is {}; give bool",
        op.where(),
        to_string(op.dtype("Condition")));
  for (const char* slot : {"X", "Y"}) {
    check(compatible(op.shape(slot), op.shape("Condition")),
          "{}: {} is {} but Condition {}; give both the same shape",
          op.where(),
          slot,
          op.shape(slot).to_string(),
          op.shape("Condition").to_string());
  }
  check(op.dtype("X") == op.dtype("Y"),
        "{}: X is {} but Y is {}; cast one of them",
        op.where(),
        to_string(op.dtype("X")),
        to_string(op.dtype("Y")));
  op.set_output("Out", op.shape("Condition"), op.dtype("X"));
}

void infer_grad(InferContext& op) {
  op.set_output("X@GRAD", op.shape("Out@GRAD"), op.dtype("Out@GRAD"));
  op.set_output("Y@GRAD", op.shape("Out@GRAD"), op.dtype("Out@GRAD"));
}

void forward(const KernelContext& op) {
  const auto condition = op.input("Condition").values<bool>();
  dispatch_all(op.input("X").dtype(), op.where(), [&]<class T>(T) {
    const T* x = op.input("X").data<T>();
    const T* y = op.input("Y").data<T>();
    T* out = op.output("Out").data<T>();
    for (size_t i = 0; i < condition.size(); ++i) {
      out[i] = condition[i] ? x[i] : y[i];
    }
  });
}

void backward(const KernelContext& op) {
  const auto condition = op.input("Condition").values<bool>();
  dispatch_float(op.input("Out@GRAD").dtype(), op.where(), [&]<class T>(T) {
    const T* dout = op.input("Out@GRAD").data<T>();
    for (const bool is_x : {true, false}) {
      const char* slot = is_x ? "X@GRAD" : "Y@GRAD";
      if (!op.has_output(slot)) {
        continue;
      }
      T* grad = op.output(slot).data<T>();
      for (size_t i = 0; i < condition.size(); ++i) {
        grad[i] = condition[i] == is_x ? dout[i] : 0;
      }
    }
  });
}

}  // namespace

void register_where(OpRegistry& registry) {
  registry.add(
      {.type = "where",
       .inputs = {{"Condition"}, {"X"}, {"Y"}},
       .outputs = {{"Out"}},
       .attrs = {},
       .infer = infer,
       .forward = forward,
       .gradient =
           [](GradientContext& op) {
             op.append_grad_op({.inputs = {"Condition", "X", "Y"},
                                .outputs = {},
                                .output_grads = {"Out"},
                                .input_grads = {"X", "Y"}});
           },
       .quant = {.inputs = {"Condition", "X", "Y"}, .outputs = {"Out"}, .in_activation_pass = true},
       .onnx = {.type = "Where", .attrs = {}}});
  registry.add({.type = "where_grad",
                .inputs = {{"Condition"},
                           {.name = "X", .is_optional = true},
                           {.name = "Y", .is_optional = true},
                           {"Out@GRAD"}},
                .outputs = {{.name = "X@GRAD", .is_optional = true},
                            {.name = "Y@GRAD", .is_optional = true}},
                .attrs = {},
                .infer = infer_grad,
                .forward = backward,
                .gradient = {}});
}

}  // namespace intact
