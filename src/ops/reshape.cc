// Ops that keep the elements and change only the shape: reshape2, flatten2,
// flatten_contiguous_range, squeeze2, unsqueeze2. XShape = [0] ++ shape of X carries the shape to
// the gradient, which needs no X.
#include <algorithm>
#include <cstring>
#include <optional>
#include <utility>

#include "base/check.h"
#include "intact/ir/gradient_context.h"
#include "intact/ir/infer_context.h"
#include "intact/ir/kernel_context.h"
#include "intact/ir/op_registry.h"
#include "ops/detail/int_inputs.h"

namespace intact {
namespace {

void set_outputs(InferContext& op, std::vector<int64_t> dims) {
  const Shape& x = op.shape("X");
  std::vector<int64_t> x_shape = {0};
  x_shape.insert(x_shape.end(), x.dims().begin(), x.dims().end());
  op.set_output("XShape", Shape(x_shape), op.dtype("X"));
  op.set_output("Out", Shape(std::move(dims)), op.dtype("X"));
}

/// axis in [0, limit), from one that may be negative.
int resolve_axis(const InferContext& op, int64_t axis, int limit) {
  const int64_t result = axis < 0 ? axis + limit : axis;
  check(result >= 0 && result < limit,
        "{}: axis {} is outside [-{},{}) for X {}; use an axis in range",
        op.where(),
        axis,
        limit,
        limit,
        op.shape("X").to_string());
  return static_cast<int>(result);
}

/// `shape` with its zeros replaced by X's dimensions; the open one stays -1, unknown ones become
/// it.
std::vector<int64_t> copy_dims(const InferContext& op, const Shape& x, const Longs& shape) {
  std::vector<int64_t> dims = shape;
  std::ranges::replace(dims, kUnknownInt, int64_t{-1});
  for (size_t i = 0; i < shape.size(); ++i) {
    check(dims[i] >= -1,
          "{}: shape [{}] holds {}; use positive sizes, 0 or -1",
          op.where(),
          fmt::join(shape, ","),
          shape[i]);
    if (shape[i] == 0) {
      const int axis = static_cast<int>(i);
      check(axis < x.rank(),
            "{}: shape [{}] copies dimension {} but X is {}; give that dimension a size",
            op.where(),
            fmt::join(shape, ","),
            axis,
            x.to_string());
      dims[i] = x[axis];
    }
  }
  return dims;
}

/// Elements per unit of the unknown dimensions; nothing when X and Out do not share those.
std::optional<std::pair<int64_t, int64_t>> known_elements(const Shape& x,
                                                          const Longs& shape,
                                                          const std::vector<int64_t>& dims) {
  std::vector<int64_t> x_known = x.dims();
  for (int axis = 0; axis < x.rank(); ++axis) {
    const auto i = static_cast<size_t>(axis);
    const bool is_copied = i < shape.size() && shape[i] == 0;
    if (x[axis] < 0 && !is_copied) {
      return std::nullopt;
    }
    x_known[i] = x[axis] < 0 ? 1 : x[axis];
  }
  std::vector<int64_t> known = dims;
  std::replace_if(
      known.begin(), known.end(), [](int64_t dim) { return dim < 0; }, 1);
  // numel() refuses products that do not fit.
  return std::pair(Shape(std::move(x_known)).numel(), Shape(std::move(known)).numel());
}

// 0 copies the dimension of X at the same place; one -1 is what remains, unknown where an unknown
// dimension of X goes into it.
void infer_reshape(InferContext& op) {
  const Shape& x = op.shape("X");
  const Longs shape =
      int_inputs(op.op(), {.attr = "shape", .tensor = "Shape", .list = "ShapeTensor"});
  std::vector<int64_t> dims = copy_dims(op, x, shape);
  if (has_unknown(shape)) {
    return set_outputs(op, std::move(dims));
  }
  const auto open = std::find(shape.begin(), shape.end(), -1);
  check(std::count(shape.begin(), shape.end(), -1) <= 1,
        "{}: shape [{}] has two -1; leave at most one dimension open",
        op.where(),
        fmt::join(shape, ","));
  if (const auto counts = known_elements(x, shape, dims)) {
    const auto [x_count, out_count] = *counts;
    const bool fits =
        open == shape.end() ? out_count == x_count : out_count > 0 && x_count % out_count == 0;
    check(fits,
          "{}: X {} has {} elements, which shape [{}] cannot hold; use a shape of as many",
          op.where(),
          x.to_string(),
          x_count,
          fmt::join(shape, ","));
    if (open != shape.end()) {
      dims[static_cast<size_t>(open - shape.begin())] = x_count / out_count;
    }
  }
  set_outputs(op, std::move(dims));
}

// Out = [d0*..*d(axis-1), the rest].
void infer_flatten2(InferContext& op) {
  const Shape& x = op.shape("X");
  const int axis = op.attr<int32_t>("axis");
  check(axis >= 0 && axis <= x.rank(),
        "{}: axis is {} but X has rank {}; use 0..rank",
        op.where(),
        axis,
        x.rank());
  set_outputs(op, {x.numel(0, axis), x.numel(axis, x.rank())});
}

void infer_flatten_range(InferContext& op) {
  const Shape& x = op.shape("X");
  if (x.rank() == 0) {
    return set_outputs(op, {1});
  }
  const int start = resolve_axis(op, op.attr<int32_t>("start_axis"), x.rank());
  const int stop = resolve_axis(op, op.attr<int32_t>("stop_axis"), x.rank());
  check(start <= stop,
        "{}: start_axis {} comes after stop_axis {}; swap them",
        op.where(),
        start,
        stop);
  std::vector<int64_t> dims(x.dims().begin(), x.dims().begin() + start);
  dims.push_back(x.numel(start, stop + 1));
  dims.insert(dims.end(), x.dims().begin() + stop + 1, x.dims().end());
  set_outputs(op, std::move(dims));
}

// Drops the named axes of size 1 (others stay, as in Paddle); all of size 1 when none is named.
void infer_squeeze(InferContext& op) {
  const Shape& x = op.shape("X");
  const Ints& axes = op.attr<Ints>("axes");
  std::vector<bool> is_named(static_cast<size_t>(x.rank()), axes.empty());
  for (int32_t axis : axes) {
    is_named[static_cast<size_t>(resolve_axis(op, axis, x.rank()))] = true;
  }
  std::vector<int64_t> dims;
  for (int axis = 0; axis < x.rank(); ++axis) {
    if (!is_named[static_cast<size_t>(axis)] || x[axis] != 1) {
      dims.push_back(x[axis]);
    }
  }
  set_outputs(op, std::move(dims));
}

// Inserts a 1 at each axis in turn.
void infer_unsqueeze(InferContext& op) {
  std::vector<int64_t> dims = op.shape("X").dims();
  const Longs axes =
      int_inputs(op.op(), {.attr = "axes", .tensor = "AxesTensor", .list = "AxesTensorList"});
  check(!has_unknown(axes),
        "{}: its axes do not follow from attributes and shapes; use the attribute axes",
        op.where());
  for (int64_t axis : axes) {
    const int position = resolve_axis(op, axis, static_cast<int>(dims.size()) + 1);
    dims.insert(dims.begin() + position, 1);
  }
  set_outputs(op, std::move(dims));
}

void infer_grad(InferContext& op) {
  const std::vector<int64_t>& x_shape = op.shape("XShape").dims();
  op.set_output("X@GRAD", Shape({x_shape.begin() + 1, x_shape.end()}), op.dtype("Out@GRAD"));
}

void copy_forward(const KernelContext& op) {
  const Tensor& x = op.input("X");
  std::memcpy(op.output("Out").raw(), x.raw(), x.size_bytes());
}

void copy_backward(const KernelContext& op) {
  const Tensor& dout = op.input("Out@GRAD");
  std::memcpy(op.output("X@GRAD").raw(), dout.raw(), dout.size_bytes());
}

struct ReshapeOp {
  std::string type;
  std::vector<SlotDef> more_inputs;
  std::vector<AttrDef> attrs;
  void (*infer)(InferContext&);
};

void add_reshape(OpRegistry& registry, const ReshapeOp& spec) {
  std::vector<SlotDef> inputs = {{"X"}};
  inputs.insert(inputs.end(), spec.more_inputs.begin(), spec.more_inputs.end());
  registry.add({.type = spec.type,
                .inputs = inputs,
                .outputs = {{"Out"}, {.name = "XShape", .is_intermediate = true}},
                .attrs = spec.attrs,
                .infer = spec.infer,
                .forward = copy_forward,
                .gradient =
                    [](GradientContext& op) {
                      op.append_grad_op({.inputs = {},
                                         .outputs = {"XShape"},
                                         .output_grads = {"Out"},
                                         .input_grads = {"X"}});
                    },
                .quant = {.inputs = {"X"},
                          .outputs = {"Out"},
                          .in_activation_pass = true,
                          .output_sign = OutputSign::AsInputs}});
  registry.add({.type = spec.type + "_grad",
                .inputs = {{"XShape"}, {"Out@GRAD"}},
                .outputs = {{"X@GRAD"}},
                .attrs = spec.attrs,
                .infer = infer_grad,
                .forward = copy_backward,
                .gradient = {}});
}

}  // namespace

void register_reshape(OpRegistry& registry) {
  add_reshape(registry,
              {.type = "reshape2",
               .more_inputs = {{.name = "Shape", .is_optional = true},
                               {.name = "ShapeTensor", .is_optional = true, .is_list = true}},
               .attrs = {{"shape", Ints{}}},
               .infer = infer_reshape});
  add_reshape(registry,
              {.type = "flatten2",
               .more_inputs = {},
               .attrs = {{"axis", int32_t{1}}},
               .infer = infer_flatten2});
  add_reshape(registry,
              {.type = "flatten_contiguous_range",
               .more_inputs = {},
               .attrs = {{"start_axis", int32_t{1}}, {"stop_axis", int32_t{1}}},
               .infer = infer_flatten_range});
  add_reshape(
      registry,
      {.type = "squeeze2", .more_inputs = {}, .attrs = {{"axes", Ints{}}}, .infer = infer_squeeze});
  add_reshape(registry,
              {.type = "unsqueeze2",
               .more_inputs = {{.name = "AxesTensor", .is_optional = true},
                               {.name = "AxesTensorList", .is_optional = true, .is_list = true}},
               .attrs = {{"axes", Ints{}}},
               .infer = infer_unsqueeze});
}

}  // namespace intact
