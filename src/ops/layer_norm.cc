// Normalizes over the dimensions from begin_norm_axis on; Scale and Bias have one value for each of
// their elements. Mean and Variance (biased, without epsilon) have X's dimensions before it.
#include "base/check.h"
#include "intact/ir/gradient_context.h"
#include "intact/ir/op_registry.h"
#include "ops/detail/row_norm.h"

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
  row_norm_forward(op, norm_of(op));
}

void backward(const KernelContext& op) {
  row_norm_backward(op, norm_of(op));
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
                .infer = infer_row_norm_grad,
                .forward = backward,
                .gradient = {}});
}

}  // namespace intact
