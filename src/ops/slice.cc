// Out = Input[..., starts[k]:ends[k], ...] along axes[k]. Negative bounds count from the end,
// bounds are clipped to the dimension; axes in decrease_axis, which must come out as 1, are
// dropped.
#include <algorithm>

#include "base/check.h"
#include "intact/ir/gradient_context.h"
#include "intact/ir/infer_context.h"
#include "intact/ir/kernel_context.h"
#include "intact/ir/op_registry.h"
#include "ops/detail/int_inputs.h"
#include "ops/detail/walk.h"

namespace intact {
namespace {

Walk cut_of(int64_t start, int64_t end, int64_t dim) {
  const auto bound = [dim](int64_t at) {
    return std::clamp<int64_t>(at < 0 ? at + dim : at, 0, dim);
  };
  return {.start = bound(start), .size = std::max<int64_t>(0, bound(end) - bound(start))};
}

int normal_axis(const Op& op, int32_t axis, const Shape& input) {
  const int result = axis < 0 ? axis + input.rank() : axis;
  check(result >= 0 && result < input.rank(),
        "{}: axis {} is outside rank {} of Input; use an axis in range",
        op.label(),
        axis,
        input.rank());
  return result;
}

/// Per axis of Input; an unknown dimension that is cut stays unknown (size -1).
std::vector<Walk> cuts_of(const Op& op, const Shape& input) {
  const Ints& axes = op.attr<Ints>("axes");
  const Longs starts =
      int_inputs(op, {.attr = "starts", .tensor = "StartsTensor", .list = "StartsTensorList"});
  const Longs ends =
      int_inputs(op, {.attr = "ends", .tensor = "EndsTensor", .list = "EndsTensorList"});
  check(axes.size() == starts.size() && axes.size() == ends.size(),
        "{}: has {} axes, {} starts and {} ends; give as many of each",
        op.label(),
        axes.size(),
        starts.size(),
        ends.size());
  std::vector<Walk> cuts;
  for (int64_t dim : input.dims()) {
    cuts.push_back({.size = dim});
  }
  for (size_t k = 0; k < axes.size(); ++k) {
    const int axis = normal_axis(op, axes[k], input);
    const bool is_unknown = input[axis] < 0 || starts[k] == kUnknownInt || ends[k] == kUnknownInt;
    cuts[static_cast<size_t>(axis)] =
        is_unknown ? Walk{.size = -1} : cut_of(starts[k], ends[k], input[axis]);
  }
  return cuts;
}

void infer(InferContext& op) {
  const Shape& input = op.shape("Input");
  std::vector<int> dropped_axes;
  for (const int32_t axis : op.attr<Ints>("decrease_axis")) {
    dropped_axes.push_back(normal_axis(op.op(), axis, input));
  }
  infer_walks(op, cuts_of(op.op(), input), dropped_axes);
}

void infer_grad(InferContext& op) {
  op.set_output("Input@GRAD", op.shape("Input"), op.dtype("Input"));
}

void forward(const KernelContext& op) {
  const Tensor& input = op.input("Input");
  gather_strided(
      op, input, walked(input.shape(), cuts_of(op.op(), input.shape())), op.output("Out"));
}

void backward(const KernelContext& op) {
  const Tensor dx = op.output("Input@GRAD");
  const StridedView view = walked(dx.shape(), cuts_of(op.op(), dx.shape()));
  scatter_strided(op, op.input("Out@GRAD"), view, dx);
}

}  // namespace

void register_slice(OpRegistry& registry) {
  const std::vector<AttrDef> attrs = {
      {.name = "axes", .default_value = Ints{}, .is_required = true},
      {"starts", Ints{}},
      {"ends", Ints{}},
      {"infer_flags", Ints{}},
      {"decrease_axis", Ints{}}};
  registry.add({.type = "slice",
                .inputs = {{"Input"},
                           {.name = "StartsTensor", .is_optional = true},
                           {.name = "EndsTensor", .is_optional = true},
                           {.name = "StartsTensorList", .is_optional = true, .is_list = true},
                           {.name = "EndsTensorList", .is_optional = true, .is_list = true}},
                .outputs = {{"Out"}},
                .attrs = attrs,
                .infer = infer,
                .forward = forward,
                .gradient =
                    [](GradientContext& op) {
                      op.append_grad_op({.inputs = {"Input",
                                                    "StartsTensor",
                                                    "EndsTensor",
                                                    "StartsTensorList",
                                                    "EndsTensorList"},
                                         .outputs = {},
                                         .output_grads = {"Out"},
                                         .input_grads = {"Input"}});
                    },
                .quant = {.inputs = {"Input"},
                          .outputs = {"Out"},
                          .in_activation_pass = true,
                          .output_sign = OutputSign::AsInputs}});
  registry.add({.type = "slice_grad",
                .inputs = {{"Input"},
                           {.name = "StartsTensor", .is_optional = true},
                           {.name = "EndsTensor", .is_optional = true},
                           {.name = "StartsTensorList", .is_optional = true, .is_list = true},
                           {.name = "EndsTensorList", .is_optional = true, .is_list = true},
                           {"Out@GRAD"}},
                .outputs = {{"Input@GRAD"}},
                .attrs = attrs,
                .infer = infer_grad,
                .forward = backward,
                .gradient = {}});
}

}  // namespace intact
