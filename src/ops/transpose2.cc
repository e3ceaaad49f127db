// Out's axis i is X's axis axis[i]. XShape = [0] ++ shape of X, for the gradient.
#include "base/check.h"
#include "intact/ir/gradient_context.h"
#include "intact/ir/infer_context.h"
#include "intact/ir/kernel_context.h"
#include "intact/ir/op_registry.h"
#include "ops/detail/strided.h"
#include "ops/detail/strided_copy.h"

namespace intact {
namespace {

std::vector<int> permutation(const Op& op, int rank) {
  const Ints& axis = op.attr<Ints>("axis");
  std::vector<int> result;
  std::vector<bool> is_used(static_cast<size_t>(rank), false);
  for (int32_t a : axis) {
    const int normal = a < 0 ? a + rank : a;
    const bool is_valid = normal >= 0 && normal < rank && !is_used[static_cast<size_t>(normal)];
    check(is_valid && static_cast<int>(axis.size()) == rank,
          "{}: axis [{}] is not an order of the {} axes of X; name each axis once",
          op.label(),
          fmt::join(axis, ","),
          rank);
    is_used[static_cast<size_t>(normal)] = true;
    result.push_back(normal);
  }
  check(static_cast<int>(result.size()) == rank,
        "{}: axis is empty but X has rank {}; name each axis once",
        op.label(),
        rank);
  return result;
}

void infer(InferContext& op) {
  const Shape& x = op.shape("X");
  std::vector<int64_t> dims;
  for (int axis : permutation(op.op(), x.rank())) {
    dims.push_back(x[axis]);
  }
  std::vector<int64_t> x_shape = {0};
  x_shape.insert(x_shape.end(), x.dims().begin(), x.dims().end());
  op.set_output("XShape", Shape(x_shape), op.dtype("X"));
  op.set_output("Out", Shape(dims), op.dtype("X"));
}

void infer_grad(InferContext& op) {
  const std::vector<int64_t>& x_shape = op.shape("XShape").dims();
  op.set_output("X@GRAD", Shape({x_shape.begin() + 1, x_shape.end()}), op.dtype("Out@GRAD"));
}

/// The element of X that each of Out is.
StridedView permuted(const Op& op, const Shape& x, const Shape& out) {
  const std::vector<int64_t> strides = strides_of(x);
  StridedView view{.shape = out, .strides = {}};
  for (const int axis : permutation(op, x.rank())) {
    view.strides.push_back(strides[static_cast<size_t>(axis)]);
  }
  return view;
}

void forward(const KernelContext& op) {
  const Tensor& x = op.input("X");
  const Tensor out = op.output("Out");
  gather_strided(op, x, permuted(op.op(), x.shape(), out.shape()), out);
}

void backward(const KernelContext& op) {
  const Tensor& dout = op.input("Out@GRAD");
  const Tensor dx = op.output("X@GRAD");
  scatter_strided(op, dout, permuted(op.op(), dx.shape(), dout.shape()), dx);
}

}  // namespace

void register_transpose2(OpRegistry& registry) {
  const std::vector<AttrDef> attrs = {
      {.name = "axis", .default_value = Ints{}, .is_required = true}};
  registry.add({.type = "transpose2",
                .inputs = {{"X"}},
                .outputs = {{"Out"}, {.name = "XShape", .is_intermediate = true}},
                .attrs = attrs,
                .infer = infer,
                .forward = forward,
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
                          .output_sign = OutputSign::AsInputs},
                .onnx = {.type = "Transpose", .attrs = {{"axis", "perm"}}}});
  registry.add({.type = "transpose2_grad",
                .inputs = {{"XShape"}, {"Out@GRAD"}},
                .outputs = {{"X@GRAD"}},
                .attrs = attrs,
                .infer = infer_grad,
                .forward = backward,
                .gradient = {}});
}

}  // namespace intact
