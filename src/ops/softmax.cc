// Out = exp(X - max X) / sum exp(X - max X), along axis.
#include <algorithm>
#include <cmath>
#include <limits>

#include "base/parallel.h"
#include "intact/ir/gradient_context.h"
#include "intact/ir/infer_context.h"
#include "intact/ir/kernel_context.h"
#include "intact/ir/op_registry.h"
#include "ops/detail/lines.h"
#include "tensor/dispatch.h"

namespace intact {
namespace {

void infer(InferContext& op) {
  normalize_axis(op.where(), op.shape("X"), op.attr<int32_t>("axis"));
  op.set_output("Out", op.shape("X"), op.dtype("X"));
}

void infer_grad(InferContext& op) {
  op.set_output("X@GRAD", op.shape("Out"), op.dtype("Out"));
}

Lines lines_of(const KernelContext& op, const Shape& shape) {
  return {shape, normalize_axis(op.where(), shape, op.attr<int32_t>("axis"))};
}

void forward(const KernelContext& op) {
  const Tensor& x = op.input("X");
  const Lines lines = lines_of(op, x.shape());
  dispatch_float(x.dtype(), op.where(), [&]<class T>(T) {
    parallel_for(lines.count, [&](int64_t line) {
      const T* in = x.data<T>() + lines.start(line);
      T* out = op.output("Out").data<T>() + lines.start(line);
      double largest = -std::numeric_limits<double>::infinity();
      for (int64_t k = 0; k < lines.size; ++k) {
        largest = std::max<double>(largest, in[k * lines.stride]);
      }
      double sum = 0;
      for (int64_t k = 0; k < lines.size; ++k) {
        sum += std::exp(in[k * lines.stride] - largest);
      }
      for (int64_t k = 0; k < lines.size; ++k) {
        out[k * lines.stride] = static_cast<T>(std::exp(in[k * lines.stride] - largest) / sum);
      }
    });
  });
}

/// dX = Out * (dOut - sum(Out * dOut)).
void backward(const KernelContext& op) {
  const Tensor& out = op.input("Out");
  const Lines lines = lines_of(op, out.shape());
  dispatch_float(out.dtype(), op.where(), [&]<class T>(T) {
    parallel_for(lines.count, [&](int64_t line) {
      const T* y = out.data<T>() + lines.start(line);
      const T* dy = op.input("Out@GRAD").data<T>() + lines.start(line);
      T* dx = op.output("X@GRAD").data<T>() + lines.start(line);
      double dot = 0;
      for (int64_t k = 0; k < lines.size; ++k) {
        dot += static_cast<double>(y[k * lines.stride]) * dy[k * lines.stride];
      }
      for (int64_t k = 0; k < lines.size; ++k) {
        dx[k * lines.stride] = static_cast<T>(y[k * lines.stride] * (dy[k * lines.stride] - dot));
      }
    });
  });
}

}  // namespace

void register_softmax(OpRegistry& registry) {
  const std::vector<AttrDef> attrs = {
      {"axis", int32_t{-1}},
      {.name = "is_test", .default_value = false, .is_extra = true},
      {.name = "use_cudnn", .default_value = true, .is_extra = true}};
  registry.add(
      {.type = "softmax",
       .inputs = {{"X"}},
       .outputs = {{"Out"}},
       .attrs = attrs,
       .infer = infer,
       .forward = forward,
       .gradient =
           [](GradientContext& op) {
             op.append_grad_op(
                 {.inputs = {}, .outputs = {"Out"}, .output_grads = {"Out"}, .input_grads = {"X"}});
           },
       .quant = {.inputs = {"X"},
                 .outputs = {"Out"},
                 .in_activation_pass = true,
                 .output_sign = OutputSign::NonNegative},
       .onnx = {.type = "Softmax", .attrs = {{"axis", "axis"}}}});
  registry.add({.type = "softmax_grad",
                .inputs = {{"Out"}, {"Out@GRAD"}},
                .outputs = {{"X@GRAD"}},
                .attrs = attrs,
                .infer = infer_grad,
                .forward = backward,
                .gradient = {}});
}

}  // namespace intact
