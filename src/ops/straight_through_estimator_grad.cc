// X@GRAD = Out@GRAD.
#include <cstring>

#include "intact/ir/infer_context.h"
#include "intact/ir/kernel_context.h"
#include "intact/ir/op_registry.h"

namespace intact {
namespace {

void infer(InferContext& op) {
  op.set_output("X@GRAD", op.shape("Out@GRAD"), op.dtype("Out@GRAD"));
}

void forward(const KernelContext& op) {
  const Tensor& dout = op.input("Out@GRAD");
  std::memcpy(op.output("X@GRAD").raw(), dout.raw(), dout.size_bytes());
}

}  // namespace

void register_straight_through_estimator_grad(OpRegistry& registry) {
  registry.add({.type = "straight_through_estimator_grad",
                .inputs = {{"Out@GRAD"}},
                .outputs = {{"X@GRAD"}},
                .attrs = {},
                .infer = infer,
                .forward = forward,
                .gradient = {}});
}

}  // namespace intact
