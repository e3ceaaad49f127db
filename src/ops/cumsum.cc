// Out[k] = X[0] + ... + X[k] along axis; without X[k] when exclusive; from the end when reverse.
// flatten sums over all elements in order; Out is then a vector.
#include <type_traits>

#include "intact/ir/gradient_context.h"
#include "intact/ir/infer_context.h"
#include "intact/ir/kernel_context.h"
#include "intact/ir/op_registry.h"
#include "ops/detail/dispatch_number.h"
#include "ops/detail/lines.h"

namespace intact {
namespace {

void infer(InferContext& op) {
  const Shape& x = op.shape("X");
  if (op.attr<bool>("flatten")) {
    op.set_output("Out", {x.numel()}, op.dtype("X"));
    return;
  }
  normalize_axis(op.where(), x, op.attr<int32_t>("axis"));
  op.set_output("Out", x, op.dtype("X"));
}

void infer_grad(InferContext& op) {
  op.set_output("X@GRAD", op.shape("X"), op.dtype("X"));
}

Lines lines_of(const KernelContext& op, const Shape& x) {
  return op.attr<bool>("flatten")
             ? Lines({x.numel()}, 0)
             : Lines(x, normalize_axis(op.where(), x, op.attr<int32_t>("axis")));
}

template <class Sum, class T>
void accumulate(const Lines& lines, bool exclusive, bool reverse, const T* x, T* out) {
  for (int64_t line = 0; line < lines.count; ++line) {
    Sum sum = 0;
    for (int64_t step = 0; step < lines.size; ++step) {
      const int64_t k = reverse ? lines.size - 1 - step : step;
      const int64_t at = lines.start(line) + k * lines.stride;
      const Sum next = sum + x[at];
      out[at] = static_cast<T>(exclusive ? sum : next);
      sum = next;
    }
  }
}

void run(const KernelContext& op, const Tensor& x, Tensor out, const Shape& shape, bool reverse) {
  const bool exclusive = op.attr<bool>("exclusive");
  dispatch_number(x.dtype(), op.where(), [&]<class T>(T) {
    using Sum = std::conditional_t<std::is_integral_v<T>, T, double>;
    accumulate<Sum>(lines_of(op, shape), exclusive, reverse, x.data<T>(), out.data<T>());
  });
}

void forward(const KernelContext& op) {
  const Tensor& x = op.input("X");
  run(op, x, op.output("Out"), x.shape(), op.attr<bool>("reverse"));
}

/// X[j] is in Out[k] for k >= j: the same sum from the other end.
void backward(const KernelContext& op) {
  Tensor dx = op.output("X@GRAD");
  run(op, op.input("Out@GRAD"), dx, dx.shape(), !op.attr<bool>("reverse"));
}

}  // namespace

void register_cumsum(OpRegistry& registry) {
  const std::vector<AttrDef> attrs = {
      {"axis", int32_t{-1}}, {"flatten", false}, {"exclusive", false}, {"reverse", false}};
  registry.add(
      {.type = "cumsum",
       .inputs = {{"X"}},
       .outputs = {{"Out"}},
       .attrs = attrs,
       .infer = infer,
       .forward = forward,
       .gradient =
           [](GradientContext& op) {
             op.append_grad_op(
                 {.inputs = {"X"}, .outputs = {}, .output_grads = {"Out"}, .input_grads = {"X"}});
           },
       .quant = {.inputs = {"X"}, .outputs = {"Out"}, .in_activation_pass = true}});
  registry.add({.type = "cumsum_grad",
                .inputs = {{"X"}, {"Out@GRAD"}},
                .outputs = {{"X@GRAD"}},
                .attrs = attrs,
                .infer = infer_grad,
                .forward = backward,
                .gradient = {}});
}

}  // namespace intact
