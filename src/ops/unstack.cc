// Y[i] = X[..., i, ...]: X cut along `axis`, which goes. Its gradient is a stack.
#include <cstring>

#include "intact/ir/gradient_context.h"
#include "intact/ir/infer_context.h"
#include "intact/ir/kernel_context.h"
#include "intact/ir/op_registry.h"
#include "ops/detail/lines.h"

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
  const int64_t rows = x.shape().numel(0, axis);
  const auto* from = static_cast<const char*>(x.raw());
  for (int64_t row = 0; row < rows; ++row) {
    for (size_t i = 0; i < op.output_count("Y"); ++i) {
      Tensor y = op.output("Y", i);
      const size_t bytes = y.size_bytes() / static_cast<size_t>(rows);
      std::memcpy(static_cast<char*>(y.raw()) + static_cast<size_t>(row) * bytes, from, bytes);
      from += bytes;
    }
  }
}

// Parts that nothing flows back into contribute zeros.
void gradient(GradientContext& op) {
  Var* dx = op.input_grad("X");
  if (dx == nullptr) {
    return;
  }
  std::vector<Var*> grads;
  for (size_t i = 0; i < op.op().output_list("Y").size(); ++i) {
    Var* grad = op.output_grad("Y", i);
    if (grad == nullptr) {
      Var& y = op.op().output("Y", i);
      grad = &op.block().add_var(grad_name(y.name()), y.dtype(), y.shape());
      op.append({.type = "fill_any_like", .inputs = {{"X", {&y}}}, .outputs = {{"Out", {grad}}}});
    }
    grads.push_back(grad);
  }
  op.append({.type = "stack",
             .inputs = {{"X", grads}},
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
