// Out = X repeated to `shape`, aligned at the last axis; -1 keeps X's dimension. The gradient sums
// over the repeats.
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

/// Strides that walk X while walking Out: 0 along repeated axes.
std::vector<int64_t> repeating_strides(const Shape& x, const Shape& out) {
  std::vector<int64_t> strides = strides_of(x);
  for (int axis = 0; axis < x.rank(); ++axis) {
    strides[static_cast<size_t>(axis)] *= x[axis] == 1 ? 0 : 1;
  }
  strides.insert(strides.begin(), static_cast<size_t>(out.rank() - x.rank()), 0);
  return strides;
}

void forward(const KernelContext& op) {
  const Tensor& x = op.input("X");
  Tensor out = op.output("Out");
  dispatch_all(x.dtype(), op.where(), [&]<class T>(T) {
    for_each_strided(
        out.shape(), repeating_strides(x.shape(), out.shape()), 0, [&](int64_t i, int64_t offset) {
          out.data<T>()[i] = x.data<T>()[offset];
        });
  });
}

void backward(const KernelContext& op) {
  const Tensor& dout = op.input("Out@GRAD");
  Tensor dx = op.output("X@GRAD");
  dispatch_float(dout.dtype(), op.where(), [&]<class T>(T) {
    std::vector<double> sums(static_cast<size_t>(dx.numel()), 0);
    for_each_strided(
        dout.shape(),
        repeating_strides(dx.shape(), dout.shape()),
        0,
        [&](int64_t i, int64_t offset) { sums[static_cast<size_t>(offset)] += dout.data<T>()[i]; });
    std::transform(
        sums.begin(), sums.end(), dx.data<T>(), [](double sum) { return static_cast<T>(sum); });
  });
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
