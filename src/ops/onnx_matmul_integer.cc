// onnx_matmul_integer: Y = (A - AZeroPoint) * (B - BZeroPoint) over the last two dimensions, the
// others broadcast, int32. onnx_qlinear_matmul: the same sums requantized to the codes of Y.
// Source: ONNX MatMulInteger-10, QLinearMatMul-10; steps and zero points per column of B only.
#include "base/check.h"
#include "intact/ir/op_registry.h"
#include "ops/detail/broadcast.h"
#include "ops/detail/gemm.h"
#include "ops/detail/onnx_codes.h"

namespace intact {
namespace {

Shape batch_of(const Shape& shape) {
  return Shape(std::vector<int64_t>(shape.dims().begin(), shape.dims().end() - 2));
}

Shape output_shape(InferContext& op) {
  check_codes(op, "A");
  check_codes(op, "B");
  const Shape& a = op.shape("A");
  const Shape& b = op.shape("B");
  check(a.rank() >= 2 && b.rank() >= 2,
        "{}: A is {} and B {}; give each at least two dimensions",
        op.where(),
        a.to_string(),
        b.to_string());
  check(a[-1] < 0 || b[-2] < 0 || a[-1] == b[-2],
        "{}: A {} has {} columns but B {} has {} rows; make them equal",
        op.where(),
        a.to_string(),
        a[-1],
        b.to_string(),
        b[-2]);
  check_per_channel(op, "AZeroPoint", op.dtype("A"), 1);
  check_per_channel(op, "BZeroPoint", op.dtype("B"), b[-1]);
  std::vector<int64_t> dims = Broadcast(op.where(), batch_of(a), batch_of(b), -1).output().dims();
  dims.push_back(a[-2]);
  dims.push_back(b[-1]);
  return Shape(std::move(dims));
}

void infer_integer(InferContext& op) {
  op.set_output("Y", output_shape(op), DType::Int32);
}

void infer_qlinear(InferContext& op) {
  const Shape y = output_shape(op);
  check_codes(op, "YZeroPoint");
  check_per_channel(op, "AStep", DType::Float32, 1);
  check_per_channel(op, "BStep", DType::Float32, y[-1]);
  check_per_channel(op, "YStep", DType::Float32, 1);
  check_per_channel(op, "YZeroPoint", op.dtype("YZeroPoint"), 1);
  op.set_output("Y", y, op.dtype("YZeroPoint"));
}

Tensor sums_of(const KernelContext& op) {
  const Tensor a = centered(op, "A", "AZeroPoint", -1);
  const Tensor b = centered(op, "B", "BZeroPoint", -1);
  Tensor sums(DType::Float64, op.output("Y").shape());
  const int64_t rows = a.shape()[-2];
  const int64_t inner = a.shape()[-1];
  const int64_t columns = b.shape()[-1];
  const Broadcast batch(op.where(), batch_of(a.shape()), batch_of(b.shape()), -1);
  batch.for_each([&](int64_t o, int64_t i, int64_t j) {
    add_product(row_major(a.data<double>() + i * rows * inner, rows, inner),
                row_major(b.data<double>() + j * inner * columns, inner, columns),
                sums.data<double>() + o * rows * columns);
  });
  return sums;
}

void forward_integer(const KernelContext& op) {
  store_sums(sums_of(op), op.output("Y"));
}

void forward_qlinear(const KernelContext& op) {
  requantize_sums(
      op, sums_of(op), {.x_step = "AStep", .w_step = "BStep", .axis = -1}, op.output("Y"));
}

}  // namespace

void register_onnx_matmul_integer(OpRegistry& registry) {
  registry.add({.type = "onnx_matmul_integer",
                .inputs = {{"A"},
                           {"B"},
                           {.name = "AZeroPoint", .is_optional = true},
                           {.name = "BZeroPoint", .is_optional = true}},
                .outputs = {{"Y"}},
                .attrs = {},
                .infer = infer_integer,
                .forward = forward_integer,
                .gradient = {},
                .onnx = {.type = "MatMulInteger", .attrs = {}}});
  registry.add({.type = "onnx_qlinear_matmul",
                .inputs = {{"A"},
                           {"AStep"},
                           {"AZeroPoint"},
                           {"B"},
                           {"BStep"},
                           {"BZeroPoint"},
                           {"YStep"},
                           {"YZeroPoint"}},
                .outputs = {{"Y"}},
                .attrs = {},
                .infer = infer_qlinear,
                .forward = forward_qlinear,
                .gradient = {},
                .onnx = {.type = "QLinearMatMul", .attrs = {}}});
}

}  // namespace intact
