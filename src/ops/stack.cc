// Y = X[0], X[1], ... along a new axis of size count(X).
#include <cstring>

#include "base/check.h"
#include "intact/ir/gradient_context.h"
#include "intact/ir/infer_context.h"
#include "intact/ir/kernel_context.h"
#include "intact/ir/op_registry.h"
#include "ops/detail/input_grad_list.h"

namespace intact {
namespace {

/// The new axis; `rank` is that of Y.
int axis_of(const Op& op, int rank) {
  const int axis = op.attr<int32_t>("axis");
  return axis < 0 ? axis + rank : axis;
}

void check_axis(const InferContext& op, int rank) {
  const int axis = axis_of(op.op(), rank);
  check(axis >= 0 && axis < rank,
        "{}: axis {} is outside rank {} of Y; use an axis in range",
        op.where(),
        op.attr<int32_t>("axis"),
        rank);
}

void infer(InferContext& op) {
  const Shape& x = op.shape("X");
  for (size_t i = 1; i < op.input_count("X"); ++i) {
    check(compatible(op.shape("X", i), x) && op.dtype("X", i) == op.dtype("X"),
          "{}: X[0] is {} {} but X[{}] is {} {}; they must be alike",
          op.where(),
          to_string(op.dtype("X")),
          x.to_string(),
          i,
          to_string(op.dtype("X", i)),
          op.shape("X", i).to_string());
  }
  check_axis(op, x.rank() + 1);
  std::vector<int64_t> dims = x.dims();
  dims.insert(dims.begin() + axis_of(op.op(), x.rank() + 1),
              static_cast<int64_t>(op.input_count("X")));
  op.set_output("Y", Shape(dims), op.dtype("X"));
}

void infer_grad(InferContext& op) {
  const Shape& dy = op.shape("Y@GRAD");
  check_axis(op, dy.rank());
  std::vector<int64_t> dims = dy.dims();
  dims.erase(dims.begin() + axis_of(op.op(), dy.rank()));
  for (size_t i = 0; i < op.output_count("X@GRAD"); ++i) {
    op.set_output("X@GRAD", Shape(dims), op.dtype("Y@GRAD"), i);
  }
}

/// body(i, piece, whole): byte offsets in X[i] and in Y, for each run of `bytes`.
template <class Body>
void for_each_run(const Tensor& y, int axis, const Body& body) {
  const int64_t outer = y.shape().numel(0, axis);
  const int64_t count = y.shape()[axis];
  const size_t bytes =
      static_cast<size_t>(y.shape().numel(axis + 1, y.shape().rank())) * size_bytes(y.dtype());
  for (int64_t row = 0; row < outer; ++row) {
    for (int64_t i = 0; i < count; ++i) {
      body(static_cast<size_t>(i),
           static_cast<size_t>(row) * bytes,
           static_cast<size_t>(row * count + i) * bytes,
           bytes);
    }
  }
}

void forward(const KernelContext& op) {
  Tensor y = op.output("Y");
  auto* to = static_cast<char*>(y.raw());
  for_each_run(y,
               axis_of(op.op(), y.shape().rank()),
               [&](size_t i, size_t piece, size_t whole, size_t bytes) {
                 const auto* from = static_cast<const char*>(op.input("X", i).raw());
                 std::memcpy(to + whole, from + piece, bytes);
               });
}

void backward(const KernelContext& op) {
  const Tensor& dy = op.input("Y@GRAD");
  const auto* from = static_cast<const char*>(dy.raw());
  for_each_run(dy,
               axis_of(op.op(), dy.shape().rank()),
               [&](size_t i, size_t piece, size_t whole, size_t bytes) {
                 auto* to = static_cast<char*>(op.output("X@GRAD", i).raw());
                 std::memcpy(to + piece, from + whole, bytes);
               });
}

void gradient(GradientContext& op) {
  const std::vector<Var*> grads = input_grad_list(op, "X");
  if (!grads.empty()) {
    op.append({.type = "stack_grad",
               .inputs = {{"Y@GRAD", {op.output_grad("Y")}}},
               .outputs = {{"X@GRAD", grads}},
               .attrs = {{"axis", op.op().attr<int32_t>("axis")}}});
  }
}

}  // namespace

void register_stack(OpRegistry& registry) {
  registry.add({.type = "stack",
                .inputs = {{.name = "X", .is_list = true}},
                .outputs = {{"Y"}},
                .attrs = {{"axis", int32_t{0}}},
                .infer = infer,
                .forward = forward,
                .gradient = gradient,
                .quant = {.inputs = {"X"},
                          .outputs = {"Y"},
                          .in_activation_pass = true,
                          .output_sign = OutputSign::AsInputs}});
  registry.add({.type = "stack_grad",
                .inputs = {{"Y@GRAD"}},
                .outputs = {{.name = "X@GRAD", .is_list = true}},
                .attrs = {{"axis", int32_t{0}}},
                .infer = infer_grad,
                .forward = backward,
                .gradient = {}});
}

}  // namespace intact
