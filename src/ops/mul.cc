// Out = X * Y as matrices: X is flattened to 2-D at x_num_col_dims, Y at y_num_col_dims.
// Out's shape is X's first x_num_col_dims dimensions, then Y's from y_num_col_dims on.
#include "intact/ir/gradient_context.h"
#include "intact/ir/infer_context.h"
#include "intact/ir/kernel_context.h"
#include "intact/ir/op_registry.h"
#include "ops/detail/gemm.h"
#include "ops/detail/int8_weight.h"
#include "tensor/dispatch.h"

namespace intact {
namespace {

void check_num_col_dims(const InferContext& op, const char* slot, const char* attr) {
  const int32_t dims = op.attr<int32_t>(attr);
  check(dims >= 1 && dims < op.shape(slot).rank(),
        "{}: {}={} does not split {} {}; use 1..{}",
        op.where(),
        attr,
        dims,
        slot,
        op.shape(slot).to_string(),
        op.shape(slot).rank() - 1);
}

void infer(InferContext& op) {
  check_num_col_dims(op, "X", "x_num_col_dims");
  check_num_col_dims(op, "Y", "y_num_col_dims");
  const Shape& x = op.shape("X");
  const Shape& y = op.shape("Y");
  const int32_t x_rows = op.attr<int32_t>("x_num_col_dims");
  const int32_t y_rows = op.attr<int32_t>("y_num_col_dims");
  const int64_t x_columns = x.numel(x_rows, x.rank());
  const int64_t y_columns = y.numel(0, y_rows);
  check(x_columns < 0 || y_columns < 0 || x_columns == y_columns,
        "{}: X {} has {} columns with x_num_col_dims={} but Y {} has {} rows with "
        "y_num_col_dims={}; make them equal",
        op.where(),
        x.to_string(),
        x_columns,
        x_rows,
        y.to_string(),
        y_columns,
        y_rows);
  std::vector<int64_t> dims(x.dims().begin(), x.dims().begin() + x_rows);
  dims.insert(dims.end(), y.dims().begin() + y_rows, y.dims().end());
  op.set_output("Out", Shape(dims), op.dtype("X"));
}

void infer_grad(InferContext& op) {
  op.set_output("X@GRAD", op.shape("X"), op.dtype("X"));
  op.set_output("Y@GRAD", op.shape("Y"), op.dtype("Y"));
}

template <class T>
MatrixView<T> matrix(const Tensor& tensor, int32_t split) {
  const Shape& shape = tensor.shape();
  return row_major(tensor.data<T>(), shape.numel(0, split), shape.numel(split, shape.rank()));
}

void forward(const KernelContext& op) {
  const Tensor& x = op.input("X");
  const Tensor y = weight_as(x.dtype(), op, "Y");
  dispatch_float(x.dtype(), op.where(), [&]<class T>(T) {
    product(matrix<T>(x, op.attr<int32_t>("x_num_col_dims")),
            matrix<T>(y, op.attr<int32_t>("y_num_col_dims")),
            op.output("Out").data<T>());
  });
}

void backward(const KernelContext& op) {
  dispatch_float(op.input("X").dtype(), op.where(), [&]<class T>(T) {
    const auto x = matrix<T>(op.input("X"), op.attr<int32_t>("x_num_col_dims"));
    const auto y = matrix<T>(op.input("Y"), op.attr<int32_t>("y_num_col_dims"));
    const auto dout = row_major(op.input("Out@GRAD").data<T>(), x.rows, y.cols);
    if (op.has_output("X@GRAD")) {
      product(dout, y.transposed(), op.output("X@GRAD").data<T>());
    }
    if (op.has_output("Y@GRAD")) {
      product(x.transposed(), dout, op.output("Y@GRAD").data<T>());
    }
  });
}

}  // namespace

void register_mul(OpRegistry& registry) {
  const std::vector<AttrDef> attrs = {{"x_num_col_dims", int32_t{1}},
                                      {"y_num_col_dims", int32_t{1}}};
  registry.add({.type = "mul",
                .inputs = {{"X"}, {"Y"}},
                .outputs = {{"Out"}},
                .attrs = attrs,
                .infer = infer,
                .forward = forward,
                .gradient =
                    [](GradientContext& op) {
                      op.append_grad_op({.inputs = {"X", "Y"},
                                         .outputs = {},
                                         .output_grads = {"Out"},
                                         .input_grads = {"X", "Y"}});
                    },
                .quant = {.inputs = {"X", "Y"},
                          .outputs = {"Out"},
                          .weight = "Y",
                          .weight_axis = 1,
                          .in_weight_pass = true,
                          .in_activation_pass = true}});
  registry.add({.type = "mul_grad",
                .inputs = {{"X"}, {"Y"}, {"Out@GRAD"}},
                .outputs = {{.name = "X@GRAD", .is_optional = true},
                            {.name = "Y@GRAD", .is_optional = true}},
                .attrs = attrs,
                .infer = infer_grad,
                .forward = backward,
                .gradient = {}});
}

}  // namespace intact
