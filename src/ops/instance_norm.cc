// Normalizes each channel of each sample, NCHW. Scale and Bias have one value a channel; SavedMean
// and SavedVariance (1/sqrt(variance + epsilon)) one value a channel and sample.
#include "base/check.h"
#include "intact/ir/gradient_context.h"
#include "intact/ir/op_registry.h"
#include "ops/detail/row_norm.h"

namespace intact {
namespace {

void infer(InferContext& op) {
  const Shape& x = op.shape("X");
  check(x.rank() >= 3 && x.rank() <= 5,
        "{}: X is {}; give 3 to 5 dimensions, the second is the channel",
        op.where(),
        x.to_string());
  check_scale_and_bias(op, x[1]);
  op.set_output("Y", x, op.dtype("X"));
  op.set_output("SavedMean", {x.numel(0, 2)}, op.dtype("X"));
  op.set_output("SavedVariance", {x.numel(0, 2)}, op.dtype("X"));
}

void infer_grad(InferContext& op) {
  op.set_output("X@GRAD", op.shape("X"), op.dtype("X"));
  op.set_output("Scale@GRAD", {op.shape("X")[1]}, op.dtype("X"));
  op.set_output("Bias@GRAD", {op.shape("X")[1]}, op.dtype("X"));
}

RowNorm norm_of(const KernelContext& op) {
  const Shape& x = op.input("X").shape();
  const int64_t plane = x.numel(2, x.rank());
  return {.rows = x[0] * x[1],
          .size = plane,
          .plane = plane,
          .channels = x[1],
          .epsilon = op.attr<float>("epsilon"),
          .saves_inverse_std = true};
}

void forward(const KernelContext& op) {
  row_norm_forward(op, norm_of(op), {.mean = "SavedMean", .saved = "SavedVariance"});
}

void backward(const KernelContext& op) {
  row_norm_backward(op, norm_of(op));
}

}  // namespace

void register_instance_norm(OpRegistry& registry) {
  const std::vector<AttrDef> attrs = {{"epsilon", 1e-5f}};
  registry.add({.type = "instance_norm",
                .inputs = {{"X"},
                           {.name = "Scale", .is_optional = true},
                           {.name = "Bias", .is_optional = true}},
                .outputs = {{"Y"},
                            {.name = "SavedMean", .is_intermediate = true},
                            {.name = "SavedVariance", .is_intermediate = true}},
                .attrs = attrs,
                .infer = infer,
                .forward = forward,
                .gradient =
                    [](GradientContext& op) {
                      op.append_grad_op({.inputs = {"X", "Scale"},
                                         .outputs = {"SavedMean", "SavedVariance"},
                                         .output_grads = {"Y"},
                                         .input_grads = {"X", "Scale", "Bias"}});
                    },
                .quant = {.inputs = {"X"}, .outputs = {"Y"}, .in_activation_pass = true}});
  registry.add({.type = "instance_norm_grad",
                .inputs = {{"X"},
                           {.name = "Scale", .is_optional = true},
                           {.name = "SavedMean", .is_optional = true},
                           {.name = "SavedVariance", .is_optional = true},
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
