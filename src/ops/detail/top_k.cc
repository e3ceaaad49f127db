#include "ops/detail/top_k.h"

#include <algorithm>
#include <numeric>

#include "ops/detail/int_inputs.h"
#include "ops/detail/lines.h"
#include "tensor/dispatch.h"

namespace intact {

void infer_top_k(InferContext& op, int axis) {
  Shape shape = op.shape("X");
  const int64_t k = int_input(op.op(), {.attr = "k", .tensor = "K"});
  check(k >= 1 && (shape[axis] < 0 || k <= shape[axis]),
        "{}: k is {} but X {} has {} elements along axis {}; use 1..{}",
        op.where(),
        k,
        shape.to_string(),
        shape[axis],
        axis,
        shape[axis]);
  shape[axis] = k;
  op.set_output("Out", shape, op.dtype("X"));
  op.set_output("Indices", shape, DType::Int64);
}

void find_top_k(const KernelContext& op, int axis, bool largest) {
  const Tensor& x = op.input("X");
  Tensor out = op.output("Out");
  Tensor indices = op.output("Indices");
  const Lines from(x.shape(), axis);
  const Lines to(out.shape(), axis);
  dispatch_all(x.dtype(), op.where(), [&]<class T>(T) {
    std::vector<int64_t> order(static_cast<size_t>(from.size));
    for (int64_t line = 0; line < from.count; ++line) {
      const T* values = x.data<T>() + from.start(line);
      std::iota(order.begin(), order.end(), int64_t{0});
      std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) {
        const T left = values[a * from.stride];
        const T right = values[b * from.stride];
        return largest ? left > right : left < right;
      });
      for (int64_t i = 0; i < to.size; ++i) {
        const int64_t at = to.start(line) + i * to.stride;
        out.data<T>()[at] = values[order[static_cast<size_t>(i)] * from.stride];
        indices.data<int64_t>()[at] = order[static_cast<size_t>(i)];
      }
    }
  });
}

void infer_top_k_grad(InferContext& op) {
  op.set_output("X@GRAD", op.shape("X"), op.dtype("X"));
}

void scatter_top_k_grad(const KernelContext& op, int axis) {
  const Tensor& dout = op.input("Out@GRAD");
  const int64_t* indices = op.input("Indices").data<int64_t>();
  Tensor dx = op.output("X@GRAD");
  const Lines from(dout.shape(), axis);
  const Lines to(dx.shape(), axis);
  dispatch_float(dx.dtype(), op.where(), [&]<class T>(T) {
    std::fill_n(dx.data<T>(), dx.numel(), T{});
    for (int64_t line = 0; line < from.count; ++line) {
      for (int64_t i = 0; i < from.size; ++i) {
        const int64_t at = from.start(line) + i * from.stride;
        dx.data<T>()[to.start(line) + indices[at] * to.stride] = dout.data<T>()[at];
      }
    }
  });
}

}  // namespace intact
