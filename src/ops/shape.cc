// Out = the dimensions of Input, int32 [rank].
#include "intact/ir/infer_context.h"
#include "intact/ir/kernel_context.h"
#include "intact/ir/op_registry.h"

namespace intact {
namespace {

void infer(InferContext& op) {
  op.set_output("Out", Shape{op.shape("Input").rank()}, DType::Int32);
}

void forward(const KernelContext& op) {
  Tensor out = op.output("Out");
  int32_t* dims = out.data<int32_t>();
  for (int64_t dim : op.input("Input").shape().dims()) {
    *dims++ = static_cast<int32_t>(dim);
  }
}

}  // namespace

void register_shape(OpRegistry& registry) {
  registry.add({.type = "shape",
                .inputs = {{"Input"}},
                .outputs = {{"Out"}},
                .attrs = {},
                .infer = infer,
                .forward = forward,
                .gradient = {}});
}

}  // namespace intact
