// Out = the k largest (or smallest) elements along `axis`, Indices = where they were (int64).
// Sorted; equal elements keep the order of their indices.
#include <algorithm>
#include <numeric>

#include "intact/ir/gradient_context.h"
#include "intact/ir/infer_context.h"
#include "intact/ir/kernel_context.h"
#include "intact/ir/op_registry.h"
#include "tensor/dispatch.h"

namespace intact {
namespace {

int axis_of(const Op& op, int rank) {
  const int axis = op.attr<int32_t>("axis");
  return axis < 0 ? axis + rank : axis;
}

void infer(InferContext& op) {
  check(!op.has_input("K"), "{}: takes k from the attribute but K is set; drop it", op.where());
  Shape shape = op.shape("X");
  const int axis = axis_of(op.op(), shape.rank());
  check(axis >= 0 && axis < shape.rank(),
        "{}: axis {} is outside rank {} of X; use an axis in range",
        op.where(),
        op.attr<int32_t>("axis"),
        shape.rank());
  const int32_t k = op.attr<int32_t>("k");
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

void forward(const KernelContext& op) {
  const Tensor& x = op.input("X");
  Tensor out = op.output("Out");
  Tensor indices = op.output("Indices");
  const int axis = axis_of(op.op(), x.shape().rank());
  const int64_t count = x.shape()[axis];
  const int64_t k = op.attr<int32_t>("k");
  const int64_t inner = x.shape().numel(axis + 1, x.shape().rank());
  const int64_t rows = x.shape().numel(0, axis) * inner;
  const bool largest = op.attr<bool>("largest");
  dispatch_all(x.dtype(), op.where(), [&]<class T>(T) {
    std::vector<int64_t> order(static_cast<size_t>(count));
    for (int64_t row = 0; row < rows; ++row) {
      const int64_t outer = row / inner;
      const T* from = x.data<T>() + outer * count * inner + row % inner;
      std::iota(order.begin(), order.end(), int64_t{0});
      std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) {
        return largest ? from[a * inner] > from[b * inner] : from[a * inner] < from[b * inner];
      });
      for (int64_t i = 0; i < k; ++i) {
        const int64_t to = outer * k * inner + i * inner + row % inner;
        out.data<T>()[to] = from[order[static_cast<size_t>(i)] * inner];
        indices.data<int64_t>()[to] = order[static_cast<size_t>(i)];
      }
    }
  });
}

}  // namespace

void register_top_k_v2(OpRegistry& registry) {
  registry.add(
      {.type = "top_k_v2",
       .inputs = {{"X"}, {.name = "K", .is_optional = true}},
       .outputs = {{"Out"}, {"Indices"}},
       .attrs = {{"k", int32_t{1}}, {"axis", int32_t{-1}}, {"largest", true}, {"sorted", true}},
       .infer = infer,
       .forward = forward,
       .gradient = {},
       .quant = {.inputs = {"X"}, .outputs = {"Out", "Indices"}, .in_activation_pass = true}});
}

}  // namespace intact
