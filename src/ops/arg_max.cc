// Out = index of the largest element along `axis` (the first of equals), or in the whole of X when
// flatten is set.
#include "intact/ir/infer_context.h"
#include "intact/ir/kernel_context.h"
#include "intact/ir/op_registry.h"
#include "tensor/dispatch.h"

namespace intact {
namespace {

int axis_of(const Op& op, int rank) {
  const auto axis = static_cast<int>(op.attr<int64_t>("axis"));
  return axis < 0 ? axis + rank : axis;
}

void infer(InferContext& op) {
  const Shape& x = op.shape("X");
  const int32_t code = op.attr<int32_t>("dtype");
  const DType dtype = code < 0 ? DType::Int64 : dtype_from_paddle_code(code);
  check(dtype == DType::Int64 || dtype == DType::Int32,
        "{}: dtype is {}; use int64 or int32",
        op.where(),
        to_string(dtype));
  const bool keep = op.attr<bool>("keepdims");
  if (op.attr<bool>("flatten")) {
    const auto ones = static_cast<size_t>(keep ? x.rank() : 0);
    return op.set_output("Out", Shape(std::vector<int64_t>(ones, 1)), dtype);
  }
  const int axis = axis_of(op.op(), x.rank());
  check(axis >= 0 && axis < x.rank(),
        "{}: axis {} is outside rank {} of X; use an axis in range",
        op.where(),
        op.attr<int64_t>("axis"),
        x.rank());
  std::vector<int64_t> dims = x.dims();
  if (keep) {
    dims[static_cast<size_t>(axis)] = 1;
  } else {
    dims.erase(dims.begin() + axis);
  }
  op.set_output("Out", Shape(dims), dtype);
}

void forward(const KernelContext& op) {
  const Tensor& x = op.input("X");
  const bool flatten = op.attr<bool>("flatten");
  const int axis = flatten ? 0 : axis_of(op.op(), x.shape().rank());
  const int64_t count = flatten ? x.numel() : x.shape()[axis];
  const int64_t inner = flatten ? 1 : x.shape().numel(axis + 1, x.shape().rank());
  Tensor indices(DType::Int64, op.output("Out").shape());
  dispatch_all(x.dtype(), op.where(), [&]<class T>(T) {
    for (int64_t row = 0; row < indices.numel(); ++row) {
      const T* from = x.data<T>() + row / inner * count * inner + row % inner;
      int64_t best = 0;
      for (int64_t i = 1; i < count; ++i) {
        best = from[i * inner] > from[best * inner] ? i : best;
      }
      indices.data<int64_t>()[row] = best;
    }
  });
  Tensor out = op.output("Out");
  for (int64_t row = 0; row < out.numel(); ++row) {
    if (out.dtype() == DType::Int64) {
      out.data<int64_t>()[row] = indices.data<int64_t>()[row];
    } else {
      out.data<int32_t>()[row] = static_cast<int32_t>(indices.data<int64_t>()[row]);
    }
  }
}

}  // namespace

void register_arg_max(OpRegistry& registry) {
  registry.add({.type = "arg_max",
                .inputs = {{"X"}},
                .outputs = {{"Out"}},
                .attrs = {{.name = "axis", .default_value = int64_t{-1}, .is_required = true},
                          {"keepdims", false},
                          {"flatten", false},
                          {"dtype", int32_t{3}}},
                .infer = infer,
                .forward = forward,
                .gradient = {},
                .quant = {.inputs = {"X"}, .outputs = {"Out"}, .in_activation_pass = true}});
}

}  // namespace intact
