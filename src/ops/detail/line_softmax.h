#pragma once

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/parallel.h"
#include "intact/ir/infer_context.h"
#include "intact/ir/kernel_context.h"
#include "ops/detail/lines.h"
#include "tensor/dispatch.h"

namespace intact {

// softmax and log_softmax differ in one formula each way; the walk along `axis` is here.

inline void infer_line_op(InferContext& op) {
  normalize_axis(op.where(), op.shape("X"), op.attr<int32_t>("axis"));
  op.set_output("Out", op.shape("X"), op.dtype("X"));
}

inline void infer_line_op_grad(InferContext& op) {
  op.set_output("X@GRAD", op.shape("Out"), op.dtype("Out"));
}

/// body(first element of the line in each tensor..., stride, size) for every line along axis.
template <class T, class Body, class... Data>
void for_each_line(const KernelContext& op, const Shape& shape, const Body& body, Data*... data) {
  const Lines lines(shape, normalize_axis(op.where(), shape, op.attr<int32_t>("axis")));
  parallel_for(lines.count,
               [&](int64_t line) { body(data + lines.start(line)..., lines.stride, lines.size); });
}

/// Out = value(X - max X, sum of exp(X - max X)).
template <class Value>
void softmax_forward(const KernelContext& op, const Value& value) {
  const Tensor& x = op.input("X");
  Tensor y = op.output("Out");
  dispatch_float(x.dtype(), op.where(), [&]<class T>(T) {
    const auto line = [&](const T* in, T* out, int64_t stride, int64_t size) {
      double largest = -std::numeric_limits<double>::infinity();
      for (int64_t k = 0; k < size; ++k) {
        largest = std::max<double>(largest, in[k * stride]);
      }
      double sum = 0;
      for (int64_t k = 0; k < size; ++k) {
        sum += std::exp(in[k * stride] - largest);
      }
      for (int64_t k = 0; k < size; ++k) {
        out[k * stride] = static_cast<T>(value(in[k * stride], largest, sum));
      }
    };
    for_each_line<T>(op, x.shape(), line, x.data<T>(), y.data<T>());
  });
}

/// dX = value(Out, dOut, sum of term(Out, dOut)).
template <class Term, class Value>
void softmax_backward(const KernelContext& op, const Term& term, const Value& value) {
  const Tensor& y = op.input("Out");
  const Tensor& dy = op.input("Out@GRAD");
  Tensor dx = op.output("X@GRAD");
  dispatch_float(y.dtype(), op.where(), [&]<class T>(T) {
    const auto line = [&](const T* out, const T* dout, T* din, int64_t stride, int64_t size) {
      double sum = 0;
      for (int64_t k = 0; k < size; ++k) {
        sum += term(out[k * stride], dout[k * stride]);
      }
      for (int64_t k = 0; k < size; ++k) {
        din[k * stride] = static_cast<T>(value(out[k * stride], dout[k * stride], sum));
      }
    };
    for_each_line<T>(op, y.shape(), line, y.data<T>(), dy.data<T>(), dx.data<T>());
  });
}

}  // namespace intact
