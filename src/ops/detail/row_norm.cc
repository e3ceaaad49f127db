#include "ops/detail/row_norm.h"

#include "base/check.h"
#include "intact/ir/gradient_context.h"
#include "tensor/dispatch.h"

namespace intact {
namespace {

template <class T>
const T* input_or_null(const KernelContext& op, const std::string& slot) {
  return op.has_input(slot) ? op.input(slot).data<T>() : nullptr;
}

template <class T>
T* output_or_null(const KernelContext& op, const std::string& slot) {
  return op.has_output(slot) ? op.output(slot).data<T>() : nullptr;
}

}  // namespace

void row_norm_forward(const KernelContext& op, const RowNorm& norm, const RowNormSlots& slots) {
  dispatch_float(op.input("X").dtype(), op.where(), [&]<class T>(T) {
    norm.forward<T>({.x = op.input("X").data<T>(),
                     .scale = input_or_null<T>(op, "Scale"),
                     .bias = input_or_null<T>(op, "Bias"),
                     .y = op.output("Y").data<T>(),
                     .mean = output_or_null<T>(op, slots.mean),
                     .saved = output_or_null<T>(op, slots.saved)});
  });
}

void row_norm_backward(const KernelContext& op, const RowNorm& norm) {
  dispatch_float(op.input("X").dtype(), op.where(), [&]<class T>(T) {
    norm.backward<T>({.x = op.input("X").data<T>(),
                      .dy = op.input("Y@GRAD").data<T>(),
                      .scale = input_or_null<T>(op, "Scale"),
                      .dx = output_or_null<T>(op, "X@GRAD"),
                      .dscale = output_or_null<T>(op, "Scale@GRAD"),
                      .dbias = output_or_null<T>(op, "Bias@GRAD")});
  });
}

void infer_row_norm_grad(InferContext& op) {
  op.set_output("X@GRAD", op.shape("X"), op.dtype("X"));
  for (const std::string slot : {"Scale", "Bias"}) {
    if (op.has_input(slot)) {
      op.set_output(grad_name(slot), op.shape(slot), op.dtype(slot));
    }
  }
}

void check_scale_and_bias(const InferContext& op, int64_t size) {
  for (const char* slot : {"Scale", "Bias"}) {
    if (!op.has_input(slot)) {
      continue;
    }
    const int64_t count = op.shape(slot).numel();
    check(size < 0 || count < 0 || count == size,
          "{}: {} is {} but X {} needs {} values; give as many",
          op.where(),
          slot,
          op.shape(slot).to_string(),
          op.shape("X").to_string(),
          size);
    check(op.dtype(slot) == op.dtype("X"),
          "{}: {} is {} but X is {}; cast one of them",
          op.where(),
          slot,
          to_string(op.dtype(slot)),
          to_string(op.dtype("X")));
  }
}

}  // namespace intact
