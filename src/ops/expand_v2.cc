// Out = X repeated to `shape`, aligned at the last axis; -1 keeps X's dimension. The gradient sums
// over the repeats.
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

void infer(InferContext& op) {
  const Shape& x = op.shape("X");
  const Longs shape =
      int_inputs(op.op(), {.attr = "shape", .tensor = "Shape", .list = "expand_shapes_tensor"});
  const int added = static_cast<int>(shape.size()) - x.rank();
  check(added >= 0,
        "{}: shape [{}] has fewer axes than X {}; name at least X's axes",
        op.where(),
        fmt::join(shape, ","),
        x.to_string());
  std::vector<int64_t> dims(shape.begin(), shape.end());
  for (int axis = 0; axis < static_cast<int>(dims.size()); ++axis) {
    int64_t& dim = dims[static_cast<size_t>(axis)];
    const int64_t from = axis < added ? 1 : x[axis - added];
    if (dim == kUnknownInt) {
      dim = -1;
      continue;
    }
    check((dim == -1 && axis >= added) || (dim >= 1 && (from == 1 || from < 0 || from == dim)),
          "{}: X {} does not repeat to shape [{}]; only dimensions of 1 repeat",
          op.where(),
          x.to_string(),
          fmt::join(shape, ","));
    dim = dim == -1 ? from : dim;
  }
  op.set_output("Out", Shape(dims), op.dtype("X"));
}

void infer_grad(InferContext& op) {
  op.set_output("X@GRAD", op.shape("X"), op.dtype("X"));
}

/// The element of X that each of Out repeats: strides are 0 along repeated axes.
StridedView repeated(const Shape& x, const Shape& out) {
  StridedView view{.shape = out, .strides = strides_of(x)};
  for (int axis = 0; axis < x.rank(); ++axis) {
    view.strides[static_cast<size_t>(axis)] *= x[axis] == 1 ? 0 : 1;
  }
  view.strides.insert(view.strides.begin(), static_cast<size_t>(out.rank() - x.rank()), 0);
  return view;
}

void forward(const KernelContext& op) {
  const Tensor& x = op.input("X");
  const Tensor out = op.output("Out");
  gather_strided(op, x, repeated(x.shape(), out.shape()), out);
}

void backward(const KernelContext& op) {
  const Tensor& dout = op.input("Out@GRAD");
  const Tensor dx = op.output("X@GRAD");
  sum_strided(op, dout, repeated(dx.shape(), dout.shape()), dx);
}

}  // namespace

void register_expand_v2(OpRegistry& registry) {
  registry.add(
      {.type = "expand_v2",
       .inputs = {{"X"},
                  {.name = "Shape", .is_optional = true},
                  {.name = "expand_shapes_tensor", .is_optional = true, .is_list = true}},
       .outputs = {{"Out"}},
       .attrs = {{"shape", Ints{}}},
       .infer = infer,
       .forward = forward,
       .gradient =
           [](GradientContext& op) {
             op.append_grad_op(
                 {.inputs = {"X"}, .outputs = {}, .output_grads = {"Out"}, .input_grads = {"X"}});
           },
       .quant = {.inputs = {"X"},
                 .outputs = {"Out"},
                 .in_activation_pass = true,
                 .output_sign = OutputSign::AsInputs}});
  registry.add({.type = "expand_v2_grad",
                .inputs = {{"X"},
                           {"Out@GRAD"},
                           {.name = "expand_shapes_tensor", .is_optional = true, .is_list = true}},
                .outputs = {{"X@GRAD"}},
                .attrs = {{"shape", Ints{}}},
                .infer = infer_grad,
                .forward = backward,
                .gradient = {}});
}

}  // namespace intact
