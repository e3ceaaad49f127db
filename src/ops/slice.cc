// Out = Input[..., starts[k]:ends[k], ...] along axes[k]. Negative bounds count from the end,
// bounds are clipped to the dimension; axes in decrease_axis, which must come out as 1, are
// dropped.
#include <algorithm>

#include "intact/ir/gradient_context.h"
#include "intact/ir/infer_context.h"
#include "intact/ir/kernel_context.h"
#include "intact/ir/op_registry.h"
#include "ops/detail/int_inputs.h"
#include "ops/detail/strided.h"
#include "tensor/dispatch.h"

namespace intact {
namespace {

/// The cut along one axis, within its dimension.
struct Cut {
  int64_t start = 0;
  int64_t size = 0;
};

Cut cut_of(int64_t start, int64_t end, int64_t dim) {
  const auto bound = [dim](int64_t at) {
    return std::clamp<int64_t>(at < 0 ? at + dim : at, 0, dim);
  };
  return {bound(start), std::max<int64_t>(0, bound(end) - bound(start))};
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
std::vector<Cut> cuts_of(const Op& op, const Shape& input) {
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
  std::vector<Cut> cuts;
  for (int64_t dim : input.dims()) {
    cuts.push_back({0, dim});
  }
  for (size_t k = 0; k < axes.size(); ++k) {
    const int axis = normal_axis(op, axes[k], input);
    const bool is_unknown = input[axis] < 0 || starts[k] == kUnknownInt || ends[k] == kUnknownInt;
    cuts[static_cast<size_t>(axis)] =
        is_unknown ? Cut{.size = -1} : cut_of(starts[k], ends[k], input[axis]);
  }
  return cuts;
}

void infer(InferContext& op) {
  const Shape& input = op.shape("Input");
  const std::vector<Cut> cuts = cuts_of(op.op(), input);
  std::vector<bool> is_dropped(cuts.size(), false);
  for (int32_t axis : op.attr<Ints>("decrease_axis")) {
    const auto at = static_cast<size_t>(normal_axis(op.op(), axis, input));
    check(cuts[at].size == 1 || cuts[at].size < 0,
          "{}: decrease_axis drops axis {} but it has {} elements; cut it to one",
          op.where(),
          axis,
          cuts[at].size);
    is_dropped[at] = true;
  }
  std::vector<int64_t> dims;
  for (size_t axis = 0; axis < cuts.size(); ++axis) {
    if (!is_dropped[axis]) {
      dims.push_back(cuts[axis].size);
    }
  }
  op.set_output("Out", Shape(dims), op.dtype("Input"));
}

void infer_grad(InferContext& op) {
  op.set_output("Input@GRAD", op.shape("Input"), op.dtype("Input"));
}

/// body(i, offset): element i of Out is at `offset` of Input.
template <class Body>
void for_each_element(const Op& op, const Shape& input, const Body& body) {
  const std::vector<int64_t> strides = strides_of(input);
  std::vector<int64_t> dims;
  int64_t base = 0;
  size_t axis = 0;
  for (const Cut& cut : cuts_of(op, input)) {
    dims.push_back(cut.size);
    base += cut.start * strides[axis++];
  }
  for_each_strided(Shape(dims), strides, base, body);
}

void forward(const KernelContext& op) {
  const Tensor& input = op.input("Input");
  Tensor out = op.output("Out");
  dispatch_all(input.dtype(), op.where(), [&]<class T>(T) {
    for_each_element(op.op(), input.shape(), [&](int64_t i, int64_t offset) {
      out.data<T>()[i] = input.data<T>()[offset];
    });
  });
}

void backward(const KernelContext& op) {
  const Tensor& dout = op.input("Out@GRAD");
  Tensor dx = op.output("Input@GRAD");
  dispatch_float(dout.dtype(), op.where(), [&]<class T>(T) {
    std::fill_n(dx.data<T>(), dx.numel(), T{});
    for_each_element(op.op(), dx.shape(), [&](int64_t i, int64_t offset) {
      dx.data<T>()[offset] = dout.data<T>()[i];
    });
  });
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
