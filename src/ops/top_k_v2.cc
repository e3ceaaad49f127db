// Out = the k largest (or smallest) elements along `axis`, Indices = where they were (int64).
// Sorted; equal elements keep the order of their indices.
#include "intact/ir/gradient_context.h"
#include "intact/ir/op_registry.h"
#include "ops/detail/lines.h"
#include "ops/detail/top_k.h"

namespace intact {
namespace {

void infer(InferContext& op) {
  infer_top_k(op, normalize_axis(op.where(), op.shape("X"), op.attr<int32_t>("axis")));
}

int axis_of(const KernelContext& op) {
  return normalize_axis(op.where(), op.input("X").shape(), op.attr<int32_t>("axis"));
}

void forward(const KernelContext& op) {
  find_top_k(op, axis_of(op), op.attr<bool>("largest"));
}

void backward(const KernelContext& op) {
  scatter_top_k_grad(op, axis_of(op));
}

}  // namespace

void register_top_k_v2(OpRegistry& registry) {
  const std::vector<AttrDef> attrs = {
      {"k", int32_t{1}}, {"axis", int32_t{-1}}, {"largest", true}, {"sorted", true}};
  registry.add(
      {.type = "top_k_v2",
       .inputs = {{"X"}, {.name = "K", .is_optional = true}},
       .outputs = {{"Out"}, {"Indices"}},
       .attrs = attrs,
       .infer = infer,
       .forward = forward,
       .gradient =
           [](GradientContext& op) {
             op.append_grad_op({.inputs = {"X"},
                                .outputs = {"Indices"},
                                .output_grads = {"Out"},
                                .input_grads = {"X"}});
           },
       .quant = {.inputs = {"X"}, .outputs = {"Out", "Indices"}, .in_activation_pass = true}});
  registry.add({.type = "top_k_v2_grad",
                .inputs = {{"X"}, {"Indices"}, {"Out@GRAD"}},
                .outputs = {{"X@GRAD"}},
                .attrs = attrs,
                .infer = infer_top_k_grad,
                .forward = backward,
                .gradient = {}});
}

}  // namespace intact
