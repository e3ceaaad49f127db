// Out[..., i, ...] = X[..., Index[i], ...] along axis. Index [n] or [n,1] takes the place of the
// axis, a scalar Index drops it. The gradient adds up repeated indices.
#include <algorithm>

#include "intact/ir/gradient_context.h"
#include "intact/ir/infer_context.h"
#include "intact/ir/kernel_context.h"
#include "intact/ir/op_registry.h"
#include "ops/detail/int_inputs.h"
#include "ops/detail/lines.h"
#include "tensor/dispatch.h"

namespace intact {
namespace {

int axis_of(const Op& op, const Shape& x) {
  return normalize_axis(op.label(), x, int_input(op, {.attr = "axis", .tensor = "Axis"}));
}

void infer(InferContext& op) {
  const Shape& x = op.shape("X");
  const Shape& index = op.shape("Index");
  const int axis = axis_of(op.op(), x);
  const bool is_column = index.rank() == 2 && index[1] == 1;
  check((index.rank() <= 1 || is_column) &&
            (op.dtype("Index") == DType::Int32 || op.dtype("Index") == DType::Int64),
        "{}: Index is {} {} but must be int32 or int64 [n]; reshape or cast it",
        op.where(),
        to_string(op.dtype("Index")),
        index.to_string());
  std::vector<int64_t> dims = x.dims();
  if (index.rank() == 0) {
    dims.erase(dims.begin() + axis);
  } else {
    dims[static_cast<size_t>(axis)] = index[0];
  }
  op.set_output("Out", Shape(dims), op.dtype("X"));
}

void infer_grad(InferContext& op) {
  op.set_output("X@GRAD", op.shape("X"), op.dtype("X"));
}

/// body(from, to): where runs of `width` elements are in X and in Out.
template <class Body>
void for_each_run(const KernelContext& op, const Shape& x, const Body& body) {
  const int axis = axis_of(op.op(), x);
  const Tensor index = op.input("Index").cast(DType::Int64);
  const int64_t width = x.numel(axis + 1, x.rank());
  const int64_t rows = x.numel(0, axis);
  for (int64_t i = 0; i < index.numel(); ++i) {
    const int64_t at = index.data<int64_t>()[i];
    check(at >= 0 && at < x[axis],
          "{}: Index[{}] is {} but X {} has {} elements along axis {}; use 0..{}",
          op.where(),
          i,
          at,
          x.to_string(),
          x[axis],
          axis,
          x[axis] - 1);
    for (int64_t row = 0; row < rows; ++row) {
      body((row * x[axis] + at) * width, (row * index.numel() + i) * width, width);
    }
  }
}

void forward(const KernelContext& op) {
  const Tensor& x = op.input("X");
  Tensor out = op.output("Out");
  dispatch_all(x.dtype(), op.where(), [&]<class T>(T) {
    for_each_run(op, x.shape(), [&](int64_t from, int64_t to, int64_t width) {
      std::copy_n(x.data<T>() + from, width, out.data<T>() + to);
    });
  });
}

void backward(const KernelContext& op) {
  Tensor dx = op.output("X@GRAD");
  dispatch_float(dx.dtype(), op.where(), [&]<class T>(T) {
    const T* dout = op.input("Out@GRAD").data<T>();
    std::fill_n(dx.data<T>(), dx.numel(), T{});
    for_each_run(op, dx.shape(), [&](int64_t from, int64_t to, int64_t width) {
      for (int64_t i = 0; i < width; ++i) {
        dx.data<T>()[from + i] += dout[to + i];
      }
    });
  });
}

}  // namespace

void register_gather(OpRegistry& registry) {
  const std::vector<AttrDef> attrs = {{"axis", int32_t{0}}};
  registry.add({.type = "gather",
                .inputs = {{"X"}, {"Index"}, {.name = "Axis", .is_optional = true}},
                .outputs = {{"Out"}},
                .attrs = attrs,
                .infer = infer,
                .forward = forward,
                .gradient =
                    [](GradientContext& op) {
                      op.append_grad_op({.inputs = {"X", "Index", "Axis"},
                                         .outputs = {},
                                         .output_grads = {"Out"},
                                         .input_grads = {"X"}});
                    },
                .quant = {.inputs = {"X"},
                          .outputs = {"Out"},
                          .in_activation_pass = true,
                          .output_sign = OutputSign::AsInputs}});
  registry.add({.type = "gather_grad",
                .inputs = {{"X"}, {"Index"}, {.name = "Axis", .is_optional = true}, {"Out@GRAD"}},
                .outputs = {{"X@GRAD"}},
                .attrs = attrs,
                .infer = infer_grad,
                .forward = backward,
                .gradient = {}});
}

}  // namespace intact
