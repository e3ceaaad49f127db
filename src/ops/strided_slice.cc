// Out = Input[..., starts[k]:ends[k]:strides[k], ...] along axes[k]. Negative bounds count from the
// end, bounds are clipped to the dimension; with a negative stride an end of -1 means "past the
// first element". Axes in decrease_axis, which must come out as 1, are dropped.
#include <algorithm>

#include "base/check.h"
#include "intact/ir/gradient_context.h"
#include "intact/ir/infer_context.h"
#include "intact/ir/kernel_context.h"
#include "intact/ir/op_registry.h"
#include "ops/detail/int_inputs.h"
#include "ops/detail/lines.h"
#include "ops/detail/walk.h"

namespace intact {
namespace {

Walk walk_of(int64_t start, int64_t end, int64_t stride, int64_t dim) {
  const auto from_front = [dim](int64_t at) { return at < 0 ? at + dim : at; };
  if (stride > 0) {
    const int64_t first = std::clamp<int64_t>(from_front(start), 0, dim);
    const int64_t last = std::clamp<int64_t>(from_front(end), 0, dim);
    return {first, stride, first < last ? (last - first - 1) / stride + 1 : 0};
  }
  const int64_t first = std::clamp<int64_t>(from_front(start), 0, dim - 1);
  const int64_t last = end == -1 ? -1 : std::clamp<int64_t>(from_front(end), -1, dim - 1);
  return {first, stride, last < first ? (first - last - 1) / -stride + 1 : 0};
}

/// Per axis of Input.
std::vector<Walk> walks_of(const Op& op, const Shape& input) {
  const Ints& axes = op.attr<Ints>("axes");
  const Longs starts =
      int_inputs(op, {.attr = "starts", .tensor = "StartsTensor", .list = "StartsTensorList"});
  const Longs ends =
      int_inputs(op, {.attr = "ends", .tensor = "EndsTensor", .list = "EndsTensorList"});
  const Longs strides =
      int_inputs(op, {.attr = "strides", .tensor = "StridesTensor", .list = "StridesTensorList"});
  check(axes.size() == starts.size() && axes.size() == ends.size() && axes.size() == strides.size(),
        "{}: has {} axes, {} starts, {} ends and {} strides; give as many of each",
        op.label(),
        axes.size(),
        starts.size(),
        ends.size(),
        strides.size());
  std::vector<Walk> walks;
  for (int64_t dim : input.dims()) {
    walks.push_back({.size = dim});
  }
  for (size_t k = 0; k < axes.size(); ++k) {
    const int axis = normalize_axis(op.label(), input, axes[k]);
    check(strides[k] != 0, "{}: strides[{}] is 0; use another step", op.label(), k);
    Walk& walk = walks[static_cast<size_t>(axis)];
    if (has_unknown({starts[k], ends[k], strides[k]}) || input[axis] < 0) {
      walk.size = -1;
    } else if (input[axis] > 0) {
      walk = walk_of(starts[k], ends[k], strides[k], input[axis]);
    }
  }
  return walks;
}

void infer(InferContext& op) {
  const Shape& input = op.shape("Input");
  std::vector<int> dropped_axes;
  for (const int32_t axis : op.attr<Ints>("decrease_axis")) {
    dropped_axes.push_back(normalize_axis(op.where(), input, axis));
  }
  infer_walks(op, walks_of(op.op(), input), dropped_axes);
}

void infer_grad(InferContext& op) {
  op.set_output("Input@GRAD", op.shape("Input"), op.dtype("Input"));
}

void forward(const KernelContext& op) {
  const Tensor& input = op.input("Input");
  gather_strided(
      op, input, walked(input.shape(), walks_of(op.op(), input.shape())), op.output("Out"));
}

void backward(const KernelContext& op) {
  const Tensor dx = op.output("Input@GRAD");
  const StridedView view = walked(dx.shape(), walks_of(op.op(), dx.shape()));
  scatter_strided(op, op.input("Out@GRAD"), view, dx);
}

}  // namespace

void register_strided_slice(OpRegistry& registry) {
  const std::vector<AttrDef> attrs = {
      {.name = "axes", .default_value = Ints{}, .is_required = true},
      {"starts", Ints{}},
      {"ends", Ints{}},
      {"strides", Ints{}},
      {"infer_flags", Ints{}},
      {"decrease_axis", Ints{}}};
  registry.add({.type = "strided_slice",
                .inputs = {{"Input"},
                           {.name = "StartsTensor", .is_optional = true},
                           {.name = "StartsTensorList", .is_optional = true, .is_list = true},
                           {.name = "EndsTensor", .is_optional = true},
                           {.name = "EndsTensorList", .is_optional = true, .is_list = true},
                           {.name = "StridesTensor", .is_optional = true},
                           {.name = "StridesTensorList", .is_optional = true, .is_list = true}},
                .outputs = {{"Out"}},
                .attrs = attrs,
                .infer = infer,
                .forward = forward,
                .gradient =
                    [](GradientContext& op) {
                      op.append_grad_op({.inputs = {"Input",
                                                    "StartsTensor",
                                                    "StartsTensorList",
                                                    "EndsTensor",
                                                    "EndsTensorList",
                                                    "StridesTensor",
                                                    "StridesTensorList"},
                                         .outputs = {},
                                         .output_grads = {"Out"},
                                         .input_grads = {"Input"}});
                    },
                .quant = {.inputs = {"Input"},
                          .outputs = {"Out"},
                          .in_activation_pass = true,
                          .output_sign = OutputSign::AsInputs}});
  registry.add({.type = "strided_slice_grad",
                .inputs = {{"Input"},
                           {.name = "StartsTensor", .is_optional = true},
                           {.name = "StartsTensorList", .is_optional = true, .is_list = true},
                           {.name = "EndsTensor", .is_optional = true},
                           {.name = "EndsTensorList", .is_optional = true, .is_list = true},
                           {.name = "StridesTensor", .is_optional = true},
                           {.name = "StridesTensorList", .is_optional = true, .is_list = true},
                           {"Out@GRAD"}},
                .outputs = {{"Input@GRAD"}},
                .attrs = attrs,
                .infer = infer_grad,
                .forward = backward,
                .gradient = {}});
}

}  // namespace intact
