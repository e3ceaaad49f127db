// Normalizes each group of channels of each sample, NCHW. Scale and Bias have one value a channel;
// Mean and Variance (biased, without epsilon) are [batch, groups].
#include "base/check.h"
#include "intact/ir/gradient_context.h"
#include "intact/ir/op_registry.h"
#include "ops/detail/row_norm.h"

namespace intact {
namespace {

void infer(InferContext& op) {
  const Shape& x = op.shape("X");
  const int32_t groups = op.attr<int32_t>("groups");
  check(x.rank() >= 2,
        "{}: X is {}; give at least 2 dimensions, the second is the channel",
        op.where(),
        x.to_string());
  check(op.attr<std::string>("data_layout") == "NCHW",
        "{}: data_layout is '{}'; only NCHW is supported, transpose X",
        op.where(),
        op.attr<std::string>("data_layout"));
  check(groups >= 1 && (x[1] < 0 || x[1] % groups == 0),
        "{}: groups is {} but X {} has {} channels; use a divisor of them",
        op.where(),
        groups,
        x.to_string(),
        x[1]);
  check_scale_and_bias(op, x[1]);
  op.set_output("Y", x, op.dtype("X"));
  op.set_output("Mean", {x[0], groups}, op.dtype("X"));
  op.set_output("Variance", {x[0], groups}, op.dtype("X"));
}

RowNorm norm_of(const KernelContext& op) {
  const Shape& x = op.input("X").shape();
  const int64_t groups = op.attr<int32_t>("groups");
  return {.rows = x[0] * groups,
          .size = x.numel(1, x.rank()) / groups,
          .plane = x.numel(2, x.rank()),
          .channels = x[1],
          .epsilon = op.attr<float>("epsilon")};
}

void forward(const KernelContext& op) {
  row_norm_forward(op, norm_of(op));
}

void backward(const KernelContext& op) {
  row_norm_backward(op, norm_of(op));
}

}  // namespace

void register_group_norm(OpRegistry& registry) {
  const std::vector<AttrDef> attrs = {
      {"epsilon", 1e-5f}, {"groups", int32_t{-1}}, {"data_layout", std::string("NCHW")}};
  registry.add(
      {.type = "group_norm",
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
                                .outputs = {"Y", "Mean", "Variance"},
                                .output_grads = {"Y"},
                                .input_grads = {"X", "Scale", "Bias"}});
           },
       .quant = {
           .inputs = {"X"}, .outputs = {"Y", "Mean", "Variance"}, .in_activation_pass = true}});
  registry.add({.type = "group_norm_grad",
                .inputs = {{"X"},
                           {.name = "Y", .is_optional = true},
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
