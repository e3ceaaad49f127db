// Out = X[0], X[1], ... one after the other along `axis`.
#include <cstring>

#include "base/check.h"
#include "intact/ir/gradient_context.h"
#include "intact/ir/infer_context.h"
#include "intact/ir/kernel_context.h"
#include "intact/ir/op_registry.h"
#include "ops/detail/input_grad_list.h"

namespace intact {
namespace {

int axis_of(const Op& op, int rank) {
  const int axis = op.attr<int32_t>("axis");
  return axis < 0 ? axis + rank : axis;
}

void infer(InferContext& op) {
  check(!op.has_input("AxisTensor"),
        "{}: takes its axis from the attribute but AxisTensor is set; drop the input",
        op.where());
  Shape out = op.shape("X");
  const int axis = axis_of(op.op(), out.rank());
  check(axis >= 0 && axis < out.rank(),
        "{}: axis {} is outside rank {} of X; use an axis in range",
        op.where(),
        op.attr<int32_t>("axis"),
        out.rank());
  for (size_t i = 1; i < op.input_count("X"); ++i) {
    const Shape& x = op.shape("X", i);
    Shape rest = x;
    if (x.rank() == out.rank()) {
      rest[axis] = out[axis];
    }
    check(compatible(rest, out) && op.dtype("X", i) == op.dtype("X"),
          "{}: X[0] is {} {} but X[{}] is {} {}; they may differ along axis {} only",
          op.where(),
          to_string(op.dtype("X")),
          op.shape("X").to_string(),
          i,
          to_string(op.dtype("X", i)),
          x.to_string(),
          axis);
    for (int other = 0; other < out.rank(); ++other) {
      if (other == axis) {
        out[axis] = out[axis] < 0 || x[axis] < 0 ? -1 : out[axis] + x[axis];
      } else if (out[other] < 0) {
        out[other] = x[other];
      }
    }
  }
  op.set_output("Out", out, op.dtype("X"));
}

void infer_grad(InferContext& op) {
  for (size_t i = 0; i < op.input_count("X"); ++i) {
    op.set_output("X@GRAD", op.shape("X", i), op.dtype("X", i), i);
  }
}

/// body(i, row, offset, bytes): row `row` of X[i] lies at byte `offset` of the whole.
template <class Body>
void for_each_piece(const KernelContext& op, const Body& body) {
  const size_t count = op.input_count("X");
  const int axis = axis_of(op.op(), op.input("X").shape().rank());
  const int64_t rows = op.input("X").shape().numel(0, axis);
  size_t offset = 0;
  for (int64_t row = 0; row < rows; ++row) {
    for (size_t i = 0; i < count; ++i) {
      const size_t bytes = op.input("X", i).size_bytes() / static_cast<size_t>(rows);
      body(i, static_cast<size_t>(row), offset, bytes);
      offset += bytes;
    }
  }
}

void forward(const KernelContext& op) {
  auto* out = static_cast<char*>(op.output("Out").raw());
  for_each_piece(op, [&](size_t i, size_t row, size_t offset, size_t bytes) {
    const auto* x = static_cast<const char*>(op.input("X", i).raw());
    std::memcpy(out + offset, x + row * bytes, bytes);
  });
}

void backward(const KernelContext& op) {
  const auto* dout = static_cast<const char*>(op.input("Out@GRAD").raw());
  for_each_piece(op, [&](size_t i, size_t row, size_t offset, size_t bytes) {
    auto* dx = static_cast<char*>(op.output("X@GRAD", i).raw());
    std::memcpy(dx + row * bytes, dout + offset, bytes);
  });
}

void gradient(GradientContext& op) {
  const std::vector<Var*> grads = input_grad_list(op, "X");
  if (!grads.empty()) {
    op.append({.type = "concat_grad",
               .inputs = {{"X", op.op().input_list("X")}, {"Out@GRAD", {op.output_grad("Out")}}},
               .outputs = {{"X@GRAD", grads}},
               .attrs = {{"axis", op.op().attr<int32_t>("axis")}}});
  }
}

}  // namespace

void register_concat(OpRegistry& registry) {
  registry.add(
      {.type = "concat",
       .inputs = {{.name = "X", .is_list = true}, {.name = "AxisTensor", .is_optional = true}},
       .outputs = {{"Out"}},
       .attrs = {{"axis", int32_t{0}}},
       .infer = infer,
       .forward = forward,
       .gradient = gradient,
       .quant = {.inputs = {"X"},
                 .outputs = {"Out"},
                 .in_activation_pass = true,
                 .output_sign = OutputSign::AsInputs},
       .onnx = {.type = "Concat", .attrs = {{"axis", "axis"}}}});
  registry.add({.type = "concat_grad",
                .inputs = {{.name = "X", .is_list = true}, {"Out@GRAD"}},
                .outputs = {{.name = "X@GRAD", .is_list = true}},
                .attrs = {{"axis", int32_t{0}}},
                .infer = infer_grad,
                .forward = backward,
                .gradient = {}});
}

}  // namespace intact
