// Out[i] = value, with the shape of X; dtype -1 keeps X's.
#include <algorithm>

#include "intact/ir/infer_context.h"
#include "intact/ir/kernel_context.h"
#include "intact/ir/op_registry.h"
#include "tensor/dispatch.h"

namespace intact {
namespace {

void infer(InferContext& op) {
  const int32_t code = op.attr<int32_t>("dtype");
  op.set_output("Out", op.shape("X"), code < 0 ? op.dtype("X") : dtype_from_paddle_code(code));
}

void forward(const KernelContext& op) {
  Tensor out = op.output("Out");
  dispatch_all(out.dtype(), op.where(), [&]<class T>(T) {
    std::fill_n(out.data<T>(), out.numel(), static_cast<T>(op.attr<float>("value")));
  });
}

}  // namespace

void register_fill_any_like(OpRegistry& registry) {
  registry.add({.type = "fill_any_like",
                .inputs = {{"X"}},
                .outputs = {{"Out"}},
                .attrs = {{"value", 0.0f}, {"dtype", int32_t{-1}}},
                .infer = infer,
                .forward = forward,
                .gradient = {},
                .quant = {.inputs = {"X"}, .outputs = {"Out"}, .in_activation_pass = true}});
}

}  // namespace intact
