// matmul_v2: Out = X * Y over the last two dimensions, the others broadcast. trans_x, trans_y swap
// an operand's last two dimensions. A vector X is a row, a vector Y a column; that dimension is not
// in Out. matmul is its older form: transpose_X, transpose_Y, and Out = alpha * X * Y.
#include "intact/ir/gradient_context.h"
#include "intact/ir/infer_context.h"
#include "intact/ir/kernel_context.h"
#include "intact/ir/op_registry.h"
#include "ops/detail/broadcast.h"
#include "ops/detail/gemm.h"
#include "tensor/dispatch.h"

namespace intact {
namespace {

/// One operand as a batch of matrices; rows and columns are those after the transposition.
struct Operand {
  Shape batch;
  int64_t rows = 1;
  int64_t cols = 1;
  bool is_transposed = false;

  int64_t size() const { return rows * cols; }
  template <class T>
  MatrixView<T> matrix(const T* data, int64_t index) const {
    const T* begin = data + index * size();
    return is_transposed ? row_major(begin, cols, rows).transposed() : row_major(begin, rows, cols);
  }
};

Operand operand(const Shape& shape, bool is_transposed, bool vector_is_row) {
  if (shape.rank() == 1) {
    const int64_t size = shape[0];
    return vector_is_row ? Operand{{}, 1, size, false} : Operand{{}, size, 1, false};
  }
  Operand result;
  result.batch = Shape(std::vector<int64_t>(shape.dims().begin(), shape.dims().end() - 2));
  result.rows = shape[is_transposed ? -1 : -2];
  result.cols = shape[is_transposed ? -2 : -1];
  result.is_transposed = is_transposed;
  return result;
}

struct MatMul {
  MatMul(const Op& op, const Shape& x_shape, const Shape& y_shape)
      : is_v2(!op.has_attr("transpose_X")),
        alpha(op.attr_or<float>("alpha", 1.0f)),
        x(operand(x_shape, op.attr<bool>(is_v2 ? "trans_x" : "transpose_X"), true)),
        y(operand(y_shape, op.attr<bool>(is_v2 ? "trans_y" : "transpose_Y"), false)),
        batch(op.label(), x.batch, y.batch, -1) {}

  bool is_v2;
  double alpha;
  Operand x;
  Operand y;
  Broadcast batch;

  int64_t out_size() const { return x.rows * y.cols; }
};

void infer(InferContext& op) {
  const Shape& x = op.shape("X");
  const Shape& y = op.shape("Y");
  check(x.rank() >= 1 && y.rank() >= 1,
        "{}: X is {} and Y {}; give each at least one dimension",
        op.where(),
        x.to_string(),
        y.to_string());
  check(op.op().attr_or<int32_t>("head_number", 1) == 1,
        "{}: head_number is {}; only 1 is supported, reshape X and Y instead",
        op.where(),
        op.op().attr_or<int32_t>("head_number", 1));
  const MatMul matmul(op.op(), x, y);
  check(matmul.x.cols < 0 || matmul.y.rows < 0 || matmul.x.cols == matmul.y.rows,
        "{}: X {} has {} columns but Y {} has {} rows, after the transpositions asked for; make "
        "them equal",
        op.where(),
        x.to_string(),
        matmul.x.cols,
        y.to_string(),
        matmul.y.rows);
  std::vector<int64_t> dims = matmul.batch.output().dims();
  if (x.rank() > 1) {
    dims.push_back(matmul.x.rows);
  }
  if (y.rank() > 1) {
    dims.push_back(matmul.y.cols);
  }
  if (dims.empty() && !matmul.is_v2) {
    dims.push_back(1);  // the older form has no rank 0
  }
  op.set_output("Out", Shape(dims), op.dtype("X"));
}

void infer_grad(InferContext& op) {
  op.set_output("X@GRAD", op.shape("X"), op.dtype("X"));
  op.set_output("Y@GRAD", op.shape("Y"), op.dtype("Y"));
}

template <class T>
void store(const std::vector<double>& values, double factor, Tensor tensor) {
  T* out = tensor.data<T>();
  for (size_t i = 0; i < values.size(); ++i) {
    out[i] = static_cast<T>(factor * values[i]);
  }
}

void forward(const KernelContext& op) {
  const Tensor& x = op.input("X");
  const Tensor& y = op.input("Y");
  Tensor out = op.output("Out");
  const MatMul matmul(op.op(), x.shape(), y.shape());
  dispatch_float(x.dtype(), op.where(), [&]<class T>(T) {
    std::vector<double> sum(static_cast<size_t>(out.numel()));
    matmul.batch.for_each([&](int64_t o, int64_t i, int64_t j) {
      add_product(matmul.x.matrix(x.data<T>(), i),
                  matmul.y.matrix(y.data<T>(), j),
                  sum.data() + o * matmul.out_size());
    });
    store<T>(sum, matmul.alpha, out);
  });
}

/// dX = dOut * Y^T and dY = X^T * dOut (each transposed when its operand is), summed over the
/// batches that share an operand.
void backward(const KernelContext& op) {
  const Tensor& x = op.input("X");
  const Tensor& y = op.input("Y");
  const MatMul matmul(op.op(), x.shape(), y.shape());
  dispatch_float(x.dtype(), op.where(), [&]<class T>(T) {
    const T* dout = op.input("Out@GRAD").data<T>();
    const auto dout_matrix = [&](int64_t o) {
      return row_major(dout + o * matmul.out_size(), matmul.x.rows, matmul.y.cols);
    };
    if (op.has_output("X@GRAD")) {
      std::vector<double> dx(static_cast<size_t>(x.numel()));
      matmul.batch.for_each([&](int64_t o, int64_t i, int64_t j) {
        const auto other = matmul.y.matrix(y.data<T>(), j);
        double* sum = dx.data() + i * matmul.x.size();
        if (matmul.x.is_transposed) {
          add_product(other, dout_matrix(o).transposed(), sum);
        } else {
          add_product(dout_matrix(o), other.transposed(), sum);
        }
      });
      store<T>(dx, matmul.alpha, op.output("X@GRAD"));
    }
    if (op.has_output("Y@GRAD")) {
      std::vector<double> dy(static_cast<size_t>(y.numel()));
      matmul.batch.for_each([&](int64_t o, int64_t i, int64_t j) {
        const auto other = matmul.x.matrix(x.data<T>(), i);
        double* sum = dy.data() + j * matmul.y.size();
        if (matmul.y.is_transposed) {
          add_product(dout_matrix(o).transposed(), other, sum);
        } else {
          add_product(other.transposed(), dout_matrix(o), sum);
        }
      });
      store<T>(dy, matmul.alpha, op.output("Y@GRAD"));
    }
  });
}

void register_type(OpRegistry& registry,
                   const std::string& type,
                   const std::vector<AttrDef>& attrs) {
  registry.add({.type = type,
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
  registry.add({.type = type + "_grad",
                .inputs = {{"X"}, {"Y"}, {"Out@GRAD"}},
                .outputs = {{.name = "X@GRAD", .is_optional = true},
                            {.name = "Y@GRAD", .is_optional = true}},
                .attrs = attrs,
                .infer = infer_grad,
                .forward = backward,
                .gradient = {}});
}

}  // namespace

void register_matmul(OpRegistry& registry) {
  register_type(registry, "matmul_v2", {{"trans_x", false}, {"trans_y", false}});
  register_type(registry,
                "matmul",
                {{"transpose_X", false},
                 {"transpose_Y", false},
                 {"alpha", 1.0f},
                 {"head_number", int32_t{1}}});
}

}  // namespace intact
