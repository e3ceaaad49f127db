// Out = the k largest elements along the last axis, Indices = where they were (int64): top_k_v2 of
// before Paddle 2.0. Sorted; equal elements keep the order of their indices.
#include "ops/detail/top_k.h"

#include "intact/ir/gradient_context.h"
#include "intact/ir/op_registry.h"
#include "ops/detail/lines.h"

namespace intact {
namespace {

void infer(InferContext& op) {
  infer_top_k(op, normalize_axis(op.where(), op.shape("X"), -1));
}

void forward(const KernelContext& op) {
  find_top_k(op, op.input("X").shape().rank() - 1, /*largest=*/true);
}

void backward(const KernelContext& op) {
  scatter_top_k_grad(op, op.input("X").shape().rank() - 1);
}

}  // namespace

void register_top_k(OpRegistry& registry) {
  registry.add({.type = "top_k",
                .inputs = {{"X"}, {.name = "K", .is_optional = true}},
                .outputs = {{"Out"}, {"Indices"}},
                .attrs = {{"k", int32_t{1}}},
                .infer = infer,
                .forward = forward,
                .gradient = [](GradientContext& op) {
                  op.append_grad_op({.inputs = {"X"},
                                     .outputs = {"Indices"},
                                     .output_grads = {"Out"},
                                     .input_grads = {"X"}});
                }});
  registry.add({.type = "top_k_grad",
                .inputs = {{"X"}, {"Indices"}, {"Out@GRAD"}},
                .outputs = {{"X@GRAD"}},
                .attrs = {{"k", int32_t{1}}},
                .infer = infer_top_k_grad,
                .forward = backward,
                .gradient = {}});
}

}  // namespace intact
