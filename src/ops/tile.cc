// Out = X repeated repeat_times[a] times along axis a; X and repeat_times are aligned at the last
// axis, the shorter one gets ones in front. The gradient sums over the repeats.
#include <algorithm>

#include "base/check.h"
#include "intact/ir/gradient_context.h"
#include "intact/ir/infer_context.h"
#include "intact/ir/kernel_context.h"
#include "intact/ir/op_registry.h"
#include "ops/detail/int_inputs.h"
#include "ops/detail/strided.h"
#include "ops/detail/strided_copy.h"

namespace intact {
namespace {

std::vector<int64_t> with_leading_ones(std::vector<int64_t> values, size_t size) {
  values.insert(values.begin(), size - std::min(size, values.size()), 1);
  return values;
}

/// Per axis of Out.
std::vector<int64_t> repeats_of(const Op& op, int x_rank) {
  Longs repeats = int_inputs(
      op, {.attr = "repeat_times", .tensor = "RepeatTimes", .list = "repeat_times_tensor"});
  return with_leading_ones(std::move(repeats), static_cast<size_t>(x_rank));
}

void infer(InferContext& op) {
  const std::vector<int64_t> repeats = repeats_of(op.op(), op.shape("X").rank());
  std::vector<int64_t> dims = with_leading_ones(op.shape("X").dims(), repeats.size());
  for (size_t axis = 0; axis < dims.size(); ++axis) {
    const bool is_unknown = repeats[axis] == kUnknownInt || dims[axis] < 0;
    check(repeats[axis] >= 1 || repeats[axis] == kUnknownInt,
          "{}: repeat_times [{}] holds {}; use 1 or more",
          op.where(),
          fmt::join(repeats, ","),
          repeats[axis]);
    // numel() refuses products that do not fit.
    dims[axis] = is_unknown ? -1 : Shape{dims[axis], repeats[axis]}.numel();
  }
  op.set_output("Out", Shape(dims), op.dtype("X"));
}

void infer_grad(InferContext& op) {
  op.set_output("X@GRAD", op.shape("X"), op.dtype("X"));
}

/// The element of X that each of Out repeats. Walks an axis as [repeat, size].
StridedView repeated(const Op& op, const Shape& x) {
  const std::vector<int64_t> repeats = repeats_of(op, x.rank());
  const Shape aligned(with_leading_ones(x.dims(), repeats.size()));
  const std::vector<int64_t> steps = strides_of(aligned);
  std::vector<int64_t> dims;
  StridedView view;
  for (size_t axis = 0; axis < repeats.size(); ++axis) {
    dims.insert(dims.end(), {repeats[axis], aligned[static_cast<int>(axis)]});
    view.strides.insert(view.strides.end(), {0, steps[axis]});
  }
  view.shape = Shape(dims);
  return view;
}

void forward(const KernelContext& op) {
  const Tensor& x = op.input("X");
  gather_strided(op, x, repeated(op.op(), x.shape()), op.output("Out"));
}

void backward(const KernelContext& op) {
  const Tensor dx = op.output("X@GRAD");
  sum_strided(op, op.input("Out@GRAD"), repeated(op.op(), dx.shape()), dx);
}

}  // namespace

void register_tile(OpRegistry& registry) {
  const std::vector<AttrDef> attrs = {{"repeat_times", Ints{}}};
  registry.add({.type = "tile",
                .inputs = {{"X"},
                           {.name = "RepeatTimes", .is_optional = true},
                           {.name = "repeat_times_tensor", .is_optional = true, .is_list = true}},
                .outputs = {{"Out"}},
                .attrs = attrs,
                .infer = infer,
                .forward = forward,
                .gradient =
                    [](GradientContext& op) {
                      op.append_grad_op({.inputs = {"X", "RepeatTimes", "repeat_times_tensor"},
                                         .outputs = {},
                                         .output_grads = {"Out"},
                                         .input_grads = {"X"}});
                    },
                .quant = {.inputs = {"X"},
                          .outputs = {"Out"},
                          .in_activation_pass = true,
                          .output_sign = OutputSign::AsInputs}});
  registry.add({.type = "tile_grad",
                .inputs = {{"X"},
                           {.name = "RepeatTimes", .is_optional = true},
                           {.name = "repeat_times_tensor", .is_optional = true, .is_list = true},
                           {"Out@GRAD"}},
                .outputs = {{"X@GRAD"}},
                .attrs = attrs,
                .infer = infer_grad,
                .forward = backward,
                .gradient = {}});
}

}  // namespace intact
