// Y[i] = X[..., i, ...]: X cut along `axis`, which goes. Its gradient is a stack.

#include "intact/ir/gradient_context.h"
#include "intact/ir/infer_context.h"
#include "intact/ir/kernel_context.h"
#include "intact/ir/op_registry.h"
#include "ops/detail/lines.h"
#include "ops/detail/parts.h"

namespace intact {
namespace {

void infer(InferContext& op) {
  const Shape& x = op.shape("X");
  const int axis = normalize_axis(op.where(), x, op.attr<int32_t>("axis"));
  const auto count = static_cast<int64_t>(op.output_count("Y"));
  const int64_t num = op.attr<int32_t>("num");
  check((x[axis] < 0 || x[axis] == count) && (num == 0 || num == count),
        "{}: X {} has {} elements along axis {}, num is {}, but there are {} outputs; give as many "
        "Y as elements",
        op.where(),
        x.to_string(),
        x[axis],
        axis,
        num,
        count);
  std::vector<int64_t> dims = x.dims();
  dims.erase(dims.begin() + axis);
  for (size_t i = 0; i < op.output_count("Y"); ++i) {
    op.set_output("Y", Shape(dims), op.dtype("X"), i);
  }
}

void forward(const KernelContext& op) {
  const Tensor& x = op.input("X");
  const int axis = normalize_axis(op.where(), x.shape(), op.attr<int32_t>("axis"));
  cut_rows(op, "Y", x.shape().numel(0, axis));
}

void gradient(GradientContext& op) {
  Var* dx = op.input_grad("X");
  if (dx == nullptr) {
    return;
  }
  op.append({.type = "stack",
             .inputs = {{"X", part_grads(op, "Y")}},
             .outputs = {{"Y", {dx}}},
             .attrs = {{"axis", op.op().attr<int32_t>("axis")}}});
}

}  // namespace

void register_unstack(OpRegistry& registry) {
  registry.add({.type = "unstack",
                .inputs = {{"X"}},
                .outputs = {{.name = "Y", .is_list = true}},
                .attrs = {{"axis", int32_t{0}}, {"num", int32_t{0}}},
                .infer = infer,
                .forward = forward,
                .gradient = gradient,
                .quant = {.inputs = {"X"}, .output_sign = OutputSign::AsInputs}});
}

}  // namespace intact
