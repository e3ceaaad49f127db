// Normalizes over the dimensions from begin_norm_axis on; Scale and Bias have one value for each of
// their elements. Mean and Variance (biased, without epsilon) have X's dimensions before it.
#include "intact/ir/gradient_context.h"
#include "intact/ir/op_registry.h"
#include "ops/detail/row_norm.h"
#include "tensor/dispatch.h"

namespace intact {
namespace {

void infer(InferContext& op) {
  const Shape& x = op.shape("X");
  const int32_t axis = op.attr<int32_t>("begin_norm_axis");
  check(axis >= 1 && axis < x.rank(),
        "{}: begin_norm_axis={} does not split X {}; use 1..{}",
        op.where(),
        axis,
        x.to_string(),
        x.rank() - 1);
  check_scale_and_bias(op, x.numel(axis, x.rank()));
  const Shape rows(std::vector<int64_t>(x.dims().begin(), x.dims().begin() + axis));
  op.set_output("Y", x, op.dtype("X"));
  op.set_output("Mean", rows, op.dtype("X"));
  op.set_output("Variance", rows, op.dtype("X"));
}

void infer_grad(InferContext& op) {
  op.set_output("X@GRAD", op.shape("X"), op.dtype("X"));
  for (const std::string slot : {"Scale", "Bias"}) {
    if (op.has_input(slot)) {
      op.set_output(grad_name(slot), op.shape(slot), op.dtype(slot));
    }
  }
}

RowNorm norm_of(const KernelContext& op) {
  const Shape& x = op.input("X").shape();
  const int32_t axis = op.attr<int32_t>("begin_norm_axis");
  const int64_t size = x.numel(axis, x.rank());
  return {.rows = x.numel(0, axis),
          .size = size,
          .plane = 1,
          .channels = size,
          .epsilon = op.attr<float>("epsilon")};
}

void forward(const KernelContext& op) {
  dispatch_float(op.input("X").dtype(), op.where(), [&]<class T>(T) {
    norm_of(op).forward<T>({.x = op.input("X").data<T>(),
                            .scale = input_or_null<T>(op, "Scale"),
                            .bias = input_or_null<T>(op, "Bias"),
                            .y = op.output("Y").data<T>(),
                            .mean = output_or_null<T>(op, "Mean"),
                            .saved = output_or_null<T>(op, "Variance")});
  });
}

void backward(const KernelContext& op) {
  dispatch_float(op.input("X").dtype(), op.where(), [&]<class T>(T) {
    norm_of(op).backward<T>({.x = op.input("X").data<T>(),
                             .dy = op.input("Y@GRAD").data<T>(),
                             .scale = input_or_null<T>(op, "Scale"),
                             .dx = output_or_null<T>(op, "X@GRAD"),
                             .dscale = output_or_null<T>(op, "Scale@GRAD"),
                             .dbias = output_or_null<T>(op, "Bias@GRAD")});
  });
}

}  // namespace

void register_layer_norm(OpRegistry& registry) {
  const std::vector<AttrDef> attrs = {
      {"epsilon", 1e-5f},
      {"begin_norm_axis", int32_t{1}},
      {.name = "is_test", .default_value = false, .is_extra = true}};
  registry.add({.type = "layer_norm",
                .inputs = {{"X"},
                           {.name = "Scale", .is_optional = true},
                           {.name = "Bias", .is_optional = true}},
                .outputs = {{"Y"},
                            {.name = "Mean", .is_intermediate = true},
                            {.name = "Variance", .is_intermediate = true}},
                .attrs = attrs,
                .infer = infer,
                .forward = forward,
                .gradient =
                    [](GradientContext& op) {
                      op.append_grad_op({.inputs = {"X", "Scale", "Bias"},
                                         .outputs = {"Mean", "Variance"},
                                         .output_grads = {"Y"},
                                         .input_grads = {"X", "Scale", "Bias"}});
                    },
                .quant = {.inputs = {"X"}, .outputs = {"Y"}, .in_activation_pass = true}});
  registry.add({.type = "layer_norm_grad",
                .inputs = {{"X"},
                           {.name = "Scale", .is_optional = true},
                           {.name = "Bias", .is_optional = true},
                           {.name = "Mean", .is_optional = true},
                           {.name = "Variance", .is_optional = true},
                           {"Y@GRAD"}},
                .outputs = {{.name = "X@GRAD", .is_optional = true},
                            {.name = "Scale@GRAD", .is_optional = true},
                            {.name = "Bias@GRAD", .is_optional = true}},
                .attrs = attrs,
                .infer = infer_grad,
                .forward = backward,
                .gradient = {}});
}

}  // namespace intact
